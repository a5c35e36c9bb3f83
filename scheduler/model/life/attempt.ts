// The life of one attempt of a task, as its record tells it.
//
//   (assigned)  → dispatched
//   (began)     → running, by its master itself (a logic task)
//   dispatched  started → running · ended → succeeded | failed | killed | lost · returned → lost
//   running     ended → succeeded | failed | killed | lost. Ended because its time was up: failed, whatever signal ended it.
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
}

export interface AttemptFacts {
  readonly nowMs: number;
  readonly exitCode?: number | undefined;
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
      };
    case "started":
      return before && { ...before, state: "running", startedAtMs: event.atMs };
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
