// What is computed from rows, and found again whatever event was missed.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { fireDue, nextFireAt } from "../../scheduler/model/life/schedule.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const dead = incarnation("master", "dead");
const flow = (name: string, header: string, tasks: { readonly [name: string]: readonly string[] }): string =>
  `workflow t/${name} {\n${header}}\n\n${Object.entries(tasks)
    .map(([task, [script = "true", ...attributes]]) => {
      const lines = attributes.map((one) => `  ${one}\n`).join("");
      return `task ${task}: shell {\n${lines}  \`\`\`bash\n  ${script}\n  \`\`\`\n}\n`;
    })
    .join("\n")}`;

describe("faults of what nobody told", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ slots: 8 });
    await engine.deploy(flow("one", "", { a: ["true"] }));
    await engine.deploy(flow("turns", "  concurrency = serial_wait\n", { a: ["true"] }));
    await engine.request("POST", "/task-groups", { name: "single", description: "", size: 1 });
    await engine.deploy(flow("pooled", "", { a: ["true", "task_group = single"] }));
  });
  after(() => engine.close());

  const instances = () => engine.database.knex("workflow_instance");

  test("a sweep finds ownerless work whatever was missed: masters that start together take what a dead one owned", async () => {
    await engine.master().close();
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) ids.push((await engine.start("t/one")).id);
    // As if the dead one had taken them and their commands; nobody alive ever saw it.
    await instances().whereIn("id", ids).update({ owner: dead, owner_epoch: 1, state: "running" });
    await engine.database.knex("command").whereIn("workflow_instance_id", ids).del();
    const masters = await Promise.all([engine.startMaster(), engine.startMaster()]);
    for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    await masters[0].close();
    await engine.assertNothingLeft();
  });

  test("slots are rows with owners, released in the transaction of the terminal state", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push((await engine.start("t/pooled")).id);
    let looks = 0;
    for (const end = performance.now() + 30_000; performance.now() < end; looks += 1) {
      // One statement sees one moment: no task is over and has its slot.
      const leaked = await engine.database
        .knex("task_group_slot as s")
        .join("task_instance as t", (join) =>
          join.on("t.workflow_instance_id", "s.workflow_instance_id").andOn("t.task_index", "s.task_index"),
        )
        .whereIn("t.state", ["succeeded", "failed", "killed"])
        .select("s.workflow_instance_id as id");
      assert.deepEqual(leaked, []);
      const open = await instances().whereIn("id", ids).whereNull("ended_at").select("id");
      if (open.length === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(looks > 10, `looked ${looks} times`);
    for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    await engine.assertNothingLeft();
  });

  test("slots are swept: one that nobody gave back is free again, and who waits gets it", async () => {
    const { id: ended } = await engine.run("t/one");
    const leaked = { workflow_instance_id: ended, task_index: 0, task_group: "single", granted_at: 1 };
    const priorities = { pool_priority: 0, workflow_priority: 2, task_priority: 2, since_at: 1 };
    await engine.database.knex("task_group_slot").insert({ ...leaked, ...priorities });
    assert.equal((await engine.run("t/pooled")).state, "succeeded");
    await engine.assertNothingLeft();
  });

  test("the queue is swept: one whose turn has come starts though nobody said so", async () => {
    await engine.master().close();
    const [first, second] = [await engine.start("t/turns"), await engine.start("t/turns")];
    const { database } = engine;
    // The first has run and its master died before it could let the second in.
    await database.knex("command").whereIn("workflow_instance_id", [first.id, second.id]).del();
    await instances().where({ id: first.id }).update({ state: "succeeded", ended_at: database.nowMs() });
    await instances().where({ id: second.id }).update({ state: "serial_wait" });
    await engine.startMaster();
    assert.equal((await engine.over(second.id)).state, "succeeded");
  });

  test("the parent looks: a child that another master brought to its end is found though nobody said so", async () => {
    await engine.deploy(flow("child", "", { a: ["sleep 600"] }));
    await engine.deploy("workflow t/parent {\n}\n\ntask child: sub_workflow {\n  workflow = t/child\n}\n");
    const { id } = await engine.start("t/parent");
    const { tasks } = await engine.until(id, (one) => typeof one.tasks?.[0]?.childInstance === "string");
    const child = tasks?.[0]?.childInstance ?? "";
    await engine.until(child, (one) => one.tasks?.[0]?.state === "running");
    const { database } = engine;
    await instances()
      .where({ id: child })
      .update({ state: "succeeded", ended_at: database.nowMs(), owner: null })
      .increment("owner_epoch", 1);
    assert.equal((await engine.over(id)).state, "succeeded");
  });

  test("every waiting task has a reason in the API", async () => {
    await engine.request("POST", "/task-groups", { name: "none", description: "", size: 1 });
    const [holder] = [flow("holder", "", { a: ["sleep 600", "task_group = none"] })];
    await engine.deploy(holder);
    await engine.deploy(
      flow("waits", "  concurrency = serial_wait\n", {
        runs: ["sleep 600"],
        upstream: ["true", "after = runs"],
        delay: ["true", "delay = 1h"],
        retry: ["exit 1", "retries = 1 every 1h"],
        pool: ["true", "task_group = none"],
        group: ["true", "worker_group = nobody"],
      }),
    );
    const other = await engine.start("t/holder");
    await engine.until(other.id, ({ tasks }) => tasks?.[0]?.state === "running");
    const one = await engine.start("t/waits");
    const queued = await engine.start("t/waits");
    const shown = await engine.until(one.id, ({ tasks = [] }) =>
      tasks.some(({ waiting }) => waiting?.reason === "retry"),
    );
    const reasons = new Map(shown.tasks?.map((task) => [task.name, task.waiting?.reason]));
    assert.deepEqual(Object.fromEntries(reasons), {
      runs: undefined,
      upstream: "upstream",
      delay: "delay",
      retry: "retry",
      pool: "pool",
      group: "group",
    });
    const behind = await engine.until(queued.id, ({ state }) => state === "serial_wait");
    for (const { name, waiting } of behind.tasks ?? []) assert.equal(waiting?.reason, "serial", name);
    // More than there are slots for: the rest waits for a worker.
    const many = [];
    await engine.deploy(flow("long", "", { a: ["sleep 600"] }));
    for (let count = 0; count < 9; count += 1) many.push(await engine.start("t/long"));
    const last = await engine.until(many.at(-1)?.id ?? "", ({ tasks }) => tasks?.[0]?.state === "submitted");
    assert.equal(last.tasks?.[0]?.waiting?.reason, "dispatch");
    for (const { id } of [other, one, queued, ...many]) await engine.ask(id, "stop");
    for (const { id } of [other, one, queued, ...many]) await engine.over(id);
  });

  test("one function for preview and firing: what a schedule is said to do over two clock changes is what it does", async () => {
    const afterMs = Date.parse("2026-03-27T00:00:00Z");
    for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"]) {
      for (const cron of ["0 30 2 * * ?", "0 0/30 1-3 * * ?", "0 0 12 L * ?", "0 15 10 ? * 6#3"]) {
        const query = new URLSearchParams({ cron, zone, after: new Date(afterMs).toISOString(), count: "40" });
        const { body } = await engine.request("GET", `/schedules/preview?${query}`);
        const { fires } = body as { readonly fires: readonly string[] };
        const told = fires.map((fire) => Date.parse(fire));
        assert.ok(told.length > 2, `${cron} in ${zone} is said to fire ${told.length} times`);
        const schedule = { cron, zone, activeFrom: null, activeUntil: null };
        const fired: number[] = [];
        // Each time as a master meets it: a moment after it is due.
        for (let next = nextFireAt(schedule, afterMs); next !== null && fired.length < told.length; ) {
          const firing = fireDue({ ...schedule, catchUp: "last", nextFireAtMs: next }, next + 200, 60_000);
          fired.push(...firing.fireTimesMs);
          next = firing.nextFireAtMs;
        }
        assert.deepEqual(fired, told, `${cron} in ${zone}`);
      }
    }
  });
});
