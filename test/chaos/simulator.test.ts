// Many simulated hours of faults in which nothing may be lost or doubled; and faults of our own, which must show.
// PORPOISE_SEEDS makes the run longer, PORPOISE_SEED is where it begins.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lookFor } from "../simulator/planted.ts";
import { plants } from "../simulator/plants.ts";
import { runSeeds } from "../simulator/seeds.ts";

const count = Number(process.env["PORPOISE_SEEDS"] ?? 1_000);
const from = Number(process.env["PORPOISE_SEED"] ?? 1);

test("nothing is lost and nothing runs twice in any simulated run", { timeout: 120_000 + count * 1_500 }, async (t) => {
  const result = await runSeeds({ from, count });
  const perSecond = result.hours / (result.tookMs / 1_000);
  t.diagnostic(
    `seeds ${from} to ${from + result.runs - 1}: ${result.hours.toFixed(0)} simulated hours (${result.skippedHours.toFixed(0)} idle), ` +
      `${perSecond.toFixed(2)} a second, ${result.faults} faults, ${result.instances} instances, ${result.attempts} attempts`,
  );
  assert.deepEqual(
    result.violated.map((run) => `seed ${run.seed}: ${run.violations.join("; ")}`),
    [],
  );
  assert.equal(result.runs, count);
  assert.ok(result.faults >= 20 * count, `${result.faults} faults`);
});

describe("the simulator finds what is planted, within a minute", () => {
  for (const plant of plants) {
    test(plant.name, { timeout: 240_000 }, async (t) => {
      const { runs, tookMs, wrong } = await lookFor(plant, 100, 60_000);
      t.diagnostic(`${runs} runs, ${(tookMs / 1_000).toFixed(1)} s: ${wrong[0]}`);
      assert.ok(wrong.length > 0, `${runs} runs showed nothing`);
    });
  }
});
