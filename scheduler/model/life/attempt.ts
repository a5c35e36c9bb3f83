// The life of one attempt of a task, as its record tells it.
//
//   (assigned)  → dispatched
//   (began)     → running, by its master itself (a logic task)
//   dispatched  started → running · ended → succeeded | failed | killed | lost · returned → lost
//   running     started, with its job's id → running · ended → succeeded | failed | killed | lost. Ended because its time was up: failed, whatever signal ended it.
//
// It only goes forward: what is over stays as it is.

import type { Incarnation } from "../ids.ts";
import type { AttemptState } from "../states.ts";
import type { TaskEvent, TaskLife } from "./task.ts";

/** Times are the database's, in milliseconds. */
export interface AttemptLife {
  readonly attempt: number;
  readonly state: AttemptState;
  /** Null: its master ran it. */
  readonly worker: Incarnation | null;
  readonly dispatchedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly exitCode: number | null;
  readonly reason: string | null;
  /** Of an asynchronous type: the attempt that began the submission which this one carries on, be it itself. It is the job's key. */
  readonly submission: number | null;
  /** What the other system calls the job; null: nobody has heard yet that it is there. */
  readonly job: string | null;
}

export interface AttemptFacts {
  readonly nowMs: number;
  readonly exitCode?: number | undefined;
  /** The task's type is asynchronous; `carriesOn`: the attempt takes over what the one before it left. */
  readonly job?: { readonly carriesOn: boolean } | undefined;
}

/**
 * The record of a task's newest attempt after an event that changed the task's life to `after`; undefined when the event
 * says nothing of an attempt.
 */
export function next(
  before: AttemptLife | undefined,
  event: TaskEvent,
  after: TaskLife,
  facts: AttemptFacts,
): AttemptLife | undefined {
  switch (event.kind) {
    case "assigned":
      return {
        attempt: after.attempt,
        state: "dispatched",
        worker: event.worker,
        dispatchedAtMs: facts.nowMs,
        startedAtMs: null,
        endedAtMs: null,
        exitCode: null,
        reason: null,
        submission: submissionOf(before, after.attempt, facts),
        job: null,
      };
    case "began":
      return {
        attempt: after.attempt,
        state: "running",
        worker: null,
        dispatchedAtMs: event.atMs,
        startedAtMs: event.atMs,
        endedAtMs: null,
        exitCode: null,
        reason: null,
        submission: null,
        job: null,
      };
    case "started":
      return (
        before && {
          ...before,
          state: "running",
          startedAtMs: before.startedAtMs ?? event.atMs,
          job: event.job ?? before.job,
        }
      );
    case "returned":
      return before && { ...before, state: "lost", endedAtMs: facts.nowMs, reason: "the worker did not take it" };
    case "ended":
      return before && ended(before, event, after, facts);
    case "due":
    case "refused":
    case "held":
    case "timedOut":
    case "pause":
    case "stop":
    case "resume":
    case "rerun":
    case "forceSuccess":
      return undefined;
  }
}

/** Whether something that a lost attempt began elsewhere may still run: it was the newest, or the newest has taken over from it. */
export function mayLeaveJob(newest: AttemptLife | undefined): boolean {
  if (newest === undefined || newest.submission === null) return false;
  if (newest.state === "lost") return true;
  const isUnderWay = newest.state === "dispatched" || newest.state === "running";
  return isUnderWay && newest.submission < newest.attempt;
}

/** When the newest attempt's submission was begun, be it by an attempt before it. */
export function submissionStartedMs(attempts: readonly AttemptLife[]): number | undefined {
  const submission = attempts.at(-1)?.submission;
  const of = attempts.filter((one) => one.submission === submission && one.startedAtMs !== null);
  return of[0]?.startedAtMs ?? undefined;
}

/** A task's submissions, the newest first: each by the attempt that began it, and its job where somebody heard of it. */
export function submissionsOf(
  attempts: readonly AttemptLife[],
): readonly { readonly attempt: number; readonly job?: string }[] {
  const jobs = new Map<number, string | null>();
  for (const { submission, job } of attempts.toReversed()) {
    if (submission !== null) jobs.set(submission, jobs.get(submission) ?? job);
  }
  return [...jobs].map(([attempt, job]) => (job === null ? { attempt } : { attempt, job }));
}

/** A lost attempt's job is taken over under its key; all else is a new submission. */
function submissionOf(before: AttemptLife | undefined, attempt: number, { job }: AttemptFacts): number | null {
  if (job === undefined) return null;
  return job.carriesOn && before?.state === "lost" ? (before.submission ?? attempt) : attempt;
}

function ended(
  before: AttemptLife,
  event: Extract<TaskEvent, { readonly kind: "ended" }>,
  after: TaskLife,
  { exitCode }: AttemptFacts,
): AttemptLife {
  const timedOut = event.outcome === "killed" && after.state !== "killed";
  const why = timedOut && "reason" in after ? after.reason : event.reason;
  return {
    ...before,
    state: timedOut ? "failed" : event.outcome,
    endedAtMs: event.atMs,
    exitCode: exitCode ?? null,
    reason: why ?? (timedOut ? "timed out" : null),
  };
}
