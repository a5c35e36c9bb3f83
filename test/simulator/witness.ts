// What the tasks of a simulated run bear witness of themselves: when each attempt's process lived, and how it ended.

import type { World } from "./world.ts";

export interface Witnessed {
  readonly key: string;
  readonly taskInstance: string;
  readonly attempt: number;
  readonly machine: string;
  readonly pool: string | undefined;
  readonly beginMs: number;
  endMs: number | undefined;
  /** Undefined while it lives; `cut`: it was killed. */
  outcome: "succeeded" | "failed" | "cut" | undefined;
}

export interface Began {
  readonly taskInstance: string;
  readonly attempt: number;
  readonly machine: string;
  /** The task group it has a slot of. */
  readonly pool: string | undefined;
}

export interface Witness {
  begin(what: Began): Witnessed;
  end(one: Witnessed, outcome: "succeeded" | "failed" | "cut"): void;
  all(): readonly Witnessed[];
  /** Attempts that lived beside another of their task, or twice. */
  readonly doubled: readonly string[];
}

/** `pools`: how many of a task group may live at a time. */
export function witness(world: World, pools: { readonly [name: string]: number }): Witness {
  const all: Witnessed[] = [];
  const living = new Map<string, Set<Witnessed>>();
  const begun = new Set<string>();
  const doubled: string[] = [];
  return {
    begin: ({ taskInstance, attempt, machine, pool }) => {
      const key = `${taskInstance}#${attempt}`;
      const one: Witnessed = {
        key,
        taskInstance,
        attempt,
        machine,
        pool,
        beginMs: world.nowMs(),
        endMs: undefined,
        outcome: undefined,
      };
      const beside = living.get(taskInstance) ?? new Set();
      for (const other of beside) {
        doubled.push(`${key} began on ${machine} while ${other.key} lived on ${other.machine}`);
        world.note(`DOUBLED ${doubled.at(-1)}`);
      }
      if (begun.has(key)) {
        doubled.push(`${key} began twice`);
        world.note(`DOUBLED ${doubled.at(-1)}`);
      }
      begun.add(key);
      const most = pool === undefined ? undefined : pools[pool];
      const inPool = [...living.values()].flatMap((some) => [...some]).filter((other) => other.pool === pool);
      if (most !== undefined && inPool.length >= most) {
        doubled.push(`${key} began although ${inPool.map((other) => other.key)} filled the task group ${pool}`);
        world.note(`OVERFULL ${doubled.at(-1)}`);
      }
      beside.add(one);
      living.set(taskInstance, beside);
      all.push(one);
      world.note(`task ${key} begins on ${machine}`);
      return one;
    },
    end: (one, outcome) => {
      if (one.outcome !== undefined) return;
      one.outcome = outcome;
      one.endMs = world.nowMs();
      living.get(one.taskInstance)?.delete(one);
      world.note(`task ${one.key} ${outcome}`);
    },
    all: () => all,
    doubled,
  };
}
