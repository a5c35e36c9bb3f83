// Which of the workers that have a free slot gets the next task.

import type { Incarnation } from "../model/ids.ts";

export const workerChoices = ["least_loaded", "round_robin", "random", "weighted"] as const;
/** `weighted`: at random, a worker with twice as many free slots twice as often. */
export type WorkerChoice = (typeof workerChoices)[number];

export interface Candidate {
  readonly worker: Incarnation;
  readonly slots: number;
  /** Share of its slots that are taken, below 1. */
  readonly used: number;
  /** Of its host, 0…1; as it last said. */
  readonly cpu: number;
  readonly memory: number;
}

export type Choose = (candidates: Iterable<Candidate>) => Incarnation | undefined;

/** `random`: a number from 0 up to 1. */
export function workerChoice(choice: WorkerChoice, random: () => number): Choose {
  switch (choice) {
    case "least_loaded":
      return leastLoaded;
    case "round_robin":
      return roundRobin();
    case "random":
      return (candidates) => {
        const list = [...candidates];
        return list[Math.floor(random() * list.length)]?.worker;
      };
    case "weighted":
      return (candidates) => weighted([...candidates], random());
  }
}

/** What else runs on a host counts, but less than slots: it was measured some seconds ago, slots are counted. */
const hostShare = 0.2;

function leastLoaded(candidates: Iterable<Candidate>): Incarnation | undefined {
  let best: { readonly worker: Incarnation; readonly score: number } | undefined;
  for (const { worker, used, cpu, memory } of candidates) {
    const score = used + hostShare * (cpu + memory);
    if (!best || score < best.score) best = { worker, score };
  }
  return best?.worker;
}

function roundRobin(): Choose {
  let last = "";
  return (candidates) => {
    const names = Array.from(candidates, ({ worker }) => worker).sort();
    const next = names.find((name) => name > last) ?? names[0];
    if (next !== undefined) last = next;
    return next;
  };
}

function weighted(list: readonly Candidate[], at: number): Incarnation | undefined {
  const free = list.map(({ slots, used }) => slots * (1 - used));
  let left = at * free.reduce((sum, one) => sum + one, 0);
  for (const [index, weight] of free.entries()) {
    left -= weight;
    if (left < 0) return list[index]?.worker;
  }
  return list.at(-1)?.worker;
}
