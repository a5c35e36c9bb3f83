// Simulates a cluster under faults, seed by seed: `npm run simulate -- --seeds 10000`, or one seed with all that happened in it
// (`--seed 42 --notes`). `--minutes` ends it earlier, and so does SIGINT, with what there is. Exits 1 when something did not hold.

import { parseArgs } from "node:util";
import { flowLibrary } from "../test/simulator/flows.ts";
import { schemaStatements } from "../test/simulator/schema.ts";
import { runSeeds } from "../test/simulator/seeds.ts";
import { simulate } from "../test/simulator/simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    threads: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string" },
    notes: { type: "boolean", default: false },
  },
});

if (values.seed !== undefined) await one(Number(values.seed), values.notes);
else await many(Number(values.from), Number(values.seeds));

async function one(seed: number, keepNotes: boolean): Promise<void> {
  const run = await simulate({ seed, schema: await schemaStatements(), flows: flowLibrary(), keepNotes });
  for (const note of run.notes) console.log(note);
  console.error(
    `seed ${seed}: ${run.hours.toFixed(2)} simulated hours (${run.skippedHours.toFixed(2)} of them idle), ${run.faults} faults, ` +
      `${run.instances} instances, ${run.attempts} attempts, fingerprint ${run.fingerprint}`,
  );
  for (const text of run.violations) console.error(`violation: ${text}`);
  if (run.violations.length > 0) process.exitCode = 1;
}

async function many(from: number, count: number): Promise<void> {
  let isAskedToEnd = false;
  process.once("SIGINT", () => {
    isAskedToEnd = true;
  });
  const result = await runSeeds({
    from,
    count,
    ...(values.minutes === undefined ? {} : { limitMs: Number(values.minutes) * 60_000 }),
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
    onRun: (run) => {
      for (const text of run.violations) console.error(`seed ${run.seed}: ${text}`);
      return isAskedToEnd;
    },
  });
  const seconds = result.tookMs / 1_000;
  const perSecond = result.hours / seconds;
  console.log(
    `${result.runs} seeds: ${result.hours.toFixed(0)} simulated hours (${result.skippedHours.toFixed(0)} of them idle) in ${seconds.toFixed(0)} s, ` +
      `${perSecond.toFixed(2)} hours a second; ${result.faults} faults, ${result.instances} instances, ${result.attempts} attempts; ` +
      `${result.violated.length} seeds with a violation`,
  );
  const kinds = [...result.faultKinds].map(([kind, times]) => `${kind} ${times}`);
  console.log(`faults: ${kinds.join(", ")}`);
  if (result.violated.length > 0) process.exitCode = 1;
}
