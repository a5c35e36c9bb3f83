import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../../scheduler/clock/system-clock.ts";
import { dispatcher } from "../../scheduler/master/dispatcher.ts";
import { type Inbox, inbox } from "../../scheduler/master/inbox.ts";
import { incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { Logger } from "../../scheduler/model/logger.ts";
import { takeInstances } from "../../scheduler/store/ownership.ts";
import { asTold } from "../../scheduler/store/worker-groups.ts";
import type { Assignment } from "../../scheduler/wire/messages.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const self = incarnation("master", "self");
const other = incarnation("master", "other");
const worker = incarnation("worker", "w");

describe("what a master owns", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.deploy("workflow t/one {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n");
    await engine.master().close();
  });
  after(() => engine.close());

  /** A master's inbox without a master around it; what it dispatches is kept here and goes nowhere. */
  const alone = (database = engine.database): { readonly box: Inbox; readonly dispatched: readonly Assignment[] } => {
    const dispatched: Assignment[] = [];
    const queue = dispatcher({ isAlone: () => true, isReachable: () => true, groupsOf: asTold });
    queue.setWorker(worker, {
      host: "127.0.0.1",
      port: 1,
      pid: 1,
      startedAt: "",
      cpu: 0,
      memory: 0,
      slots: 100,
      slotsUsed: 0,
      status: "ready",
      groups: ["default"],
    });
    const box = inbox({
      database,
      clock: systemClock,
      owner: self,
      dispatcher: queue,
      links: () => ({
        dispatch: (assignment) => void dispatched.push(assignment),
        settle: () => {},
        kill: () => {},
        forget: () => {},
        heardFrom: () => {},
        close: () => {},
      }),
      pools: { wait: () => {}, forget: () => {}, changed: () => {}, waitingCount: () => 0, close: () => {} },
      preparations: {
        prepare: async () => ({ ok: true, prepared: { environment: {}, secrets: [] } }),
        projectParams: async () => ({}),
      },
      onCommands: () => {},
      log: silent,
      slot: () => ({ slot: 0, slots: 1 }),
      capacity: 100,
      lostLimit: 3,
      onRest: () => {},
    });
    return { box, dispatched };
  };
  const rowOf = (id: string) => engine.database.knex("workflow_instance").where({ id }).first();
  /** Looks until the task is dispatched. */
  const begin = async ({ box, dispatched }: ReturnType<typeof alone>, id: string): Promise<void> => {
    const end = performance.now() + 5_000;
    while (!dispatched.some((one) => one.workflowInstance === id)) {
      assert.ok(performance.now() < end, `instance ${id} is not dispatched`);
      await box.look();
      await nextTurn();
    }
  };
  const forget = async (id: string): Promise<void> => {
    await engine.database.knex("command").where({ workflow_instance_id: id }).del();
    await engine.database.knex("workflow_instance").where({ id }).update({ owner: null, state: "stopped" });
  };

  test("an instance that two looks find at once has one actor, and its task one dispatch", async () => {
    const { id } = await engine.start("t/one");
    await engine.database.knex("workflow_instance").where({ id }).update({ state: "running", owner: self });
    await engine.database.knex("command").where({ workflow_instance_id: id }).del();
    const { box, dispatched } = alone();
    await Promise.all([box.compare(), box.compare(), box.compare()]);
    assert.equal(box.size(), 1);
    const saved = async (): Promise<boolean> =>
      (await engine.database.knex("task_instance").where({ workflow_instance_id: id, state: "dispatched" })).length > 0;
    const end = performance.now() + 5_000;
    while (!(await saved())) {
      assert.ok(performance.now() < end, "its task is not dispatched");
      await nextTurn();
    }
    await box.compare();
    await box.compare();
    assert.deepEqual(
      dispatched.map((one) => `${one.taskInstance}#${one.attempt}`),
      [`${id}.0#1`],
    );
    box.close();
    await forget(id);
  });

  test("a master forgets an instance that another one owns under a higher epoch, though nothing happens to it", async () => {
    const mine = alone();
    const { id } = await engine.start("t/one");
    await begin(mine, id);
    await engine.database.knex("workflow_instance").where({ id }).update({ owner: other, owner_epoch: 7 });
    await mine.box.compare();
    assert.equal(mine.box.size(), 0);
    mine.box.close();
    await forget(id);
  });

  test("an instance whose rows cannot be read fails visibly and keeps no other waiting", async () => {
    const [bad, good] = [(await engine.start("t/one")).id, (await engine.start("t/one")).id];
    await engine.database.knex("workflow_instance").where({ id: bad }).update({ options: "{" });
    const mine = alone();
    await begin(mine, good);
    const end = performance.now() + 5_000;
    while ((await rowOf(bad)).state !== "failed") {
      assert.ok(performance.now() < end, "it has not failed");
      await mine.box.look();
      await nextTurn();
    }
    const [error] = await engine.database.knex("error_command").where({ workflow_instance_id: bad }).select();
    assert.match(error.reason, /JSON/);
    mine.box.close();
    await forget(good);
  });

  test("a rerun of an instance that was given up starts no second attempt of a task that is still under way", async () => {
    const { id } = await engine.start("t/one");
    const { knex } = engine.database;
    await knex("workflow_instance").where({ id }).update({ state: "failed", given_up: 5 });
    await knex("command").where({ workflow_instance_id: id }).update({ kind: "rerun" });
    const row = { workflow_instance_id: id, task_index: 0, attempt: 1, worker };
    await knex("task_instance").insert({
      ...row,
      state: "running",
      since_at: 1,
      retries_used: 0,
      lost: 0,
      timed_out: 0,
      submitted_at: 1,
    });
    await knex("attempt").insert({ ...row, state: "running", dispatched_at: 1 });
    const mine = alone();
    const end = performance.now() + 5_000;
    while ((await rowOf(id)).state !== "running") {
      assert.ok(performance.now() < end, "it does not run again");
      await mine.box.look();
      await nextTurn();
    }
    assert.deepEqual(mine.dispatched, []);
    const event = { kind: "ended", attempt: 1, atMs: 2, outcome: "succeeded" } as const;
    mine.box.post(taskInstanceId(workflowInstanceId(id), 0), { event });
    while ((await rowOf(id)).state !== "succeeded") {
      assert.ok(performance.now() < end, "the adopted attempt's end does not end it");
      await nextTurn();
    }
    mine.box.close();
  });

  test("a report is answered when the turn it belongs to fails", { timeout: 10_000 }, async () => {
    let isBroken = false;
    const { database } = engine;
    const mine = alone({
      ...database,
      transact: (work) =>
        isBroken ? Promise.reject(new Error("Data too long for a column")) : database.transact(work),
    });
    const { id } = await engine.start("t/one");
    await begin(mine, id);
    isBroken = true;
    const isKept = await new Promise<boolean>((answer) => {
      const event = { kind: "ended", attempt: 1, atMs: 0, outcome: "succeeded" } as const;
      mine.box.post(taskInstanceId(workflowInstanceId(id), 0), { event, answer });
    });
    assert.equal(isKept, false);
    mine.box.close();
    await forget(id);
  });

  test("an instance whose command was obeyed by another master meanwhile is not taken", async () => {
    const { id } = await engine.start("t/one");
    const { knex } = engine.database;
    await knex("workflow_instance").where({ id }).update({ state: "succeeded" });
    // Between the choice of candidates and the taking, the other one obeys the command and lets the instance go.
    const meanwhile = {
      ...engine.database,
      transact: async <T>(work: Parameters<typeof engine.database.transact<T>>[0]): Promise<T> => {
        await knex("command").where({ workflow_instance_id: id }).del();
        return engine.database.transact(work);
      },
    };
    assert.deepEqual(await takeInstances(meanwhile, { owner: self, limit: 10, slot: 0, slots: 1 }), []);
    assert.equal((await rowOf(id)).owner, null);
  });

  test("a command that the master of its slot leaves lying is obeyed by any other", async () => {
    const { id } = await engine.start("t/one");
    const slots = 2;
    const notItsSlot = (Number(id) + 1) % slots;
    const take = () => takeInstances(engine.database, { owner: self, limit: 10, slot: notItsSlot, slots });
    assert.deepEqual(await take(), []);
    await engine.database.knex("command").where({ workflow_instance_id: id }).decrement("created_at", 60_000);
    assert.deepEqual(await take(), [id]);
    await forget(id);
  });
});
