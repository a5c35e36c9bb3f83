// One attempt of one task, as a key of maps and as a name of files.

import { splitTaskInstanceId, type TaskInstanceId, taskInstanceId, type WorkflowInstanceId } from "../model/ids.ts";
import { OperationError } from "../model/operation-error.ts";

/** `<workflow instance>.<task>.<attempt>`. */
export type AttemptKey = string & { readonly brand: "AttemptKey" };

export interface AttemptId {
  readonly taskInstance: TaskInstanceId;
  readonly attempt: number;
}

export const attemptKey = ({ taskInstance, attempt }: AttemptId): AttemptKey =>
  `${taskInstance}.${attempt}` as AttemptKey;

/** Throws an `OperationError` where it is none: it came over the network and becomes part of a path. */
export function checkedKey(id: AttemptId): AttemptKey {
  if (splitTaskInstanceId(id.taskInstance) !== undefined && Number.isSafeInteger(id.attempt) && id.attempt >= 0) {
    return attemptKey(id);
  }
  throw new OperationError("invalid", `\`${id.taskInstance}\`, attempt ${id.attempt}, names no attempt`);
}

export function parseAttemptKey(text: string): AttemptId | undefined {
  const match = /^(\d{1,19}\.\d{1,6})\.(\d{1,9})$/.exec(text);
  const parts = splitTaskInstanceId(match?.[1] ?? "");
  if (parts === undefined || match?.[2] === undefined) return undefined;
  return { taskInstance: taskInstanceId(parts.instance, parts.taskIndex), attempt: Number(match[2]) };
}

export function workflowInstanceOf({ taskInstance }: AttemptId): WorkflowInstanceId {
  const parts = splitTaskInstanceId(taskInstance);
  if (parts === undefined) throw new OperationError("invalid", `\`${taskInstance}\` names no task instance`);
  return parts.instance;
}
