// Rows as a dead master left them, and another master that takes over: cases with known answers, for every database.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import { incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { ownersOf, takeInstances } from "../../scheduler/store/ownership.ts";
import { saveTransitions, type Transition } from "../../scheduler/store/transitions.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { workflow } from "./words.ts";

const dead = incarnation("master", "dead");
const gone = incarnation("worker", "gone");

interface Left {
  readonly state: "running" | "pausing" | "stopping";
  readonly task: "submitted" | "dispatched" | "running" | "succeeded" | "failed" | "killed";
  readonly attempt?: number;
}

const told = (instance: InstanceShape): string => {
  const tasks = (instance.tasks ?? []).map(
    (task) => `${task.name} ${task.state}: ${task.attempts.map((one) => one.state).join(" ")}`,
  );
  return `${instance.state}; ${tasks.join(", ")}`.trim();
};

export function failover(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`failover on ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine({ leaseMs: 1_000, ...(database ? { database: await database() } : {}) });
      await engine.deploy("workflow t/one {\n}\n\ntask a: shell {\n  ```bash\n  echo ran\n  ```\n}\n");
      await engine.master().close();
    });
    after(() => engine?.close());
    afterEach(() => engine.master().close());

    /** An instance of one task whose owner died when it stood so. */
    const leave = async ({ state, task, attempt = 0 }: Left, workflow = "t/one"): Promise<string> => {
      const { id } = await engine.start(workflow);
      const { knex } = engine.database;
      const nowMs = engine.database.nowMs();
      await knex("command").where({ workflow_instance_id: id }).del();
      await knex("workflow_instance")
        .where({ id })
        .update({ state, owner: dead, owner_epoch: 1, started_at: nowMs, run_times: 1 });
      await knex("task_instance").insert({
        workflow_instance_id: id,
        task_index: 0,
        state: task,
        attempt,
        retries_used: 0,
        lost: 0,
        worker: task === "dispatched" || task === "running" ? gone : null,
        since_at: task === "running" ? nowMs : null,
        timed_out: 0,
        submitted_at: nowMs,
        outputs: "{}",
      });
      if (attempt > 0) {
        await knex("attempt").insert({
          workflow_instance_id: id,
          task_index: 0,
          attempt,
          state: task,
          worker: gone,
          dispatched_at: nowMs,
        });
      }
      return id;
    };

    const rescued = async (left: Left): Promise<string> => {
      const id = await leave(left);
      await engine.startMaster();
      const ended = await engine.over(id);
      await engine.assertNothingLeft();
      return told(ended);
    };

    const cases: readonly (readonly [string, Left, string])[] = [
      ["S70: a submitted task runs", { state: "running", task: "submitted" }, "succeeded; a succeeded: succeeded"],
      [
        "S71: an attempt dispatched to a worker that is gone is lost, and the next one succeeds",
        { state: "running", task: "dispatched", attempt: 1 },
        "succeeded; a succeeded: lost succeeded",
      ],
      [
        "S72: a task that has succeeded is not run again",
        { state: "running", task: "succeeded", attempt: 1 },
        "succeeded; a succeeded: succeeded",
      ],
      [
        "S73: a task that has failed fails the instance",
        { state: "running", task: "failed", attempt: 1 },
        "failed; a failed: failed",
      ],
      ["S74: a pause is obeyed by the new owner", { state: "pausing", task: "submitted" }, "paused; a paused:"],
      [
        "S75: a pause that came too late changes nothing",
        { state: "pausing", task: "succeeded", attempt: 1 },
        "succeeded; a succeeded: succeeded",
      ],
      ["S76: a stop is obeyed by the new owner", { state: "stopping", task: "submitted" }, "stopped; a killed:"],
      [
        "S77: a stop that was obeyed before the master died ends the instance",
        { state: "stopping", task: "killed", attempt: 1 },
        "stopped; a killed: killed",
      ],
    ];
    for (const [statement, left, expected] of cases) {
      test(statement, async () => assert.equal(await rescued(left), expected));
    }

    test("S78: an attempt that runs on a living worker is adopted, and its log goes on", async () => {
      const gate = path.join(engine.folder, "gate");
      await engine.deploy(
        `workflow t/adopted {\n}\n\ntask a: shell {\n  \`\`\`bash\n  echo begun\n  until [ -e ${gate} ]; do sleep 0.05; done\n  echo ended\n  \`\`\`\n}\n`,
      );
      const first = await engine.startMaster();
      const { id } = await engine.start("t/adopted");
      await engine.until(id, (one) => one.tasks?.[0]?.state === "running");
      await engine.killMaster(first);
      await writeFile(gate, "");
      await engine.startMaster();
      const ended = await engine.over(id);
      assert.equal(told(ended), "succeeded; a succeeded: succeeded");
      assert.equal(await engine.log(ended.tasks?.[0]?.id ?? ""), "begun\nended\n");
      await engine.assertNothingLeft();
    });

    test("a running attempt whose worker is gone is lost and run again after a whole lease, not before", async () => {
      const id = await leave({ state: "running", task: "running", attempt: 1 });
      await engine.startMaster();
      const began = performance.now();
      const ended = await engine.over(id);
      assert.equal(told(ended), "succeeded; a succeeded: lost succeeded");
      assert.ok(performance.now() - began >= 1_000);
    });

    test("what follows a task that ended before the master died has one attempt", async () => {
      await engine.deploy(
        "workflow t/two {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n\ntask b: shell {\n  after = a\n  ```bash\n  true\n  ```\n}\n",
      );
      const id = await leave({ state: "running", task: "succeeded", attempt: 1 }, "t/two");
      await engine.startMaster();
      assert.equal(told(await engine.over(id)), "succeeded; a succeeded: succeeded, b succeeded: succeeded");
    });

    test("an instance that nobody owns and no command speaks of is found", async () => {
      const id = await leave({ state: "running", task: "submitted" });
      await engine.database.knex("workflow_instance").where({ id }).update({ owner: null });
      await engine.startMaster();
      assert.equal((await engine.over(id)).state, "succeeded");
    });

    test("a write without the current owner epoch changes nothing", async () => {
      const id = await leave({ state: "running", task: "submitted" });
      const write = (owner: typeof dead, epoch: number): Promise<readonly boolean[]> => {
        const transition: Transition = {
          instance: workflowInstanceId(id),
          epoch,
          header: {
            state: "failed",
            startedAtMs: 0,
            endedAtMs: 0,
            runTimes: 9,
            params: {},
            owner: null,
            eventSeq: 99,
            plan: null,
            timeoutAtMs: null,
          },
          tasks: [],
          removedTasks: [],
          attempts: [],
          events: [
            { seq: 99, kind: "instance", taskIndex: null, attempt: null, state: "failed", reason: null, atMs: 0 },
          ],
          alerts: [],
          pools: [],
          children: [],
          doneCommands: [],
        };
        return saveTransitions(engine.database, owner, [transition]);
      };
      assert.deepEqual(await write(dead, 0), [false]);
      assert.deepEqual(await write(dead, 2), [false]);
      assert.deepEqual(await write(incarnation("master", "other"), 1), [false]);
      const row = await engine.database.knex("workflow_instance").where({ id }).first("state", "run_times");
      assert.equal(`${row.state} ${row.run_times}`, "running 1");
      assert.equal(
        (await engine.database.knex("instance_event").where({ workflow_instance_id: id, seq: 99 })).length,
        0,
      );
      assert.deepEqual(await write(dead, 1), [true]);
      await engine.startMaster();
    });

    test("an instance with a command is taken once, however many masters reach for it", async () => {
      const ids: string[] = [];
      for (let count = 0; count < 20; count += 1) ids.push((await engine.start("t/one")).id);
      const takers = Array.from({ length: 6 }, (_, index) => incarnation("taker", String(index)));
      const taken = await Promise.all(
        takers.map((owner) => takeInstances(engine.database, { owner, limit: 100, slot: 0, slots: 1 })),
      );
      const all = taken.flat().filter((id) => ids.includes(id));
      assert.equal(all.length, ids.length);
      assert.equal(new Set(all).size, ids.length);
      await engine.startMaster();
      for (const id of ids) assert.equal((await engine.over(id)).state, "succeeded");
    });

    test("who asks for the owner of an attempt that is not the current one is told to drop it", async () => {
      const id = await leave({ state: "running", task: "running", attempt: 2 });
      const ask = (attempt: number) =>
        ownersOf(engine.database, [{ taskInstance: taskInstanceId(workflowInstanceId(id), 0), attempt }]);
      assert.deepEqual(await ask(1), [{ kind: "drop" }]);
      assert.deepEqual(await ask(2), [{ kind: "owner", master: dead }]);
      await engine.database.knex("workflow_instance").where({ id }).update({ owner: null });
      assert.deepEqual(await ask(2), [{ kind: "none" }]);
      await engine.startMaster();
      await engine.over(id);
    });

    test("an intent that the dead master did not obey is obeyed by the new owner", async () => {
      const text = `workflow t/stopped {\n}\n\ntask a: shell {\n  \`\`\`bash\n  sleep 60\n  \`\`\`\n}\n`;
      await engine.deploy(text);
      const first = await engine.startMaster();
      const { id } = await engine.start("t/stopped");
      await engine.until(id, (one) => one.tasks?.[0]?.state === "running");
      await engine.killMaster(first);
      await engine.ask(id, "stop");
      await engine.startMaster();
      assert.equal(told(await engine.over(id)), "stopped; a killed: killed");
      await engine.assertNothingLeft();
    });

    test("the time in which a task with its slot must find a worker does not begin anew", async () => {
      const { status } = await engine.request("POST", "/task-groups", { name: "slot", description: "", size: 1 });
      assert.equal(status, 201);
      await engine.deploy(
        workflow("late", { a: "true | task_group = slot | worker_group = nobody | dispatch_timeout = 60s" }),
      );
      const first = await engine.startMaster();
      const { id } = await engine.start("t/late");
      await engine.until(id, (one) => one.tasks?.[0]?.waiting?.reason === "group");
      engine.clock.move(40_000);
      await engine.killMaster(first);
      await engine.startMaster();
      await engine.until(id, (one) => one.owner !== null && one.owner !== first.incarnation);
      engine.clock.move(20_000);
      assert.equal(told(await engine.over(id)), "failed; a failed:");
      await engine.assertNothingLeft();
    });

    test("an actor that fails for a reason of our own gives its instance up, and after five times it fails visibly", async () => {
      const { id } = await engine.start("t/one", { alertGroup: "oncall" });
      await engine.database.knex("workflow_instance").where({ id }).update({ version: 99 });
      await engine.startMaster();
      const ended = await engine.waitRow(id, "failed");
      assert.equal(ended["given_up"], 5);
      const [error] = await engine.database.knex("error_command").where({ workflow_instance_id: id }).select();
      assert.match(error.reason, /version 99 of workflow/);
      assert.equal(error.kind, "start");
      const [alert, ...more] = await engine.database.knex("alert").where({ workflow_instance_id: id }).select();
      assert.deepEqual([alert.alert_group, alert.title, more.length], ["oncall", "t/one failed", 0]);
      assert.match(alert.body, /fault of the server: version 99 of workflow/);
    });
  });
}
