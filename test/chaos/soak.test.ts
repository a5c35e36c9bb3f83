// Two minutes of all kinds of work; `npm run soak` does it for an hour.

import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "../support/soak.ts";

const minutes = Number(process.env["PORPOISE_SOAK_MINUTES"] ?? 2);

test(`after ${minutes} minutes of work every count is right, nothing is stuck and memory is flat`, async (t) => {
  const { instances, tasks, memory } = await soak(minutes * 60_000, (line) => void (minutes > 5 && t.diagnostic(line)));
  t.diagnostic(`${instances} instances, ${tasks} tasks`);
  for (const { name, early, late, most } of memory) {
    t.diagnostic(`${name}: ${early.toFixed(0)} MB early, ${late.toFixed(0)} MB late, ${most.toFixed(0)} MB at most`);
    // A heap breathes; what leaks at this rate of work is far beyond that.
    assert.ok(late < early * 1.25 + 20, `${name} grew from ${early.toFixed(0)} to ${late.toFixed(0)} MB`);
  }
});
