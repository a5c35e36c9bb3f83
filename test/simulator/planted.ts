// Looks for a planted fault: in its script, or in random runs until one shows it.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Plant } from "./plants.ts";
import { runSeeds } from "./seeds.ts";

export interface Found {
  readonly runs: number;
  readonly tookMs: number;
  /** What did not hold in the run that showed it; none: nothing showed it. */
  readonly wrong: readonly string[];
}

/** In so many runs at most, and begins none after the limit. */
export async function lookFor(plant: Plant, count: number, limitMs: number): Promise<Found> {
  if (plant.shownBy === undefined) {
    const isShown = (run: { readonly violations: readonly string[] }): boolean => run.violations.length > 0;
    const { runs, tookMs, violated } = await runSeeds({ from: 1, count, plant, limitMs, onRun: isShown });
    return { runs, tookMs, wrong: violated[0]?.violations ?? [] };
  }
  const beganMs = performance.now();
  const thread = new Worker(new URL("./script-thread.ts", import.meta.url), { workerData: plant });
  try {
    const [wrong] = await once(thread, "message");
    return { runs: 1, tookMs: performance.now() - beganMs, wrong };
  } finally {
    await thread.terminate();
  }
}
