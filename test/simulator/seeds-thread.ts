// A thread that simulates seeds until it is told to stop, with a fault planted in the code where one is named.

import { parentPort, workerData } from "node:worker_threads";
import { type Plant, plantFault } from "./plants.ts";
import type { Simulated } from "./simulate.ts";

export interface ThreadTask {
  readonly plant?: Plant;
  readonly hours: number;
}

/** A run as it is told to the main thread: what threads may send. */
export type ToldRun = Omit<Simulated, "faultKinds"> & { readonly faultKinds: readonly (readonly [string, number])[] };

const task = workerData as ThreadTask; // what seeds.ts gives
if (task.plant) plantFault(task.plant);
// Loaded only now, so that the planted fault is in it.
const { simulate } = await import("./simulate.ts");
const { schemaStatements } = await import("./schema.ts");
const { flowLibrary } = await import("./flows.ts");
const [schema, flows] = [await schemaStatements(), flowLibrary()];

parentPort?.on("message", (seed: number) => {
  void simulate({ seed, schema, flows, hours: task.hours }).then(({ faultKinds, ...run }) => {
    parentPort?.postMessage({ ...run, faultKinds: [...faultKinds] } satisfies ToldRun);
  });
});
