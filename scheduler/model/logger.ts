// What a part needs to say something to the people who run it (a pino logger is one), and how lines name what they speak of:
// alike in every process, so that one search finds all that was said of an instance, a task or an attempt.

import { splitTaskInstanceId, type TaskInstanceId, type WorkflowInstanceId } from "./ids.ts";

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Each line also has these; asked for anew, because a worker's name changes with its session. */
export function withFields(log: Logger, fields: () => object): Logger {
  return {
    debug: (more, message) => log.debug({ ...fields(), ...more }, message),
    info: (more, message) => log.info({ ...fields(), ...more }, message),
    warn: (more, message) => log.warn({ ...fields(), ...more }, message),
    error: (more, message) => log.error({ ...fields(), ...more }, message),
  };
}

export const ofTask = (
  task: TaskInstanceId,
): { readonly instance: WorkflowInstanceId | undefined; readonly task: TaskInstanceId } => ({
  instance: splitTaskInstanceId(task)?.instance,
  task,
});

export const ofAttempt = ({
  taskInstance,
  attempt,
}: {
  readonly taskInstance: TaskInstanceId;
  readonly attempt: number;
}): ReturnType<typeof ofTask> & { readonly attempt: number } => ({ ...ofTask(taskInstance), attempt });
