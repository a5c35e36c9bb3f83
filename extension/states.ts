// What the extension needs to know of states: which are final, and how each one looks.

import type { BackfillShape, InstanceShape, TaskInstanceShape } from "../scheduler/api/contract.ts";

export type AnyState = InstanceShape["state"] | TaskInstanceShape["state"] | BackfillShape["state"];

/** A codicon and the theme's colour for it. */
export interface Look {
  readonly icon: string;
  readonly color: string;
}

const quiet = "disabledForeground";
const good = "testing.iconPassed";
const bad = "testing.iconFailed";
const busy = "charts.blue";
const attention = "charts.yellow";

const looks: Readonly<Record<AnyState, Look & { readonly over: boolean }>> = {
  submitted: { icon: "circle-outline", color: quiet, over: false },
  serial_wait: { icon: "watch", color: quiet, over: false },
  delayed: { icon: "watch", color: quiet, over: false },
  dispatched: { icon: "arrow-circle-right", color: busy, over: false },
  running: { icon: "sync~spin", color: busy, over: false },
  retry_wait: { icon: "history", color: attention, over: false },
  pausing: { icon: "debug-pause", color: attention, over: false },
  paused: { icon: "debug-pause", color: attention, over: true },
  stopping: { icon: "debug-stop", color: attention, over: false },
  stopped: { icon: "circle-slash", color: attention, over: true },
  killed: { icon: "circle-slash", color: attention, over: true },
  cancelled: { icon: "circle-slash", color: attention, over: true },
  failed: { icon: "error", color: bad, over: true },
  succeeded: { icon: "pass", color: good, over: true },
  forced_success: { icon: "pass", color: attention, over: true },
  skipped: { icon: "debug-step-over", color: quiet, over: true },
  disabled: { icon: "circle-slash", color: quiet, over: true },
};

export const lookOf = (state: AnyState): Look => looks[state];

/** True when nothing more happens to it by itself. */
export const isOver = (state: AnyState): boolean => looks[state].over;
