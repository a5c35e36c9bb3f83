// The attempts of an instance's tasks as its owner holds them, and the jobs that those of asynchronous types began elsewhere.

import type { WorkflowDefinition } from "../model/definition.ts";
import { mayLeaveJob, next, submissionStartedMs, submissionsOf } from "../model/life/attempt.ts";
import type { TaskEvent, TaskLife, TaskRules } from "../model/life/task.ts";
import type { AttemptRecord } from "../store/records.ts";
import { findTaskType } from "../tasks/task-types.ts";
import type { JobAssignment } from "../wire/messages.ts";

export interface AttemptBook {
  newestOf(task: number): AttemptRecord | undefined;
  /** What a task's life must know of its job; undefined: its type is not asynchronous. */
  jobRulesOf(task: number): TaskRules["job"];
  /** Keeps what the event says of the task's newest attempt; undefined: it says nothing. */
  follow(
    task: number,
    event: TaskEvent,
    lives: { readonly before: TaskLife; readonly after: TaskLife },
    facts: { readonly nowMs: number; readonly exitCode: number | undefined },
  ): AttemptRecord | undefined;
  /** Of the newest attempt; `mustEnd`: the job is to be ended, not to be watched over. */
  jobOf(task: number, mustEnd: boolean): JobAssignment | undefined;
}

/** `loaded`: the newest of a task is last. */
export function attemptBook(
  { tasks }: Pick<WorkflowDefinition, "tasks">,
  loaded: readonly AttemptRecord[],
): AttemptBook {
  const attempts = Map.groupBy(loaded, ({ taskIndex }) => taskIndex);
  const isAsynchronous = tasks.map(({ type }) => findTaskType(type)?.isAsynchronous === true);
  const newestOf = (task: number): AttemptRecord | undefined => attempts.get(task)?.at(-1);

  return {
    newestOf,
    jobRulesOf: (task) => {
      if (!isAsynchronous[task]) return undefined;
      const sinceMs = submissionStartedMs(attempts.get(task) ?? []);
      return { isLeft: mayLeaveJob(newestOf(task)), ...(sinceMs === undefined ? {} : { sinceMs }) };
    },
    follow: (task, event, { before, after }, facts) => {
      const attempt = next(newestOf(task), event, after, {
        ...facts,
        ...(isAsynchronous[task] ? { job: { carriesOn: before.state === "submitted" && before.carriesOn } } : {}),
      });
      if (attempt === undefined) return undefined;
      const kept = { ...attempt, taskIndex: task };
      const others = (attempts.get(task) ?? []).filter((one) => one.attempt !== kept.attempt);
      attempts.set(task, [...others, kept]);
      return kept;
    },
    jobOf: (task, mustEnd) => {
      const [submission, ...earlier] = submissionsOf(attempts.get(task) ?? []);
      return submission && { submission, earlier, mustEnd };
    },
  };
}
