// Many seeds, on all processors.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Plant } from "./plants.ts";
import type { ThreadTask, ToldRun } from "./seeds-thread.ts";

export interface SeedsOptions {
  readonly from: number;
  readonly count: number;
  readonly plant?: Plant;
  readonly threads?: number;
  /** Called for each run; true ends all. */
  readonly onRun?: (run: ToldRun) => boolean;
  /** No new seed is begun after so long. */
  readonly limitMs?: number;
}

export interface SeedsResult {
  readonly runs: number;
  readonly hours: number;
  readonly skippedHours: number;
  readonly faults: number;
  readonly faultKinds: ReadonlyMap<string, number>;
  readonly instances: number;
  readonly attempts: number;
  /** The runs that showed a violation. */
  readonly violated: readonly ToldRun[];
  readonly tookMs: number;
}

export async function runSeeds(options: SeedsOptions): Promise<SeedsResult> {
  const beganMs = performance.now();
  const kinds = new Map<string, number>();
  const violated: ToldRun[] = [];
  const sums = { runs: 0, hours: 0, skippedHours: 0, faults: 0, instances: 0, attempts: 0 };
  let next = options.from;
  let isOver = false;

  const take = (): number | undefined => {
    const isLate = performance.now() - beganMs > (options.limitMs ?? Number.POSITIVE_INFINITY);
    if (isOver || isLate || next >= options.from + options.count) return undefined;
    next += 1;
    return next - 1;
  };
  const count = (run: ToldRun): void => {
    sums.runs += 1;
    sums.hours += run.hours;
    sums.skippedHours += run.skippedHours;
    sums.faults += run.faults;
    sums.instances += run.instances;
    sums.attempts += run.attempts;
    for (const [kind, times] of run.faultKinds) kinds.set(kind, (kinds.get(kind) ?? 0) + times);
    if (run.violations.length > 0) violated.push(run);
    if (options.onRun?.(run)) isOver = true;
  };
  const thread = async (): Promise<void> => {
    const task: ThreadTask = { hours: 1, ...(options.plant ? { plant: options.plant } : {}) };
    const worker = new Worker(new URL("./seeds-thread.ts", import.meta.url), {
      workerData: task,
      // What an event makes dies with it: with room enough nearly all of it is never looked at again.
      resourceLimits: { maxYoungGenerationSizeMb: 128 },
    });
    try {
      for (let seed = take(); seed !== undefined; seed = take()) {
        worker.postMessage(seed);
        count(await answerOf(worker));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: options.threads ?? availableParallelism() }, thread));
  return { ...sums, faultKinds: kinds, violated, tookMs: performance.now() - beganMs };
}

const answerOf = (worker: Worker): Promise<ToldRun> =>
  new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off("message", hear);
      worker.off("error", fail);
    };
    const hear = (run: ToldRun): void => {
      done();
      resolve(run);
    };
    const fail = (error: unknown): void => {
      done();
      reject(error);
    };
    worker.on("message", hear);
    worker.on("error", fail);
  });
