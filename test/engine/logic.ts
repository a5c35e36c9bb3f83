// Tasks that a master runs itself, children and what a server was given: cases with known answers, for every database.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { isRunning, taskOf, told, workflow } from "./words.ts";

const shell = (name: string, script = "true", more = ""): string =>
  `task ${name}: shell {\n${more}  \`\`\`bash\n  ${script}\n  \`\`\`\n}\n`;

export function logic(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`logic tasks on ${name}`, () => {
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
    const give = async (route: string, thing: object): Promise<void> => {
      const { status, body } = await engine.request("POST", route, thing);
      assert.ok(status < 300, JSON.stringify(body));
    };
    const childOf = async (parent: InstanceShape, task = "sub"): Promise<InstanceShape> =>
      engine.instance(taskOf(parent, task).childInstance ?? "none");
    const instancesOf = async (workflowName: string): Promise<readonly InstanceShape[]> => {
      const { body } = await engine.request("GET", `/instances?project=t&workflow=${workflowName}&limit=100`);
      return (body as { items: InstanceShape[] }).items;
    };

    describe("branches", () => {
      const gate = (a: string, enabled = true): string => `workflow t/gate {\n}\n
${shell("a", a)}
task k: conditions {
${enabled ? "" : "  enabled = false\n"}  when a is succeeded >> c
  else >> d
}
${shell("c")}
${shell("d")}
a >> k
`;
      test("S19: conditions take the branch of success", async () =>
        assert.equal(await outcome(gate("true")), "succeeded: a succeeded#1, k succeeded#1, c succeeded#1, d skipped"));
      test("S20: conditions take up a failure", async () =>
        assert.equal(await outcome(gate("xx")), "succeeded: a failed#1, k succeeded#1, c skipped, d succeeded#1"));
      test("S21: disabled conditions let both branches pass", async () =>
        assert.equal(
          await outcome(gate("true", false)),
          "succeeded: a succeeded#1, k disabled, c succeeded#1, d succeeded#1",
        ));
      test("S22: disabled conditions take up no failure", async () =>
        assert.equal(await outcome(gate("xx", false)), "failed: a failed#1"));
      const choice = (condition: string): string => `workflow t/choice {\n  param n: integer = 5\n}\n
task s: switch {
  when ${condition} >> a
  else >> b
}
${shell("a")}
${shell("b")}
`;
      test("S23: a switch that is true takes its branch", async () =>
        assert.equal(await outcome(choice("n > 3")), "succeeded: s succeeded#1, a succeeded#1, b skipped"));
      test("S24: a switch that is false takes the else", async () =>
        assert.equal(await outcome(choice("n > 7")), "succeeded: s succeeded#1, a skipped, b succeeded#1"));
      test("a dry run takes the branch of its params, and every branch where nobody can know", async () => {
        const taken = await outcome(choice("n > 7"), { dryRun: true });
        assert.equal(taken, "succeeded: s succeeded#1, a skipped, b succeeded");
        const text = `workflow t/unknown {\n}\n
${shell("first", "true", "  out rows: integer\n")}
task s: switch {
  after = first
  when rows == 0 >> a
  else >> b
}
${shell("a")}
${shell("b")}`;
        const both = await outcome(text, { dryRun: true });
        assert.equal(both, "succeeded: first succeeded, s succeeded#1, a succeeded, b succeeded");
      });
      test("what a switch decides is read from the outputs before it, and a join behind its branches runs", async () => {
        const text = `workflow t/join {\n}\n
${shell("first", "echo '#{setValue(rows=0)}'", "  out rows: integer\n")}
task s: switch {
  after = first
  when rows == 0 >> none
  else >> [some, more]
}
${shell("none")}
${shell("some")}
${shell("more")}
${shell("last")}
some >> more
[none, more] >> last
`;
        assert.equal(
          await outcome(text),
          "succeeded: first succeeded#1, s succeeded#1, none succeeded#1, some skipped, more skipped, last succeeded#1",
        );
      });
      test("a switch over a value that cannot be compared fails, and says why", async () => {
        await engine.deploy(choice("n > 3"));
        const ended = await engine.run("t/choice", { params: { n: "$[yyyy]x" } });
        assert.equal(told(ended), "failed: s failed#1");
        assert.match(taskOf(ended, "s").reason ?? "", /"n" is "\d+x", must be a number/);
      });
      test("a failure that is taken up ends nothing else, though failures end the rest", async () => {
        const text = gate("xx").replace("workflow t/gate {", "workflow t/gate {\n  on_failure = end");
        assert.equal(
          await outcome(`${text}${shell("other", "sleep 0.5")}`),
          "succeeded: a failed#1, k succeeded#1, c skipped, d succeeded#1, other succeeded#1",
        );
      });
    });

    describe("environments", () => {
      test("S4: a task has the variables of its environment", async () => {
        await give("/environments", { name: "e", description: "", config: "export NAME=x\nexport SPACED='a b'\n" });
        const text = workflow("s4", { a: '[ "$NAME $SPACED" = "x a b" ] | environment = e' });
        assert.equal(await outcome(text), "succeeded: a succeeded#1");
      });
      test("S6: a task whose environment is not there fails without an attempt, and says so", async () => {
        await engine.deploy(workflow("s6", { a: "true | environment = nowhere" }));
        const ended = await engine.run("t/s6");
        assert.equal(told(ended), "failed: a failed");
        assert.match(taskOf(ended, "a").reason ?? "", /no environment "nowhere"/);
        await engine.assertNothingLeft();
      });
      test("an environment named at the start is that of tasks that name none", async () => {
        await give("/environments", { name: "f", description: "", config: "export NAME=f\n" });
        const text = workflow("named", { a: '[ "$NAME" = f ]', b: '[ "$NAME" = x ] | environment = e' });
        assert.equal(await outcome(text, { environment: "f" }), "succeeded: a succeeded#1, b succeeded#1");
      });
      test("a project param stands in for a param without a value", async () => {
        await give("/projects/t/params", { name: "city", value: "Bonn" });
        const text = workflow("city", { a: '[ "${city}" = Bonn ]' }, "", "  param city: string");
        assert.equal(await outcome(text), "succeeded: a succeeded#1");
        assert.equal(await outcome(text, { params: { city: "Ulm" } }), "failed: a failed#1");
      });
    });

    describe("task groups", () => {
      test("S32: no more tasks run at a time than the group has slots", async () => {
        await give("/task-groups", { name: "two", description: "", size: 2 });
        await engine.deploy(workflow("s32", { a: "sleep 0.6 | task_group = two" }));
        const ids = [];
        for (let run = 0; run < 4; run += 1) ids.push((await engine.start("t/s32")).id);
        const waits = await engine.until(ids[3] ?? "", (one) => taskOf(one, "a").waiting?.reason === "pool");
        assert.match(taskOf(waits, "a").waiting?.text ?? "", /2 slots of task group "two"/);
        const spans = [];
        for (const id of ids) {
          const { state, tasks } = await engine.over(id);
          assert.equal(state, "succeeded");
          const [attempt] = tasks?.[0]?.attempts ?? [];
          spans.push([Date.parse(attempt?.startedAt ?? ""), Date.parse(attempt?.endedAt ?? "")] as const);
        }
        for (const [from] of spans) {
          const atOnce = spans.filter(([start, end]) => start <= from && from < end).length;
          assert.ok(atOnce <= 2, `${atOnce} at a time`);
        }
        await engine.assertNothingLeft();
      });
      test("the greater priority in the group goes first", async () => {
        await give("/task-groups", { name: "one", description: "", size: 1 });
        const tasks = {
          a: "sleep 0.5 | task_group = one",
          b: "true | task_group = one priority 1 | after = go",
          c: "true | task_group = one priority 9 | after = go",
          go: "true",
        };
        await engine.deploy(workflow("first", tasks));
        const ended = await engine.run("t/first");
        const startOf = (task: string): number => Date.parse(taskOf(ended, task).startedAt ?? "");
        assert.ok(startOf("c") < startOf("b"), "b went first");
        await engine.assertNothingLeft();
      });
      test("a task group that is not there is told, and a stop leaves nothing", async () => {
        await engine.deploy(workflow("nogroup", { a: "true | task_group = nowhere" }));
        const { id } = await engine.start("t/nogroup");
        const waits = await engine.until(id, (one) => taskOf(one, "a").waiting?.reason === "pool");
        assert.match(taskOf(waits, "a").waiting?.text ?? "", /no task group "nowhere"/);
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: a killed");
        await engine.assertNothingLeft();
      });
    });

    describe("sub-workflows", () => {
      const parent = (more = ""): string =>
        `workflow t/parent {\n  param dt: string = "p"\n${more}}\n\ntask sub: sub_workflow {\n  workflow = t/child\n}\n`;
      const deployChild = (tasks: { readonly [name: string]: string }, edges = "", header = "") =>
        engine.deploy(workflow("child", tasks, edges, header));
      const startParent = async (): Promise<string> => {
        await engine.deploy(parent());
        const { id } = await engine.start("t/parent");
        const begun = await engine.until(id, (one) => taskOf(one, "sub").childInstance !== undefined);
        await engine.until(taskOf(begun, "sub").childInstance ?? "", isRunning("a"));
        return id;
      };

      test("S29: a parent and its child succeed, and the child knows its parent", async () => {
        await deployChild({ a: '[ "${dt}" = p ]' }, "", '  param dt: string = "c"');
        await engine.deploy(parent());
        const ended = await engine.run("t/parent");
        assert.equal(told(ended), "succeeded: sub succeeded#1");
        const child = await childOf(ended);
        assert.equal(told(child), "succeeded: a succeeded#1");
        assert.deepEqual(child.parent, { instance: ended.id, taskInstance: taskOf(ended, "sub").id });
        assert.equal(child.trigger, "sub_workflow");
        assert.equal(child.params["dt"], "p");
        await engine.assertNothingLeft();
      });
      test("S30: a dry run starts no child", async () => {
        await engine.deploy(parent());
        const ended = await engine.run("t/parent", { dryRun: true });
        assert.equal(told(ended), "succeeded: sub succeeded");
        assert.equal(taskOf(ended, "sub").childInstance, undefined);
        await engine.assertNothingLeft();
      });
      test("S31: a child that fails fails its parent", async () => {
        await deployChild({ a: "xx" });
        await engine.deploy(parent());
        const ended = await engine.run("t/parent");
        assert.equal(told(ended), "failed: sub failed#1");
        assert.equal(told(await childOf(ended)), "failed: a failed#1");
        assert.match(taskOf(ended, "sub").reason ?? "", /of t\/child failed/);
        await engine.assertNothingLeft();
      });
      test("rerun-failed recovers the old child", async () => {
        const file = `${engine.folder}/recovered`;
        await deployChild({ a: "true", b: `[ -e ${file} ] || { touch ${file}; xx; }` }, "a >> b");
        await engine.deploy(parent());
        const failed = await engine.run("t/parent");
        assert.equal(told(failed), "failed: sub failed#1");
        await engine.ask(failed.id, "rerun-failed");
        const ended = await engine.until(failed.id, (one) => one.state === "succeeded");
        assert.equal(told(ended), "succeeded: sub succeeded#2");
        assert.equal(taskOf(ended, "sub").childInstance, taskOf(failed, "sub").childInstance);
        assert.equal(told(await childOf(ended)), "succeeded: a succeeded#1, b succeeded#2");
        await engine.assertNothingLeft();
      });
      test("a retry makes a new child", async () => {
        const file = `${engine.folder}/retried`;
        await deployChild({ a: `[ -e ${file} ] || { touch ${file}; xx; }` });
        await engine.deploy(parent().replace("workflow = t/child", "workflow = t/child\n  retries = 1 every 1s"));
        const ended = await engine.run("t/parent");
        assert.equal(told(ended), "succeeded: sub succeeded#2");
        assert.equal((await instancesOf("child")).filter((one) => one.parent?.instance === ended.id).length, 2);
        await engine.assertNothingLeft();
      });
      test("S52, S56: a pause and a resume of the parent reach the child, and no attempt runs twice", async () => {
        await deployChild({ a: "sleep 0.6", b: "true" }, "a >> b");
        const id = await startParent();
        await engine.ask(id, "pause");
        const paused = await engine.until(id, (one) => one.state === "paused");
        assert.equal(told(paused), "paused: sub paused#1");
        assert.equal(told(await childOf(paused)), "paused: a succeeded#1, b paused");
        await engine.assertNothingLeft();
        await engine.ask(id, "resume");
        const ended = await engine.until(id, (one) => one.state === "succeeded");
        assert.equal(told(ended), "succeeded: sub succeeded#1");
        assert.equal(told(await childOf(ended)), "succeeded: a succeeded#1, b succeeded#1");
        await engine.assertNothingLeft();
      });
      test("S55: a stop of the parent stops the child", async () => {
        await deployChild({ a: "sleep 60", b: "true" }, "a >> b");
        const id = await startParent();
        await engine.ask(id, "stop");
        const ended = await engine.over(id);
        assert.equal(told(ended), "stopped: sub killed#1");
        assert.equal(told(await childOf(ended)), "stopped: a killed#1");
        await engine.assertNothingLeft();
      });
      test("a stop of a paused parent stops its paused child", async () => {
        await deployChild({ a: "sleep 0.6", b: "true" }, "a >> b");
        const id = await startParent();
        await engine.ask(id, "pause");
        await engine.until(id, (one) => one.state === "paused");
        await engine.ask(id, "stop");
        const ended = await engine.until(id, (one) => one.state === "stopped");
        assert.equal(told(ended), "stopped: sub killed#1");
        assert.equal((await childOf(ended)).state, "stopped");
        await engine.assertNothingLeft();
      });
      test("a parent that fails while it pauses keeps its paused child for the rerun", async () => {
        await deployChild({ a: "sleep 0.6", b: "true" }, "a >> b");
        const file = `${engine.folder}/may-fail`;
        const script = `[ -e ${file}.began ] || { touch ${file}.began; while [ ! -e ${file} ]; do sleep 0.05; done; xx; }`;
        await engine.deploy(`${parent()}\n${shell("bad", script)}`);
        const { id } = await engine.start("t/parent");
        const begun = await engine.until(
          id,
          (one) => isRunning("bad")(one) && taskOf(one, "sub").childInstance !== undefined,
        );
        await engine.ask(id, "pause");
        await engine.until(taskOf(begun, "sub").childInstance ?? "", (one) => one.state === "paused");
        await writeFile(file, "");
        const failed = await engine.over(id);
        assert.equal(told(failed), "failed: sub paused#1, bad failed#1");
        assert.equal((await childOf(failed)).state, "paused");
        await engine.assertNothingLeft();
        await engine.ask(id, "rerun-failed");
        const ended = await engine.until(id, (one) => one.state === "succeeded");
        assert.equal(told(ended), "succeeded: sub succeeded#1, bad succeeded#2");
        assert.equal(told(await childOf(ended)), "succeeded: a succeeded#1, b succeeded#1");
        await engine.assertNothingLeft();
      });
      test("a child goes on when its parent's master dies", async () => {
        await deployChild({ a: "sleep 1", b: "true" }, "a >> b");
        const id = await startParent();
        await engine.killMaster(engine.master());
        await engine.startMaster();
        const ended = await engine.over(id);
        assert.equal(told(ended), "succeeded: sub succeeded#1");
        assert.equal(told(await childOf(ended)), "succeeded: a succeeded#1, b succeeded#1");
        await engine.assertNothingLeft();
      });
      test("a child that takes too long is stopped, and its task fails", async () => {
        await deployChild({ a: "sleep 60" });
        await engine.deploy(parent().replace("workflow = t/child", "workflow = t/child\n  timeout = 1m then fail"));
        const { id } = await engine.start("t/parent");
        const begun = await engine.until(id, (one) => taskOf(one, "sub").childInstance !== undefined);
        await engine.until(taskOf(begun, "sub").childInstance ?? "", isRunning("a"));
        engine.clock.move(60_000);
        const ended = await engine.over(id);
        assert.equal(told(ended), "failed: sub failed#1");
        assert.match(taskOf(ended, "sub").reason ?? "", /timed out after 60 s/);
        assert.equal(told(await childOf(ended)), "stopped: a killed#1");
        await engine.assertNothingLeft();
      });
      test("a child that somebody stops fails its parent, and one that is paused alone is waited for", async () => {
        await deployChild({ a: "sleep 0.6", b: "true" }, "a >> b");
        const id = await startParent();
        const child = taskOf(await engine.instance(id), "sub").childInstance ?? "";
        await engine.ask(child, "pause");
        await engine.until(child, (one) => one.state === "paused");
        assert.equal(told(await engine.instance(id)), "running: sub running#1");
        await engine.ask(child, "stop");
        const ended = await engine.over(id);
        assert.equal(told(ended), "failed: sub killed#1");
        assert.match(taskOf(ended, "sub").reason ?? "", /was stopped/);
        await engine.assertNothingLeft();
      });
      test("a workflow that is not deployed fails the task without an attempt", async () => {
        await engine.deploy(parent().replace("t/child", "t/nobody"));
        const ended = await engine.run("t/parent");
        assert.equal(told(ended), "failed: sub failed");
        assert.match(taskOf(ended, "sub").reason ?? "", /t\/nobody is not deployed/);
      });
      test("for_each runs a child for each item, so many at a time", async () => {
        await deployChild({ a: 'sleep 0.2; [ "${region}" != bad ]' }, "", '  param region: string = ""');
        const each = `workflow t/each {\n  param regions: list = ["eu", "us", "ap", "me", "af"]\n}\n
task sub: sub_workflow {\n  workflow = t/child\n  for_each = regions as region\n  parallelism = 2\n}\n`;
        await engine.deploy(each);
        const ended = await engine.run("t/each");
        assert.equal(told(ended), "succeeded: sub succeeded#1");
        const children = await Promise.all(
          (taskOf(ended, "sub").childInstances ?? []).map((id) => engine.instance(id)),
        );
        assert.deepEqual(
          children.map((one) => one.params["region"]),
          ["eu", "us", "ap", "me", "af"],
        );
        for (const { startedAt } of children) {
          const atOnce = children.filter(
            (one) => (one.startedAt ?? "") <= (startedAt ?? "") && (startedAt ?? "") < (one.endedAt ?? ""),
          );
          assert.ok(atOnce.length <= 2, `${atOnce.length} at a time`);
        }
        const failed = await engine.run("t/each", { params: { regions: '["eu", "bad", "us"]' } });
        assert.equal(told(failed), "failed: sub failed#1");
        assert.equal(taskOf(failed, "sub").childInstances?.length, 3);
        await engine.assertNothingLeft();
      });
      test("S41: a parent and its child carry the schedule time of the backfill", async () => {
        await deployChild({ a: "echo $[yyyyMMdd]" });
        await engine.deploy(parent());
        const { id } = await engine.backfill("t/parent", { dates: ["2024-08-11"] });
        const { body } = await engine.request("GET", `/backfills/${id}`);
        const instance = (body as { plan: { instance: string }[] }).plan[0]?.instance ?? "";
        const ended = await engine.over(instance);
        const child = await childOf(ended);
        assert.match(ended.scheduleTime ?? "", /^2024-08-11T00:00:00/);
        assert.equal(child.scheduleTime, ended.scheduleTime);
        assert.equal(await engine.log(taskOf(child, "a").id), "20240811\n");
        await engine.assertNothingLeft();
      });
    });

    describe("dependents", () => {
      const waiter = (on: string, more = "", header = ""): string =>
        `workflow t/waiter {\n${header}}\n\ntask w: dependent {\n  wait_for = ${on}\n  check_every = 1s\n${more}}\n`;
      test("waits until what it depends on has succeeded, and says so meanwhile", async () => {
        await engine.deploy(workflow("source", { a: "true", b: "true" }));
        await engine.deploy(waiter("all(t/source @ today, t/source.b @ current_hour)"));
        const { id } = await engine.start("t/waiter");
        const waits = await engine.until(id, (one) => taskOf(one, "w").waiting?.reason === "dependent");
        assert.match(taskOf(waits, "w").waiting?.text ?? "", /t\/source @ today/);
        await engine.run("t/source");
        assert.equal(told(await engine.over(id)), "succeeded: w succeeded#1");
        await engine.assertNothingLeft();
      });
      test("fails when what it depends on has failed, unless one of many is enough", async () => {
        await engine.deploy(workflow("broken", { a: "xx" }));
        await engine.run("t/broken");
        await engine.deploy(waiter("t/broken @ today"));
        const failed = await engine.run("t/waiter");
        assert.equal(told(failed), "failed: w failed#1");
        assert.match(taskOf(failed, "w").reason ?? "", /t\/broken @ today failed/);
        assert.equal(await outcome(waiter("any(t/broken @ today, t/source @ today)")), "succeeded: w succeeded#1");
      });
      test("S33: what never comes fails the task when its time is up", async () => {
        await engine.deploy(waiter("t/never @ today", "  timeout = 1m then fail\n"));
        const { id } = await engine.start("t/waiter");
        await engine.until(id, isRunning("w"));
        engine.clock.move(60_000);
        const ended = await engine.over(id);
        assert.equal(told(ended), "failed: w failed#1");
        assert.match(taskOf(ended, "w").reason ?? "", /timed out after 60 s/);
        await engine.assertNothingLeft();
      });
      const alertsOf = async (id: string): Promise<readonly { kind: string }[]> => {
        const { body } = await engine.request("GET", `/alerts?instance=${id}`);
        return (body as { items: { kind: string }[] }).items;
      };
      test("S34: a time-out that warns raises one alert, and the task goes on waiting", async () => {
        await engine.deploy(waiter("t/never @ today", "  timeout = 1m then warn\n", '  alert = failure to "oncall"\n'));
        const { id } = await engine.start("t/waiter");
        await engine.until(id, isRunning("w"));
        assert.deepEqual(await alertsOf(id), []);
        engine.clock.move(60_000);
        const end = performance.now() + 5_000;
        while ((await alertsOf(id)).length === 0) assert.ok(performance.now() < end, "no alert");
        engine.clock.move(30_000);
        assert.equal(told(await engine.instance(id)), "running: w running#1");
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: w killed#1");
        assert.equal((await alertsOf(id)).length, 1);
        await engine.assertNothingLeft();
      });
      test("S35: a workflow whose time is up raises one alert and goes on", async () => {
        await engine.deploy(workflow("s35", { a: "sleep 1.5" }, "", '  timeout = 1m\n  alert = failure to "oncall"'));
        const { id } = await engine.start("t/s35");
        await engine.until(id, isRunning("a"));
        engine.clock.move(61_000);
        assert.equal(told(await engine.over(id)), "succeeded: a succeeded#1");
        assert.equal((await alertsOf(id)).length, 1);
        await engine.assertNothingLeft();
      });
      test("a backfill takes along those that wait for it, after what they wait for", async () => {
        await engine.deploy(workflow("source", { a: "true" }));
        await engine.deploy(waiter("t/source @ today"));
        const last = waiter("t/waiter @ today").replace("t/waiter {", "t/last {");
        await engine.deploy(last);
        const request = { from: "2024-03-01", to: "2024-03-02", parallel: 1 };
        const names = async (dependents: number): Promise<string> => {
          const { plan } = await engine.backfill("t/source", { ...request, dependents, plan: true });
          return plan.map((date) => `${date.workflow} ${date.scheduleTime.slice(8, 10)}`).join(", ");
        };
        assert.equal(await names(0), "t/source 01, t/source 02");
        assert.equal(await names(1), "t/source 01, t/source 02, t/waiter 01, t/waiter 02");
        const { id } = await engine.backfill("t/source", { ...request, dependents: 2 });
        const end = performance.now() + 30_000;
        for (;;) {
          const { body } = await engine.request("GET", `/backfills/${id}`);
          const now = body as { state: string; plan: { workflow: string; state?: string }[] };
          if (now.state === "succeeded") {
            assert.ok(now.plan.some((date) => date.workflow === "t/last") && now.plan.length === 6);
            break;
          }
          assert.ok(performance.now() < end, JSON.stringify(now));
        }
        await engine.assertNothingLeft();
      });
      test("a paused instance lets its dependent rest, and a resume lets it go on", async () => {
        await engine.deploy(waiter("t/never @ today"));
        const { id } = await engine.start("t/waiter");
        await engine.until(id, isRunning("w"));
        await engine.ask(id, "pause");
        await engine.until(id, (one) => one.state === "paused");
        await engine.ask(id, "resume");
        await engine.until(id, isRunning("w"));
        await engine.ask(id, "stop");
        assert.equal(told(await engine.over(id)), "stopped: w killed#1");
        await engine.assertNothingLeft();
      });
    });
  });
}
