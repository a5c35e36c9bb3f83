// What the tasks of a simulated run bear witness of themselves: when each attempt's process lived, and how it ended.

import type { World } from "./world.ts";

export interface Witnessed {
  readonly key: string;
  readonly taskInstance: string;
  readonly attempt: number;
  readonly machine: string;
  readonly beginMs: number;
  endMs: number | undefined;
  /** Undefined while it lives; `cut`: it was killed. */
  outcome: "succeeded" | "failed" | "cut" | undefined;
}

export interface Witness {
  begin(taskInstance: string, attempt: number, machine: string): Witnessed;
  end(one: Witnessed, outcome: "succeeded" | "failed" | "cut"): void;
  all(): readonly Witnessed[];
  /** Attempts that lived beside another of their task, or twice. */
  readonly doubled: readonly string[];
}

export function witness(world: World): Witness {
  const all: Witnessed[] = [];
  const living = new Map<string, Set<Witnessed>>();
  const begun = new Set<string>();
  const doubled: string[] = [];
  return {
    begin: (taskInstance, attempt, machine) => {
      const key = `${taskInstance}#${attempt}`;
      const one: Witnessed = {
        key,
        taskInstance,
        attempt,
        machine,
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
