// Which tasks a run consists of: all, those that its start named, or those that somebody chose later inside the instance.

import type { WorkflowDefinition } from "../definition.ts";
import { type Edge, graph, reachable } from "../graph.ts";
import { isActive, type TaskLife } from "./task.ts";

export interface RunPlan {
  /** By index; null: all. Edges from and to other tasks do not count. */
  readonly tasks: readonly number[] | null;
  /** Edges that do not count either: what lies before them was over, and is not waited for. */
  readonly cut: readonly Edge[];
}

export const wholeRun: RunPlan = { tasks: null, cut: [] };

export const startScopes = ["only", "with_upstream", "with_downstream"] as const;
export type StartScope = (typeof startScopes)[number];

type Shape = Pick<WorkflowDefinition, "edges"> & { readonly tasks: readonly { readonly name: string }[] };

/** The tasks that a start with these names and scope is about; none named: all. */
export function planOfStart(
  definition: Shape,
  start: { readonly from?: readonly string[]; readonly scope?: StartScope },
): RunPlan {
  const indexes = new Map(definition.tasks.map((task, index) => [task.name, index]));
  const from = (start.from ?? []).flatMap((name) => indexes.get(name) ?? []);
  if (from.length === 0) return wholeRun;
  return { tasks: [...tasksInScope(definition, from, start.scope ?? "with_downstream")], cut: [] };
}

/** The tasks of a run that starts from some tasks, by index. */
export function tasksInScope(
  definition: { readonly tasks: readonly unknown[]; readonly edges: WorkflowDefinition["edges"] },
  from: readonly number[],
  scope: StartScope,
): ReadonlySet<number> {
  if (scope === "only") return new Set(from);
  const { successors, predecessors } = graph(definition.tasks.length, definition.edges);
  return new Set([...from, ...reachable(scope === "with_downstream" ? successors : predecessors, from)]);
}

/**
 * The plan once more tasks are to be run inside an instance. After it has ended they are all of its new run. While it goes on
 * they join those of the run; of what lies before them only what is still active is waited for.
 */
export function planWith(
  definition: Pick<WorkflowDefinition, "edges">,
  now: {
    readonly plan: RunPlan;
    readonly chosen: ReadonlySet<number>;
    readonly goesOn: boolean;
    readonly lives: readonly (TaskLife | undefined)[];
  },
): RunPlan {
  const { plan, chosen, goesOn, lives } = now;
  if (!goesOn) return { tasks: [...chosen], cut: [] };
  const isOpen = (task: number): boolean => {
    const life = lives[task];
    return life !== undefined && isActive(life);
  };
  const cut = definition.edges.filter(([from, to]) => chosen.has(to) && !chosen.has(from) && !isOpen(from));
  const kept = plan.cut.filter(([, to]) => !chosen.has(to));
  return { tasks: plan.tasks === null ? null : [...new Set([...plan.tasks, ...chosen])], cut: [...kept, ...cut] };
}
