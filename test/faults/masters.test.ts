import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { incarnation, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { databaseRegistry } from "../../scheduler/registry/database.ts";
import { batchWriter } from "../../scheduler/store/batch-writer.ts";
import { releaseInstancesOf } from "../../scheduler/store/ownership.ts";
import type { Transition } from "../../scheduler/store/transitions.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { keptLog } from "../support/wire.ts";

const dead = incarnation("master", "dead");
const self = incarnation("master", "self");

describe("faults of masters", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ leaseMs: 1_000 });
    await engine.deploy("workflow t/one {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n");
  });
  after(() => engine.close());

  const rowOf = (id: string) => engine.database.knex("workflow_instance").where({ id }).first();

  test("a master that does not know whether its session lives takes no commands, and takes them when it knows", async () => {
    engine.registry.say("suspended");
    const { id } = await engine.start("t/one");
    await delay(300); // six looks long
    assert.equal((await rowOf(id)).owner, null);
    engine.registry.say("connected");
    assert.equal((await engine.over(id)).state, "succeeded");
  });

  test("what a rescuer that died half-way had not freed is freed by the next one", async () => {
    await engine.master().close();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await engine.start("t/one")).id);
    await engine.database.knex("workflow_instance").whereIn("id", ids).update({ owner: dead, owner_epoch: 1 });
    assert.equal(await releaseInstancesOf(engine.database, dead, 2), 2); // and then it died
    await engine.startMaster();
    for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    await engine.assertNothingLeft();
  });

  test("a commit whose answer was lost is written once more and counts once", async () => {
    await engine.master().close();
    const { id } = await engine.start("t/one");
    const { database } = engine;
    await database.knex("command").where({ workflow_instance_id: id }).del();
    await database.knex("workflow_instance").where({ id }).update({ owner: self, owner_epoch: 4 });
    let isLost = false;
    const writer = batchWriter({
      database: {
        ...database,
        transact: async (work) => {
          const result = await database.transact(work);
          if (isLost) return result;
          isLost = true;
          throw Object.assign(new Error("the server closed the connection"), { code: "PROTOCOL_CONNECTION_LOST" });
        },
      },
      owner: self,
      onTrouble: () => {},
    });
    const transition: Transition = {
      instance: workflowInstanceId(id),
      epoch: 4,
      header: {
        state: "running",
        startedAtMs: 1,
        endedAtMs: null,
        runTimes: 1,
        params: {},
        owner: self,
        eventSeq: 2,
        plan: null,
        timeoutAtMs: null,
      },
      tasks: [],
      removedTasks: [],
      attempts: [],
      events: [{ seq: 2, kind: "instance", taskIndex: null, attempt: null, state: "running", reason: null, atMs: 1 }],
      alerts: [],
      pools: [],
      children: [],
      doneCommands: [],
    };
    assert.equal(await writer.save(transition), true);
    writer.close();
    const events = await database.knex("instance_event").where({ workflow_instance_id: id }).select("seq");
    assert.deepEqual(
      events.map((event) => event.seq),
      [1, 2],
    );
    await database.knex("workflow_instance").where({ id }).update({ owner: null, state: "stopped" });
  });

  test("a host's clock that jumps a day ahead makes nobody look dead", async (t) => {
    const registries = [1, 2].map(() =>
      databaseRegistry({ knex: engine.database.knex, beatMs: 100, ttlMs: 600, log: keptLog() }),
    );
    t.after(() => Promise.all(registries.map((registry) => registry.close())));
    const [first, second] = registries;
    const data = { host: "", port: 0, pid: 1, startedAt: "", cpu: 0, memory: 0, slots: 0, slotsUsed: 0 };
    await first?.join({ kind: "worker", incarnation: self, data: { ...data, status: "ready", groups: [] } });
    const isThere = async () => (await second?.members("worker"))?.some((member) => member.incarnation === self);
    assert.equal(await isThere(), true);
    const now = Date.now;
    t.mock.method(Date, "now", () => now() + 86_400_000);
    const end = performance.now() + 1_500; // more than two leases
    while (performance.now() < end) {
      assert.equal(await isThere(), true);
      await delay(50);
    }
  });
});
