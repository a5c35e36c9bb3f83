import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { flowLibrary } from "./flows.ts";
import { play } from "./play.ts";
import { schemaStatements } from "./schema.ts";
import { simulate } from "./simulate.ts";

const oneTask = "workflow sim/one {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n";

const twoTasksApart = `${oneTask}\ntask b: shell {\n  after = a\n  delay = 8s\n  \`\`\`bash\n  true\n  \`\`\`\n}\n`;

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

describe("interleavings that went wrong once", () => {
  test("a worker whose session is given up before its lease is over keeps its attempt while it is heard", async () => {
    const played = await play({
      flow: oneTask,
      leaseMs: 3_000,
      tasksMs: 20_000,
      forMs: 60_000,
      story: ({ registry, witness }, at) => {
        // Long enough after the last thing that the worker had to say.
        at(10_000, () => registry.expire(witness.all()[0]?.machine ?? ""));
      },
    });
    assert.deepEqual(played.doubled, []);
    assert.deepEqual(played.instances, [{ id: 1, state: "succeeded" }]);
  });

  test("a worker that took nothing while the registry was away is given work when it is back, though it says nothing new", async () => {
    const played = await play({
      flow: twoTasksApart,
      registry: "database",
      workers: 1,
      leaseMs: 3_000,
      tasksMs: 5_000,
      forMs: 60_000,
      story: ({ registry }, at) => {
        at(8_000, () => registry.setAway(true));
        at(30_000, () => registry.setAway(false));
      },
    });
    assert.deepEqual(played.instances, [{ id: 1, state: "succeeded" }]);
  });
});
