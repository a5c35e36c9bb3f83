// What is asked of instances that exist: cases with known answers, for every database. Each ends with nothing left.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { InstanceShape, RunTasksRequest } from "../../scheduler/api/contract.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { isRunning, taskOf, told, workflow } from "./words.ts";

export function commands(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`commands on ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine(database ? { database: await database() } : {});
    });
    after(() => engine?.close());

    const ran = async (text: string): Promise<InstanceShape> => {
      const { deployments } = await engine.deploy(text);
      return engine.run(`t/${deployments[0]?.workflow}`);
    };
    /** Asks, and waits for the end of that run. */
    const runTasks = async (before: InstanceShape, request: RunTasksRequest): Promise<string> => {
      const { status, body } = await engine.request("POST", `/instances/${before.id}/run-tasks`, request);
      assert.equal(status, 200, JSON.stringify(body));
      const isDone = (one: InstanceShape): boolean => one.runTimes === before.runTimes + 1 && one.endedAt !== null;
      const ended = await engine.until(before.id, isDone);
      await engine.assertNothingLeft();
      return told(ended);
    };
    const force = (taskInstance: string) => engine.request("POST", `/task-instances/${taskInstance}/force-success`, {});
    const file = (of: string): string => path.join(engine.folder, of);

    describe("chosen tasks inside an instance that has ended", () => {
      const chain = { a: "true", b: "true", c: "true" };
      test("only one", async () => {
        const ended = await ran(workflow("only", chain, "a >> b >> c"));
        assert.equal(
          await runTasks(ended, { tasks: ["b"], scope: "only" }),
          "succeeded: a succeeded#1, b succeeded#2, c succeeded#1",
        );
      });
      test("one with what follows it", async () => {
        const ended = await ran(workflow("from", chain, "a >> b >> c"));
        assert.equal(await runTasks(ended, { tasks: ["b"] }), "succeeded: a succeeded#1, b succeeded#2, c succeeded#2");
      });
      test("one with what precedes it", async () => {
        const ended = await ran(workflow("upstream", chain, "a >> b >> c"));
        assert.equal(
          await runTasks(ended, { tasks: ["b"], scope: "with_upstream" }),
          "succeeded: a succeeded#2, b succeeded#2, c succeeded#1",
        );
      });
      test("what follows one that is run alone does not start, though it has never run", async () => {
        const text = workflow("alone", { a: `[ -e ${file("alone")} ]`, b: "true" }, "a >> b");
        const ended = await ran(text);
        assert.equal(told(ended), "failed: a failed#1");
        await writeFile(file("alone"), "");
        assert.equal(await runTasks(ended, { tasks: ["a"], scope: "only" }), "succeeded: a succeeded#2");
      });
      test("a task runs though what precedes it has failed", async () => {
        const ended = await ran(workflow("despite", { a: "xx", b: "true" }, "a >> b"));
        assert.equal(await runTasks(ended, { tasks: ["b"] }), "failed: a failed#1, b succeeded#1");
      });
      test("a task that is not there is refused", async () => {
        const ended = await ran(workflow("refused", chain));
        const { status, body } = await engine.request("POST", `/instances/${ended.id}/run-tasks`, { tasks: ["x"] });
        assert.equal(status, 400);
        assert.match(JSON.stringify(body), /there is no task \\"x\\"/);
      });
    });

    test("chosen tasks run while the instance goes on, and it ends with them", async () => {
      const tasks = { a: `[ -e ${file("goes-on")} ]`, b: "true", other: "sleep 1.5" };
      await engine.deploy(workflow("goeson", tasks, "a >> b"));
      const { id } = await engine.start("t/goeson");
      await engine.until(id, (one) => taskOf(one, "a").state === "failed");
      await writeFile(file("goes-on"), "");
      await engine.request("POST", `/instances/${id}/run-tasks`, { tasks: ["a"] });
      const ended = await engine.over(id);
      assert.equal(told(ended), "succeeded: a succeeded#2, b succeeded#1, other succeeded#1");
      assert.equal(ended.runTimes, 1);
      await engine.assertNothingLeft();
    });

    test("rerun-failed while the instance runs tries what has failed, and touches nothing else", async () => {
      const tasks = { a: `[ -e ${file("failed")} ]`, b: "true", other: "sleep 1.5" };
      await engine.deploy(workflow("while", tasks, "a >> b"));
      const { id } = await engine.start("t/while");
      await engine.until(id, (one) => taskOf(one, "a").state === "failed");
      await writeFile(file("failed"), "");
      await engine.ask(id, "rerun-failed");
      assert.equal(told(await engine.over(id)), "succeeded: a succeeded#2, b succeeded#1, other succeeded#1");
      await engine.assertNothingLeft();
    });

    describe("force success", () => {
      test("lets what the failure held up go on, also when the instance has ended", async () => {
        const ended = await ran(workflow("forced", { a: "xx", b: "true" }, "a >> b"));
        assert.equal((await force(taskOf(ended, "a").id)).status, 200);
        const after = await engine.until(ended.id, (one) => one.state === "succeeded");
        assert.equal(told(after), "succeeded: a forced_success#1, b succeeded#1");
        await engine.assertNothingLeft();
      });
      test("lets what follows run, though the task was run alone meanwhile", async () => {
        const failed = await ran(workflow("forcedalone", { a: "xx", b: "true" }, "a >> b"));
        assert.equal(await runTasks(failed, { tasks: ["a"], scope: "only" }), "failed: a failed#2");
        await force(taskOf(failed, "a").id);
        const after = await engine.until(failed.id, (one) => one.state === "succeeded");
        assert.equal(told(after), "succeeded: a forced_success#2, b succeeded#1");
        await engine.assertNothingLeft();
      });
      test("is obeyed while the instance runs", async () => {
        await engine.deploy(workflow("forcedlive", { a: "xx", b: "true", other: "sleep 1.5" }, "a >> b"));
        const { id } = await engine.start("t/forcedlive");
        const failed = await engine.until(id, (one) => taskOf(one, "a").state === "failed");
        await force(taskOf(failed, "a").id);
        assert.equal(told(await engine.over(id)), "succeeded: a forced_success#1, b succeeded#1, other succeeded#1");
        await engine.assertNothingLeft();
      });
      test("of what has not failed is refused", async () => {
        const ended = await ran(workflow("unforced", { a: "true" }));
        const { status, body } = await force(taskOf(ended, "a").id);
        assert.equal(status, 409);
        assert.match(JSON.stringify(body), /is succeeded: force-success needs one that is failed or killed/);
      });
    });

    test("a rerun of a serial workflow waits for its turn, behind those that wait already", async () => {
      const text = workflow("turns", { a: "sleep ${s}" }, "", "  concurrency = serial_wait\n  param s: float = 0.1");
      const first = await ran(text);
      const running = await engine.start("t/turns", { params: { s: "1" } });
      await engine.until(running.id, isRunning("a"));
      const queued = await engine.start("t/turns");
      await engine.until(queued.id, (one) => one.state === "serial_wait");
      await engine.ask(first.id, "rerun");
      const waits = await engine.until(first.id, (one) => one.state === "serial_wait");
      assert.equal(waits.waiting?.reason, "serial");
      const again = await engine.until(first.id, (one) => one.runTimes === 2 && one.state === "succeeded");
      const before = await engine.over(queued.id);
      assert.equal(told(again), "succeeded: a succeeded#2");
      const [, attempt] = taskOf(again, "a").attempts;
      assert.ok((attempt?.startedAt ?? "") >= (before.endedAt ?? "?"), "they overlap");
      await engine.assertNothingLeft();
    });

    test("outcomes raise alerts for those who asked to hear of them", async () => {
      const alerts = async (id: string): Promise<string> => {
        const { body } = await engine.request("GET", `/alerts?instance=${id}`);
        return (body as { items: { group: string; title: string }[] }).items
          .map((one) => `${one.group}: ${one.title}`)
          .join(", ");
      };
      const on = (rule: string): string => `  alert = ${rule} to "team"`;
      const failed = await ran(workflow("hears", { a: "xx" }, "", on("failure")));
      assert.equal(await alerts(failed.id), "team: t/hears failed");
      const fine = await ran(workflow("hears", { a: "true" }, "", on("failure")));
      assert.equal(await alerts(fine.id), "");
      const both = await ran(workflow("hears", { a: "true" }, "", on("all")));
      assert.equal(await alerts(both.id), "team: t/hears succeeded");
      const named = await engine.run("t/hears", { alertGroup: "me" });
      assert.equal(await alerts(named.id), "me: t/hears succeeded");
    });

    test("a start may name worker group, failure strategy, priority and a note", async () => {
      await engine.deploy(workflow("options", { a: "sleep 30", b: "sleep 0.3; xx" }));
      const ended = await engine.run("t/options", { failureStrategy: "end", priority: "highest", note: "by hand" });
      assert.equal(`${told(ended)}, ${ended.note}`, "failed: a killed#1, b failed#1, by hand");
      const { id } = await engine.start("t/options", { workerGroup: "nobody" });
      await engine.until(id, (one) => taskOf(one, "a").waiting?.reason === "group");
      await engine.ask(id, "stop");
      await engine.over(id);
      await engine.assertNothingLeft();
    });
  });
}
