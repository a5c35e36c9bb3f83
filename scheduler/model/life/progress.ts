// How far an instance is: which tasks may start, and what came of it when none is active any more. Holds counters, decides nothing else.

import type { WorkflowDefinition } from "../definition.ts";
import { graph, reachable } from "../graph.ts";
import type { WorkflowInstanceState } from "../states.ts";
import { isActive, type TaskLife } from "./task.ts";
import type { Outcome } from "./workflow-instance.ts";

export interface Progress {
  readonly lives: readonly (TaskLife | undefined)[];
  /** Tasks that belong to this run (start tasks and scope), by index. */
  includes(task: number): boolean;
  /** Takes a task's new state; tells which successors may start because of it. */
  set(task: number, life: TaskLife): readonly number[];
  /** Tasks whose predecessors are over and that have no state yet. */
  unborn(): readonly number[];
  isBranchSkipped(task: number): boolean;
  readonly activeCount: number;
  readonly hasFailed: boolean;
  /** How the instance ends, or undefined while a task is active. */
  outcome(state: WorkflowInstanceState): Outcome | undefined;
}

export interface ProgressShape {
  readonly definition: Pick<WorkflowDefinition, "tasks" | "edges">;
  /** Indexes of the tasks of this run; absent: all. */
  readonly included?: ReadonlySet<number> | undefined;
}

/** Starts from the given states (by task index; undefined: not started yet). */
export function trackProgress(shape: ProgressShape, start: readonly (TaskLife | undefined)[] = []): Progress {
  const count = shape.definition.tasks.length;
  const includes = (task: number): boolean => shape.included?.has(task) ?? task < count;
  const { successors, predecessors } = graph(
    count,
    shape.definition.edges.filter(([from, to]) => includes(from) && includes(to)),
  );
  const open = Int32Array.from(predecessors, (list) => list.length);
  const skipped = new Int32Array(count);
  const lives: (TaskLife | undefined)[] = new Array(count).fill(undefined);
  let active = 0;
  const withState = { failed: 0, killed: 0, paused: 0 };

  const tally = (life: TaskLife | undefined, by: 1 | -1): void => {
    if (!life) return;
    if (isActive(life)) active += by;
    if (life.state === "failed" || life.state === "killed" || life.state === "paused") withState[life.state] += by;
  };

  const set = (task: number, life: TaskLife): readonly number[] => {
    const before = lives[task];
    tally(before, -1);
    tally(life, 1);
    lives[task] = life;
    if (!letsPass(life) || (before && letsPass(before))) return [];
    const ready: number[] = [];
    for (const successor of successors[task] ?? []) {
      open[successor] = (open[successor] ?? 0) - 1;
      if (life.state === "skipped") skipped[successor] = (skipped[successor] ?? 0) + 1;
      if (open[successor] === 0 && !lives[successor]) ready.push(successor);
    }
    return ready;
  };

  const unborn = (): readonly number[] => {
    const list: number[] = [];
    for (let task = 0; task < count; task++) if (open[task] === 0 && !lives[task] && includes(task)) list.push(task);
    return list;
  };

  start.forEach((life, task) => {
    if (life) set(task, life);
  });

  return {
    lives,
    includes,
    set,
    unborn,
    isBranchSkipped: (task) => (skipped[task] ?? 0) > 0 && skipped[task] === predecessors[task]?.length,
    get activeCount() {
      return active;
    },
    get hasFailed() {
      return withState.failed > 0;
    },
    outcome: (state) => {
      if (active > 0) return undefined;
      if (state === "stopping" && (withState.killed > 0 || unborn().length > 0)) return "stopped";
      if (withState.failed > 0 || withState.killed > 0) return "failed";
      return withState.paused > 0 ? "paused" : "succeeded";
    },
  };
}

/** Whether the successors of a task in this state may start. */
const letsPass = (life: TaskLife): boolean =>
  life.state === "succeeded" ||
  life.state === "forced_success" ||
  life.state === "disabled" ||
  life.state === "skipped";

export type StartScope = "only" | "with_upstream" | "with_downstream";

/** The tasks of a run that starts from some tasks, by index; undefined: all. */
export function tasksInScope(
  definition: Pick<WorkflowDefinition, "tasks" | "edges">,
  from: readonly number[] | undefined,
  scope: StartScope,
): ReadonlySet<number> | undefined {
  if (from === undefined || from.length === 0) return undefined;
  if (scope === "only") return new Set(from);
  const { successors, predecessors } = graph(definition.tasks.length, definition.edges);
  return new Set([...from, ...reachable(scope === "with_downstream" ? successors : predecessors, from)]);
}
