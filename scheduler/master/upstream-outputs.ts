// Which outputs reach a task from those before it; each task's pool is computed once, when its predecessors are over.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { Graph } from "../model/graph.ts";
import { isActive } from "../model/life/task.ts";
import { outputsAfter, type Values } from "../model/params.ts";
import type { TaskRecord } from "../store/records.ts";

export interface UpstreamOutputs {
  of(task: number): Values;
  /** The task has changed: its pool, and those of all behind it, are not what they were. */
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

  const isOver = (task: number): boolean => {
    const record = recordOf(task);
    return record !== undefined && !isActive(record.life);
  };
  const before = (task: number) =>
    (predecessors[task] ?? []).map((one) => ({
      outputs: pools[one] ?? {},
      endedAtMs: recordOf(one)?.endedAtMs ?? 0,
    }));

  /** Those before it first: a stack, for chains are longer than calls may be deep. */
  const fill = (task: number): void => {
    const stack = [...(predecessors[task] ?? [])];
    for (let one = stack.at(-1); one !== undefined; one = stack.at(-1)) {
      const open = pools[one] || !isOver(one) ? [] : missingBefore(one);
      if (open.length > 0) {
        stack.push(...open);
        continue;
      }
      stack.pop();
      if (!pools[one] && isOver(one)) pools[one] = outputsAfter(before(one), recordOf(one)?.outputs ?? {});
    }
  };
  const missingBefore = (task: number): readonly number[] =>
    (predecessors[task] ?? []).filter((one) => !pools[one] && isOver(one));

  return {
    of: (task) => {
      if (!hasOutputs) return {};
      fill(task);
      return outputsAfter(before(task), {});
    },
    forget: (task) => {
      const stack = [task];
      for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
        pools[one] = undefined;
        // Through what has no pool nothing has reached those behind it.
        stack.push(...(successors[one] ?? []).filter((next) => pools[next] !== undefined));
      }
    },
    forgetAll: () => {
      pools.length = 0;
    },
  };
}
