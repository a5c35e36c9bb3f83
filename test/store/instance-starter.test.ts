import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { instanceStarter } from "../../scheduler/store/instance-starter.ts";
import type { NewInstance } from "../../scheduler/store/instances.ts";
import { type Engine, startEngine } from "../support/engine.ts";

describe("starts that are asked for at the same time", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.master().close();
  });
  after(() => engine.close());

  const one: NewInstance = {
    workflowId: "1",
    version: 1,
    trigger: "manual",
    scheduleTimeMs: null,
    dryRun: false,
    priority: 2,
    options: { params: {} },
  };

  test("share a commit, and each gets its own instance", async () => {
    let commits = 0;
    const { database } = engine;
    const starter = instanceStarter({
      ...database,
      transact: (work) => {
        commits += 1;
        return database.transact(work);
      },
    });
    const ids = await Promise.all(Array.from({ length: 50 }, () => starter.start(one)));
    assert.equal(new Set(ids).size, 50);
    assert.equal(commits, 1);
    const commands = await database.knex("command").whereIn("workflow_instance_id", ids).count({ n: "*" }).first();
    assert.equal(Number(commands?.["n"]), 50);
  });

  test("are one instance where they have one origin", async () => {
    const starter = instanceStarter(engine.database);
    const ids = await Promise.all(Array.from({ length: 5 }, () => starter.start({ ...one, origin: "key:x" })));
    assert.equal(new Set(ids).size, 1);
  });

  test("do not fail with the one that cannot be written", async () => {
    const starter = instanceStarter(engine.database);
    const wrong = { ...one, workflowId: null as unknown as string }; // a row that the database refuses
    const [good, bad, other] = await Promise.allSettled([starter.start(one), starter.start(wrong), starter.start(one)]);
    assert.deepEqual([good.status, bad.status, other.status], ["fulfilled", "rejected", "fulfilled"]);
  });
});
