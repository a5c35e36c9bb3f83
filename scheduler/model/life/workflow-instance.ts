// The life of a workflow instance.
//
//   state        event → state
//   submitted    taken → running · wait → serial_wait · stop → stopped · discard → stopped
//   serial_wait  taken, rerun, recover → running · stop → stopped
//   running      pause → pausing · stop → stopping · settled → failed | paused | succeeded
//   pausing      stop → stopping · resume → running · settled → failed | paused | succeeded
//   stopping     settled → stopped | failed | paused | succeeded
//   paused       resume → running · stop → stopping · rerun, recover → running
//   over         rerun, recover → running
//
// `settled` says that no task is active any more, and how that counts.

import type { WorkflowInstanceState } from "../states.ts";
import type { InstanceMode } from "./task.ts";

export type Outcome = "stopped" | "failed" | "paused" | "succeeded";

export type InstanceEvent =
  | { readonly kind: "taken" | "wait" | "discard" | "pause" | "stop" | "resume" | "rerun" | "recover" }
  | { readonly kind: "settled"; readonly outcome: Outcome };

export const isOver = (state: WorkflowInstanceState): boolean =>
  state === "stopped" || state === "failed" || state === "succeeded";

/** Whether a master must own an instance in this state. */
export const needsOwner = (state: WorkflowInstanceState): boolean =>
  state === "running" || state === "pausing" || state === "stopping";

/** The state after an event; the same one when the event changes nothing. */
export function next(state: WorkflowInstanceState, event: InstanceEvent): WorkflowInstanceState {
  switch (state) {
    case "submitted":
    case "serial_wait":
      if (event.kind === "taken") return "running";
      // A run that is asked for again may have had to wait for its turn.
      if (state === "serial_wait" && (event.kind === "rerun" || event.kind === "recover")) return "running";
      if (event.kind === "wait") return "serial_wait";
      return event.kind === "stop" || event.kind === "discard" ? "stopped" : state;
    case "running":
      if (event.kind === "pause") return "pausing";
      if (event.kind === "stop") return "stopping";
      return event.kind === "settled" ? event.outcome : state;
    case "pausing":
      if (event.kind === "resume") return "running";
      if (event.kind === "stop") return "stopping";
      return event.kind === "settled" ? event.outcome : state;
    case "stopping":
      return event.kind === "settled" ? event.outcome : state;
    case "paused":
      if (event.kind === "stop") return "stopping"; // what a logic task waits for is stopped first
      return event.kind === "resume" || event.kind === "rerun" || event.kind === "recover" ? "running" : state;
    case "stopped":
    case "failed":
    case "succeeded":
      return event.kind === "rerun" || event.kind === "recover" ? "running" : state;
  }
}

/** What the instance's state means for its tasks. `failureEnds`: a task failed and the strategy is `end`. */
export function modeOf(state: WorkflowInstanceState, failureEnds: boolean): InstanceMode {
  if (state === "stopping") return "stopping";
  if (failureEnds) return "ending";
  return state === "pausing" ? "pausing" : "running";
}
