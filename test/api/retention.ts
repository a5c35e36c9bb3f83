// What is forgotten, and what is not; for every database.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { forgetOld, keepAll, type RetentionSettings, sweepLogs } from "../../scheduler/api/retention.ts";
import { systemClock } from "../../scheduler/clock/system-clock.ts";
import { folderLogStore } from "../../scheduler/logs/folder.ts";
import { taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Engine, startEngine } from "../support/engine.ts";

export function retention(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`retention on ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine(database ? { database: await database() } : {});
      for (const name of ["many", "few"]) {
        await engine.deploy(`workflow t/${name} {\n}\n\ntask a: shell {\n  \`\`\`bash\n  echo here\n  \`\`\`\n}\n`);
      }
    });
    after(() => engine.close());

    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const forget = async (settings: Partial<RetentionSettings>): Promise<number> => {
      const logs = folderLogStore({ folder: `${engine.folder}/logs` });
      const deps = { database: engine.database, logs, clock: systemClock, log: silent };
      const count = await forgetOld({ ...deps, settings: { ...keepAll, ...settings } }, new AbortController().signal);
      await logs.close();
      return count;
    };
    const ranTimes = async (workflow: string, times: number): Promise<readonly string[]> => {
      const ids: string[] = [];
      for (let count = 0; count < times; count += 1) ids.push((await engine.run(workflow)).id);
      return ids;
    };
    const there = async (ids: readonly string[]): Promise<readonly boolean[]> => {
      const answers = await Promise.all(ids.map((id) => engine.request("GET", `/instances/${id}`)));
      return answers.map(({ status }) => status === 200);
    };
    const rows = async (id: string): Promise<number> => {
      const tables = ["instance_event", "attempt", "task_instance"];
      const found = await Promise.all(
        tables.map((table) =>
          engine.database.knex(table).where({ workflow_instance_id: id }).select("workflow_instance_id"),
        ),
      );
      return found.flat().length;
    };
    const age = (id: string, days: number) =>
      engine.database
        .knex("workflow_instance")
        .where({ id })
        .update({ ended_at: engine.database.nowMs() - days * 86_400_000 });

    test("forgets what ended long ago, with its rows and logs, and nothing else", async () => {
      const [old = "", young = ""] = await ranTimes("t/few", 2);
      await engine.log(`${old}.0`);
      await age(old, 31);
      assert.equal(await forget({ days: 30 }), 1);
      assert.deepEqual(await there([old, young]), [false, true]);
      assert.equal(await rows(old), 0);
      assert.match(await engine.log(`${young}.0`), /here/);
      assert.equal(await forget({ days: 30 }), 0);
    });

    test("keeps the newest so many of each workflow, or as many as its own rule says", async () => {
      const many = await ranTimes("t/many", 4);
      const few = await ranTimes("t/few", 3);
      await forget({ instances: 2, workflows: { "t/few": { days: 0, instances: 1 } } });
      assert.deepEqual(await there(many), [false, false, true, true]);
      assert.deepEqual(await there(few), [false, false, true]);
    });

    test("removes logs that a process left which died between their rows and them, and no others", async () => {
      const [gone = "", kept = ""] = await ranTimes("t/few", 2);
      for (const id of [gone, kept]) assert.match(await engine.log(`${id}.0`), /here/);
      await age(gone, 31);
      const logs = folderLogStore({ folder: `${engine.folder}/logs` });
      const dying = { ...logs, remove: async () => assert.fail("it dies here") };
      const deps = { database: engine.database, clock: systemClock, log: silent, settings: { ...keepAll, days: 30 } };
      const { signal } = new AbortController();
      await assert.rejects(forgetOld({ ...deps, logs: dying }, signal), /it dies here/);
      const another = workflowInstanceId(Number(kept) + 1_000);
      await logs.append(
        { taskInstance: taskInstanceId(another, 0), attempt: 1 },
        0,
        Buffer.from("of another database"),
      );
      assert.equal(await sweepLogs({ ...deps, logs }, signal), 1);
      const left: string[] = [];
      for await (const id of logs.instances()) left.push(id);
      assert.equal(left.includes(gone), false);
      assert.ok(left.includes(kept) && left.includes(another));
      await logs.close();
    });

    test("forgets nothing that somebody has asked something of", async () => {
      const [id = ""] = await ranTimes("t/few", 1);
      await age(id, 31);
      await engine.master().close();
      await engine.ask(id, "rerun");
      assert.equal(await forget({ days: 30 }), 0);
      await engine.startMaster();
      await engine.until(id, (one) => one.runTimes === 2 && one.state === "succeeded");
    });
  });
}
