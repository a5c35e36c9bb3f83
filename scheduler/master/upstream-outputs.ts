// Which outputs reach a task from those before it; each task's pool is computed once, when its predecessors are over.

import type { WorkflowDefinition } from "../model/definition.ts";
import { type Graph, topologicalOrder } from "../model/graph.ts";
import { isActive } from "../model/life/task.ts";
import { outputsAfter, type Values } from "../model/params.ts";
import type { TaskRecord } from "../store/records.ts";

export interface UpstreamOutputs {
  of(task: number): Values;
  /** The task has ended (again): its pool is not what it was. */
  forget(task: number): void;
  forgetAll(): void;
}

export function upstreamOutputs(
  definition: Pick<WorkflowDefinition, "tasks">,
  { predecessors, successors }: Graph,
  recordOf: (task: number) => TaskRecord | undefined,
): UpstreamOutputs {
  const hasOutputs = definition.tasks.some(({ outputs }) => outputs.length > 0);
  const pools: (Values | undefined)[] = [];
  let order: readonly number[] | undefined;

  const before = (task: number) =>
    (predecessors[task] ?? []).map((one) => ({
      outputs: pools[one] ?? {},
      endedAtMs: recordOf(one)?.endedAtMs ?? 0,
    }));

  return {
    of: (task) => {
      if (!hasOutputs) return {};
      order ??= topologicalOrder({ predecessors, successors }) ?? [];
      for (const one of order) {
        if (pools[one]) continue;
        const record = recordOf(one);
        if (record && !isActive(record.life)) pools[one] = outputsAfter(before(one), record.outputs);
      }
      return outputsAfter(before(task), {});
    },
    forget: (task) => {
      pools[task] = undefined;
    },
    forgetAll: () => {
      pools.length = 0;
    },
  };
}
