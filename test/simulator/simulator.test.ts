import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { flowLibrary } from "./flows.ts";
import { interleavings } from "./interleavings.ts";
import { wrongIn } from "./play.ts";
import { schemaStatements } from "./schema.ts";
import { simulate } from "./simulate.ts";

describe("the simulator", () => {
  test("the same seed is the same run, to the last event", async () => {
    const schema = await schemaStatements();
    const run = (seed: number) => simulate({ seed, schema, flows: flowLibrary() });
    const [first, again, other] = [await run(11), await run(11), await run(12)];
    assert.equal(first.fingerprint, again.fingerprint);
    assert.notEqual(first.fingerprint, other.fingerprint);
    assert.deepEqual([...first.violations, ...other.violations], []);
    assert.ok(first.hours >= 1 && first.faults >= 20, `${first.hours} hours, ${first.faults} faults`);
  });
});

describe("interleavings", () => {
  for (const { name, script } of Object.values(interleavings)) {
    test(name, async () => assert.deepEqual(await wrongIn(script), []));
  }
});
