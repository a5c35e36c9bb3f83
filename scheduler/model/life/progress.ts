// How far an instance is: which tasks may start, and what came of it when none is active any more. Holds counters, decides nothing else.

import type { TaskDefinition, WorkflowDefinition } from "../definition.ts";
import { graph } from "../graph.ts";
import type { WorkflowInstanceState } from "../states.ts";
import { type RunPlan, wholeRun } from "./run-plan.ts";
import { isActive, type TaskLife } from "./task.ts";
import type { Outcome } from "./workflow-instance.ts";

export interface Progress {
  readonly lives: readonly (TaskLife | undefined)[];
  /** Tasks that belong to this run, by index. */
  includes(task: number): boolean;
  /** Takes a task's new state; tells which successors may start because of it. */
  set(task: number, life: TaskLife): readonly number[];
  /** Tasks whose predecessors are over and that have no state yet. */
  unborn(): readonly number[];
  isReady(task: number): boolean;
  isBranchSkipped(task: number): boolean;
  /** Its failure, should it fail, is the business of the `conditions` behind it. */
  isTakenUp(task: number): boolean;
  readonly activeCount: number;
  /** A task has failed and nothing took that up. */
  readonly hasFailed: boolean;
  /** How the instance ends, or undefined while a task is active. */
  outcome(state: WorkflowInstanceState): Outcome | undefined;
}

export interface ProgressShape {
  readonly definition: {
    readonly tasks: readonly Pick<TaskDefinition, "type" | "enabled">[];
    readonly edges: WorkflowDefinition["edges"];
  };
  /** Absent: all tasks, all edges. */
  readonly plan?: RunPlan;
}

/** Starts from the given states (by task index; undefined: not started yet). */
export function trackProgress(shape: ProgressShape, start: readonly (TaskLife | undefined)[] = []): Progress {
  const { tasks } = shape.definition;
  const count = tasks.length;
  const { includes, edges } = planned(shape);
  const { successors, predecessors } = graph(count, edges);
  const acceptsFailure = tasks.map(({ type, enabled }) => type === "conditions" && enabled);
  const isTakenUp = successors.map((list) => list.length > 0 && list.every((one) => acceptsFailure[one]));
  const open = Int32Array.from(predecessors, (list) => list.length);
  const skipped = new Int32Array(count);
  const lives: (TaskLife | undefined)[] = new Array(count).fill(undefined);
  let active = 0;
  const withState = { failed: 0, killed: 0, paused: 0 };

  const tally = (task: number, life: TaskLife | undefined, by: 1 | -1): void => {
    if (!life) return;
    if (isActive(life)) active += by;
    if (life.state === "failed" && !isTakenUp[task]) withState.failed += by;
    if (life.state === "killed" || life.state === "paused") withState[life.state] += by;
  };
  const passes = (life: TaskLife | undefined, to: number): boolean =>
    life !== undefined && (letsPass(life) || (life.state === "failed" && acceptsFailure[to] === true));

  const set = (task: number, life: TaskLife): readonly number[] => {
    const before = lives[task];
    tally(task, before, -1);
    tally(task, life, 1);
    lives[task] = life;
    const ready: number[] = [];
    for (const to of successors[task] ?? []) {
      skipped[to] = (skipped[to] ?? 0) + Number(skips(life, to)) - Number(skips(before, to));
      const change = Number(passes(life, to)) - Number(passes(before, to));
      if (change === 0) continue;
      open[to] = (open[to] ?? 0) - change;
      if (open[to] === 0 && !lives[to]) ready.push(to);
    }
    return ready;
  };

  const isReady = (task: number): boolean => open[task] === 0 && !lives[task] && includes(task);

  const unborn = (): readonly number[] => {
    const list: number[] = [];
    for (let task = 0; task < count; task++) if (isReady(task)) list.push(task);
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
    isReady,
    isBranchSkipped: (task) => (skipped[task] ?? 0) > 0 && skipped[task] === predecessors[task]?.length,
    isTakenUp: (task) => isTakenUp[task] === true,
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

function planned({ definition, plan = wholeRun }: ProgressShape): {
  readonly includes: (task: number) => boolean;
  readonly edges: WorkflowDefinition["edges"];
} {
  const tasks = plan.tasks && new Set(plan.tasks);
  const cut = new Set(plan.cut.map(([from, to]) => `${from}>${to}`));
  const includes = (task: number): boolean => tasks?.has(task) ?? task < definition.tasks.length;
  if (!tasks && cut.size === 0) return { includes, edges: definition.edges };
  const edges = definition.edges.filter(
    ([from, to]) => includes(from) && includes(to) && !(cut.size > 0 && cut.has(`${from}>${to}`)),
  );
  return { includes, edges };
}

/** Whether the successors of a task in this state may start. */
const letsPass = (life: TaskLife): boolean =>
  life.state === "succeeded" ||
  life.state === "forced_success" ||
  life.state === "disabled" ||
  life.state === "skipped";

/** Whether the way from a task in this state to that successor was not taken. */
const skips = (life: TaskLife | undefined, to: number): boolean =>
  life !== undefined && (life.state === "skipped" || ("branch" in life && life.branch?.includes(to) === false));
