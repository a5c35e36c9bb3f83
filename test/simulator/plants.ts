// Faults of our own, planted in the source while it is loaded: what the simulator must find, or its checks check nothing.

import { registerHooks } from "node:module";

export interface Plant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export const plants: readonly Plant[] = [
  {
    name: "the epoch of a write is not checked",
    file: "scheduler/store/transitions.ts",
    find: "epochs.get(transition.instance) === transition.epoch",
    put: "transition.epoch > 0 || epochs.size > 0",
  },
  {
    name: "an assignment is sent before it is saved",
    file: "scheduler/master/actor.ts",
    find: "isKept = transition === undefined ||",
    put: "for (const { task, duties } of instance.takeDuties()) perform(task, duties);\n      isKept = transition === undefined ||",
  },
  {
    name: "an end is acknowledged before it is committed",
    file: "scheduler/master/reports.ts",
    find: 'if (!isTaken) resolve("not_mine");',
    put: 'resolve(isTaken ? "kept" : "not_mine");',
  },
  {
    name: "a worker whose lease is over goes on",
    file: "scheduler/worker/leases.ts",
    find: "if (nowMs >= untilMs(attempt)) fence(attempt);",
    put: "",
  },
  {
    name: "a worker is given up as soon as the registry does",
    file: "scheduler/master/worker-links.ts",
    find: "const leaseAndKillMs = registry.leaseMs + killTimeMs;",
    put: "const leaseAndKillMs = 0;",
  },
  {
    name: "a run of a serial workflow starts beside another",
    file: "scheduler/store/serial-queue.ts",
    find: "if (before.length === 0) {\n      // Until",
    put: "if (before.length >= 0) {\n      // Until",
  },
];

/** From now on, in this thread, that file is loaded with the fault in it. Throws on loading where the place is not found. */
export function plantFault(plant: Plant): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(plant.file)) return loaded;
      const source = String(loaded.source);
      if (!source.includes(plant.find)) throw new Error(`${plant.file} does not hold \`${plant.find}\` any more`);
      return { ...loaded, source: source.replace(plant.find, () => plant.put) };
    },
  });
}
