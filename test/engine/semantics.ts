// What an instance does: cases with known answers, for every database. Each ends with nothing left.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { isRunning, taskOf, told, workflow } from "./words.ts";

export function semantics(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`the engine on ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine(database ? { database: await database() } : {});
    });
    after(() => engine?.close());

    const outcome = async (text: string, request?: Parameters<Engine["run"]>[1]): Promise<string> => {
      const { deployments } = await engine.deploy(text);
      const ended = await engine.run(`t/${deployments[0]?.workflow}`, request);
      await engine.assertNothingLeft();
      return told(ended);
    };

    describe("start", () => {
      test("S1: a task runs and the instance succeeds", async () => {
        assert.equal(await outcome(workflow("s1", { a: "sleep 1" })), "succeeded: a succeeded#1");
      });
      test("S2: a dry run succeeds without a process", async () => {
        const file = path.join(engine.folder, "s2");
        assert.equal(await outcome(workflow("s2", { a: `touch ${file}` }), { dryRun: true }), "succeeded: a succeeded");
        await assert.rejects(readFile(file));
      });
      test("S3: two tasks of one name are refused and nothing is stored", async () => {
        const twice = workflow("s3", { a: "true", b: "true" }).replace("task b:", "task a:");
        const { status, body } = await engine.request("POST", "/deployments", {
          files: [{ path: "s3.flow", text: twice }],
        });
        assert.equal(status, 422);
        assert.ok(JSON.stringify(body).includes("name/duplicate"));
        assert.equal((await engine.request("GET", "/projects/t/workflows/s3")).status, 404);
        await engine.assertNothingLeft();
      });
      test("S5: a script that fails fails its task and the instance", async () => {
        assert.equal(await outcome(workflow("s5", { a: "sleep 0.2 && xx" })), "failed: a failed#1");
      });
      test("S7: serial_wait runs one after the other, in order", async () => {
        await engine.deploy(workflow("s7", { a: "sleep 0.5" }, "", "  concurrency = serial_wait"));
        const ids = [];
        for (let run = 0; run < 3; run += 1) ids.push((await engine.start("t/s7")).id);
        const [first = "", second = "", third = ""] = ids;
        await engine.until(third, (one) => one.state === "serial_wait");
        assert.equal((await engine.until(second, (one) => one.state === "serial_wait")).waiting?.reason, "serial");
        const ended = [await engine.over(first), await engine.over(second), await engine.over(third)];
        assert.deepEqual(
          ended.map((one) => one.state),
          ["succeeded", "succeeded", "succeeded"],
        );
        for (const [index, one] of ended.entries()) {
          const before = ended[index - 1];
          if (before) assert.ok((one.startedAt ?? "") >= (before.endedAt ?? "?"), "they overlap");
        }
        await engine.assertNothingLeft();
      });
      test("S8: serial_discard ends the newer ones at once", async () => {
        await engine.deploy(workflow("s8", { a: "sleep 1" }, "", "  concurrency = serial_discard"));
        const ids = [];
        for (let run = 0; run < 3; run += 1) ids.push((await engine.start("t/s8")).id);
        const ended = await Promise.all(ids.map((id) => engine.over(id)));
        assert.deepEqual(ended.map((one) => one.state).sort(), ["stopped", "stopped", "succeeded"]);
        assert.ok(ended.every((one) => one.endedAt !== null));
        await engine.assertNothingLeft();
      });
      test("serial_priority stops the older one, and the newer starts when it has ended", async () => {
        await engine.deploy(
          workflow("priority", { a: "sleep ${s}" }, "", "  concurrency = serial_priority\n  param s: integer = 0"),
        );
        const older = await engine.start("t/priority", { params: { s: "30" } });
        await engine.until(older.id, isRunning("a"));
        const newer = await engine.start("t/priority");
        const [stopped, succeeded] = [await engine.over(older.id), await engine.over(newer.id)];
        assert.equal(`${stopped.state} ${succeeded.state}`, "stopped succeeded");
        assert.ok((succeeded.startedAt ?? "") >= (stopped.endedAt ?? "?"));
        await engine.assertNothingLeft();
      });
      test("S9: B runs after A", async () => {
        assert.equal(
          await outcome(workflow("s9", { a: "true", b: "true" }, "a >> b")),
          "succeeded: a succeeded#1, b succeeded#1",
        );
      });
      test("S10: what follows a failed task has no attempt", async () => {
        assert.equal(await outcome(workflow("s10", { a: "xx", b: "true" }, "a >> b")), "failed: a failed#1");
      });
      test("S11: on_failure = end kills what runs, at once", async () => {
        const began = performance.now();
        const text = workflow("s11", { a: "sleep 60", b: "sleep 60", c: "sleep 0.5; xx" }, "", "  on_failure = end");
        assert.equal(await outcome(text), "failed: a killed#1, b killed#1, c failed#1");
        assert.ok(performance.now() - began < 10_000);
      });
      test("S12: a task starts after all before it", async () => {
        const text = workflow("s12", { a: "true", b: "true", c: "sleep 0.4", d: "true" }, "a >> b >> d\nc >> d");
        assert.equal(await outcome(text), "succeeded: a succeeded#1, b succeeded#1, c succeeded#1, d succeeded#1");
      });
      test("S13: on_failure = continue lets other chains run on", async () => {
        const text = workflow(
          "s13",
          { a: "true", b: "xx", c: "sleep 0.4", d: "true" },
          "a >> b >> d\nc >> d",
          "  on_failure = continue",
        );
        assert.equal(await outcome(text), "failed: a succeeded#1, b failed#1, c succeeded#1");
      });
      const nine = Object.fromEntries(
        ["a", "b", "c"].flatMap((chain) => [1, 2, 3].map((n) => [`${chain}${n}`, "true"])),
      );
      const chains = "a1 >> a2 >> a3\nb1 >> b2 >> b3\nc1 >> c2 >> c3";
      test("S14: three chains of three", async () => {
        const all = Object.keys(nine).map((task) => `${task} succeeded#1`);
        assert.equal(await outcome(workflow("s14", nine, chains)), `succeeded: ${all.join(", ")}`);
      });
      test("S15: from C2 with what follows it", async () => {
        const text = workflow("s15", nine, chains);
        assert.equal(
          await outcome(text, { from: ["c2"], scope: "with_downstream" }),
          "succeeded: c2 succeeded#1, c3 succeeded#1",
        );
      });
      test("S16: only A1", async () => {
        assert.equal(
          await outcome(workflow("s16", nine, chains), { from: ["a1"], scope: "only" }),
          "succeeded: a1 succeeded#1",
        );
      });
      test("S17: disabled tasks are passed through", async () => {
        const tasks = { a: "true", b1: "true | enabled = false", b2: "true | enabled = false", c1: "true" };
        assert.equal(
          await outcome(workflow("s17", tasks, "a >> b1\nb2 >> c1")),
          "succeeded: a succeeded#1, b1 disabled, b2 disabled, c1 succeeded#1",
        );
      });
      test("S18: a diamond", async () => {
        const text = workflow("s18", { a: "true", b: "true", c: "true", d: "true" }, "a >> [b, c] >> d");
        assert.equal(await outcome(text), "succeeded: a succeeded#1, b succeeded#1, c succeeded#1, d succeeded#1");
      });
      const tests = { a: '[ "${name}" = w ]', b: '[ "${name}" = s ]' };
      test("S25: a workflow's param has its value", async () => {
        const text = workflow("s25", tests, "", '  param name: string = "w"');
        assert.equal(await outcome(text), "failed: a succeeded#1, b failed#1");
      });
      test("S26: a start parameter overrides it", async () => {
        const text = workflow("s26", tests, "", '  param name: string = "w"');
        assert.equal(await outcome(text, { params: { name: "s" } }), "failed: a failed#1, b succeeded#1");
      });
      test("S27: an output reaches all that follows; an empty input does not hide it", async () => {
        const text = workflow(
          "s27",
          {
            a: "echo '${setValue(output=1)}' | out output: string",
            b: '[ "${output}" = 1 ] | in output: string = ""',
            c: '[ "${output}" = 1 ] | in output: string = ""',
          },
          "a >> b >> c",
        );
        assert.equal(await outcome(text), "succeeded: a succeeded#1, b succeeded#1, c succeeded#1");
      });
      test("S28: built-in names", async () => {
        const text = workflow("s28", {
          a: '[ "${system.project.name}" = t ]',
          b: '[ "${system.workflow.definition.name}" = s28 ]',
        });
        assert.equal(await outcome(text), "succeeded: a succeeded#1, b succeeded#1");
      });
      test("S36: a task whose worker group is empty says why it waits", async () => {
        await engine.deploy(workflow("s36", { a: "true | worker_group = nobody" }));
        const { id } = await engine.start("t/s36");
        const waits = await engine.until(id, (one) => taskOf(one, "a").waiting?.reason === "group");
        assert.match(taskOf(waits, "a").waiting?.text ?? "", /no worker is in group "nobody"/);
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: a killed");
        await engine.assertNothingLeft();
      });
      test("S36: with a dispatch timeout the task that finds no worker fails, without an attempt", async () => {
        await engine.deploy(workflow("s36", { a: "true | worker_group = nobody | dispatch_timeout = 10s" }));
        const { id } = await engine.start("t/s36");
        await engine.until(id, (one) => taskOf(one, "a").waiting?.reason === "group");
        engine.clock.move(10_000);
        const ended = await engine.over(id);
        assert.equal(told(ended), "failed: a failed");
        assert.match(taskOf(ended, "a").reason ?? "", /no worker took it within 10 s/);
        await engine.assertNothingLeft();
      });
      test("a failed task is tried again, and each attempt has its log", async () => {
        const file = path.join(engine.folder, "again");
        const text = workflow("again", {
          a: `echo try; [ -e ${file} ] || { touch ${file}; exit 3; } | retries = 2 every 1s`,
        });
        await engine.deploy(text);
        const ended = await engine.run("t/again");
        assert.equal(told(ended), "succeeded: a succeeded#2");
        assert.deepEqual(
          taskOf(ended, "a").attempts.map((attempt) => attempt.exitCode),
          [3, 0],
        );
        assert.match(await engine.log(taskOf(ended, "a").id, 1), /try/);
        assert.match(await engine.log(taskOf(ended, "a").id, 2), /try/);
      });
      test("an attempt whose time is up fails and leaves no process", async () => {
        const ended = await outcome(workflow("late", { a: "sleep 60 | timeout = 1s then fail" }));
        assert.equal(ended, "failed: a failed#1");
      });
      test("a delayed task waits, and says so", async () => {
        await engine.deploy(workflow("delayed", { a: "true | delay = 1s" }));
        const { id } = await engine.start("t/delayed");
        const waits = await engine.until(id, (one) => taskOf(one, "a").state === "delayed");
        assert.equal(taskOf(waits, "a").waiting?.reason, "delay");
        assert.equal(told(await engine.over(id)), "succeeded: a succeeded#1");
      });
    });

    describe("schedule and backfill", () => {
      test("S40: a serial backfill runs its dates one after the other", async () => {
        await engine.deploy(workflow("s40", { a: "echo $[yyyyMMdd]" }));
        const request = { from: "2024-08-11", to: "2024-08-14", parallel: 1, order: "asc" as const };
        const plan = await engine.backfill("t/s40", { ...request, plan: true });
        const begun = await engine.backfill("t/s40", request);
        assert.deepEqual(
          begun.plan.map((date) => [date.scheduleTime, date.action]),
          plan.plan.map((date) => [date.scheduleTime, date.action]),
        );
        const end = performance.now() + 20_000;
        let now = begun;
        while (now.state === "running" && performance.now() < end) {
          now = (await engine.request("GET", `/backfills/${begun.id}`)).body;
        }
        assert.equal(now.state, "succeeded");
        const days = now.plan.map((date) => date.scheduleTime.slice(0, 10));
        assert.deepEqual(days, ["2024-08-11", "2024-08-12", "2024-08-13", "2024-08-14"]);
        let endedBefore = "";
        for (const { instance = "", scheduleTime } of now.plan) {
          const ran = await engine.instance(instance);
          assert.equal(ran.trigger, "backfill");
          assert.ok((ran.startedAt ?? "") >= endedBefore, "two dates ran at once");
          endedBefore = ran.endedAt ?? "";
          assert.equal((await engine.log(taskOf(ran, "a").id)).trim(), scheduleTime.slice(0, 10).replaceAll("-", ""));
        }
        await engine.assertNothingLeft();
      });
      test("a schedule time is told in the workflow's zone, in a list as alone", async () => {
        const header = '  schedule = cron("0 30 2 * * ?") in "Europe/Berlin"\n  online = false';
        await engine.deploy(workflow("zoned", { a: "echo $[yyyyMMddHHmm]" }, "", header));
        const { id } = await engine.backfill("t/zoned", { dates: ["2024-07-01"] });
        const read = async (): Promise<InstanceShape | undefined> => {
          const { body } = await engine.request("GET", `/instances?backfill=${id}`);
          return (body as { items: InstanceShape[] }).items[0];
        };
        const ran = await engine.over((await read())?.id ?? "");
        assert.equal(ran.scheduleTime, "2024-07-01T02:30:00+02:00");
        assert.equal((await read())?.scheduleTime, ran.scheduleTime);
        assert.equal(await engine.log(taskOf(ran, "a").id), "202407010230\n");
      });
      test("a backfill stops at the first failure, unless told to go on", async () => {
        await engine.deploy(workflow("stops", { a: "[ $[dd] != 02 ]" }));
        const states = async (onFailure: "stop" | "continue", from: string, to: string): Promise<string> => {
          const { id } = await engine.backfill("t/stops", { from, to, onFailure });
          const end = performance.now() + 20_000;
          for (;;) {
            const now = (await engine.request("GET", `/backfills/${id}`)).body as {
              state: string;
              plan: { state?: string }[];
            };
            if (now.state !== "running") return `${now.state}: ${now.plan.map((date) => date.state ?? "-").join(" ")}`;
            assert.ok(performance.now() < end);
          }
        };
        assert.equal(await states("stop", "2024-01-01", "2024-01-03"), "failed: succeeded failed -");
        assert.equal(await states("continue", "2024-02-01", "2024-02-03"), "failed: succeeded failed succeeded");
      });
      test("S42: a schedule fires each time once, and not when it is offline", async () => {
        const text = workflow("s42", { a: "true" }, "", '  schedule = cron("0/1 * * * * ?") in "UTC"');
        await engine.deploy(text);
        const fired = async (): Promise<readonly string[]> => {
          const { body } = await engine.request("GET", "/instances?project=t&workflow=s42&limit=500");
          return (body as { items: InstanceShape[] }).items.map((one) => one.scheduleTime ?? "").reverse();
        };
        const end = performance.now() + 15_000;
        while ((await fired()).length < 3) assert.ok(performance.now() < end, "it does not fire");
        await engine.request("PUT", "/projects/t/workflows/s42/schedule", { online: false });
        const times = await fired();
        assert.equal(new Set(times).size, times.length, "fired twice");
        const gaps = times.slice(1).map((time, index) => Date.parse(time) - Date.parse(times[index] ?? ""));
        assert.deepEqual(new Set(gaps), new Set([1000]), "a fire is missing");
        const { body } = await engine.request("GET", "/projects/t/workflows/s42");
        assert.equal((body as { nextFireAt: string | null }).nextFireAt, null);
        await engine.assertNothingLeft();
      });
    });

    describe("pause, stop, recover", () => {
      const started = async (text: string, task: string): Promise<string> => {
        const { deployments } = await engine.deploy(text);
        const { id } = await engine.start(`t/${deployments[0]?.workflow}`);
        await engine.until(id, isRunning(task));
        return id;
      };
      test("S50: a pause lets the running task end", async () => {
        const id = await started(workflow("s50", { a: "sleep 0.6" }), "a");
        await engine.ask(id, "pause");
        assert.equal(told(await engine.over(id)), "succeeded: a succeeded#1");
        await engine.assertNothingLeft();
      });
      test("S51: a task that fails while pausing fails the instance", async () => {
        const id = await started(workflow("s51", { a: "sleep 0.6; xx" }), "a");
        await engine.ask(id, "pause");
        assert.equal(told(await engine.over(id)), "failed: a failed#1");
        await engine.assertNothingLeft();
      });
      test("S56: what was paused goes on when resumed, and no attempt runs twice", async () => {
        const id = await started(workflow("s56", { a: "sleep 0.6", b: "true" }, "a >> b"), "a");
        await engine.ask(id, "pause");
        assert.equal(told(await engine.over(id)), "paused: a succeeded#1, b paused");
        await engine.assertNothingLeft();
        await engine.ask(id, "resume");
        const ended = await engine.until(id, (one) => one.state === "succeeded");
        assert.equal(told(ended), "succeeded: a succeeded#1, b succeeded#1");
      });
      test("S53: a stop kills the running task, and no process is left", async () => {
        const id = await started(workflow("s53", { a: "sleep 60" }), "a");
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: a killed#1");
        await engine.assertNothingLeft();
      });
      test("S54: a stop kills the first of three chains, and nothing else runs", async () => {
        const tasks = Object.fromEntries(
          ["x", "y", "z"].flatMap((chain) => [1, 2, 3].map((n) => [`${chain}${n}`, "sleep 60"])),
        );
        const id = await started(workflow("s54", tasks, "x1 >> x2 >> x3\ny1 >> y2 >> y3\nz1 >> z2 >> z3"), "z1");
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: x1 killed#1, y1 killed#1, z1 killed#1");
        await engine.assertNothingLeft();
      });
      test("S57: rerun-failed tries the failed task again and goes on", async () => {
        const file = path.join(engine.folder, "s57");
        const text = workflow("s57", { a: `[ -e ${file} ] || { touch ${file}; xx; }`, b: "true" }, "a >> b");
        const { deployments } = await engine.deploy(text);
        const failed = await engine.run(`t/${deployments[0]?.workflow}`);
        assert.equal(told(failed), "failed: a failed#1");
        await engine.ask(failed.id, "rerun-failed");
        const ended = await engine.until(failed.id, (one) => one.state === "succeeded");
        assert.equal(`${told(ended)} run ${ended.runTimes}`, "succeeded: a succeeded#2, b succeeded#1 run 2");
        await engine.assertNothingLeft();
      });
      test("S58: a rerun runs everything again and keeps the first attempt and its log", async () => {
        await engine.deploy(workflow("s58", { a: "echo run" }));
        const first = await engine.run("t/s58");
        await engine.ask(first.id, "rerun");
        const ended = await engine.until(first.id, (one) => one.runTimes === 2 && one.state === "succeeded");
        assert.equal(told(ended), "succeeded: a succeeded#2");
        assert.match(await engine.log(taskOf(ended, "a").id, 1), /run/);
        await engine.assertNothingLeft();
      });
    });

    describe("bad input", () => {
      const refused = async (request: object): Promise<string> => {
        await engine.deploy(workflow("asked", { a: "true" }, "", "  param day: date = 2026-01-01"));
        const { status, body } = await engine.request("POST", "/projects/t/workflows/asked/instances", request);
        return `${status} ${(body as { message: string }).message}`;
      };
      test("a param that is not there", async () =>
        assert.match(await refused({ params: { dya: "x" } }), /^400 there is no param "dya".*day/));
      test("a param of another type", async () =>
        assert.match(await refused({ params: { day: "soon" } }), /^400 param "day" is "soon", must be a date/));
      test("a task that is not there", async () =>
        assert.match(await refused({ from: ["b"] }), /^400 there is no task "b"/));
      test("an unknown field", async () => assert.match(await refused({ parms: {} }), /^400 body: .*parms/));
      test("a workflow that is not deployed", async () => {
        assert.match(
          JSON.stringify((await engine.request("POST", "/projects/t/workflows/none/instances", {})).body),
          /not deployed here/,
        );
      });
      test("a repeated request with one idempotency key starts one instance", async () => {
        await engine.deploy(workflow("once", { a: "true" }));
        const ask = () =>
          engine.request("POST", "/projects/t/workflows/once/instances", {}, { "Idempotency-Key": "k1" });
        const answers = await Promise.all([ask(), ask(), ask(), ask(), ask()]);
        const ids = new Set([...answers, await ask()].map(({ body }) => (body as InstanceShape).id));
        assert.equal(ids.size, 1);
        await engine.over([...ids][0] ?? "");
      });
    });
  });
}
