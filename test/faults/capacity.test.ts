import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const ghost = incarnation("master", "zz");

describe("faults of load", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ slots: 1 });
    await engine.deploy("workflow t/one {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n");
  });
  after(() => engine.close());

  test("more work than slots slows it down, and all of it runs", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push((await engine.start("t/one")).id);
    for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    await engine.assertNothingLeft();
  });

  test("a living master that takes nothing keeps no instance from running", async () => {
    const data = { host: "", port: 0, pid: 1, startedAt: "", cpu: 0, memory: 0, slots: 0, slotsUsed: 0 };
    engine.registry.add({ kind: "master", incarnation: ghost, data: { ...data, status: "busy", groups: [] } });
    const ids: string[] = [];
    for (let count = 0; count < 4; count += 1) ids.push((await engine.start("t/one")).id);
    for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    engine.registry.remove(ghost);
    await engine.assertNothingLeft();
  });

  test("a parallel backfill runs no more dates at once than it may, and every date once", async () => {
    await engine.deploy("workflow t/days {\n}\n\ntask a: shell {\n  ```bash\n  sleep 0.1\n  ```\n}\n");
    const { id } = await engine.backfill("t/days", { from: "2024-01-01", to: "2024-01-07", parallel: 2 });
    const { knex } = engine.database;
    const end = performance.now() + 30_000;
    for (;;) {
      const open = await knex("workflow_instance")
        .where({ backfill_id: id })
        .whereNotIn("state", ["succeeded", "failed", "stopped"]);
      assert.ok(open.length <= 2, `${open.length} dates are under way`);
      if ((await knex("backfill").where({ id }).first("state")).state !== "running") break;
      assert.ok(performance.now() < end, "the backfill does not end");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const ran = await knex("workflow_instance").where({ backfill_id: id }).select("schedule_time", "state");
    assert.equal(ran.length, 7);
    assert.equal(new Set(ran.map((one) => Number(one.schedule_time))).size, 7);
    assert.ok(ran.every((one) => one.state === "succeeded"));
  });
});
