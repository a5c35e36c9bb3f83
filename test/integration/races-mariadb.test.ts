import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import { createInstance } from "../../scheduler/store/instances.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";

const text = (name: string) => `workflow t/${name} {\n}\n\ntask a: shell {\n  \`\`\`bash\n  true\n  \`\`\`\n}\n`;
const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe("who comes at the same moment, on MariaDB", () => {
  let server: MariadbServer;
  let engine: Engine;
  before(async () => {
    server = await startMariadb();
    const { host, port, user, password } = server;
    const database = await server.createDatabase("races");
    engine = await startEngine({ database: { type: "mysql", host, port, user, password, database } });
  });
  after(async () => {
    await engine?.close();
    await server?.stop();
  });

  test("a new workflow that is deployed many times at once has one row, and nobody is refused", async () => {
    await times(8, () => engine.deploy(text("fresh")));
    assert.equal((await engine.database.knex("workflow").where({ name: "fresh" })).length, 1);
  });

  test("one idempotency key starts one instance, however many requests bring it at once", async () => {
    await engine.deploy(text("once"));
    const answers = await times(8, () =>
      engine.request("POST", "/projects/t/workflows/once/instances", {}, { "Idempotency-Key": "k1" }),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(8).fill(201),
    );
    assert.equal(new Set(answers.map(({ body }) => (body as InstanceShape).id)).size, 1);
    for (const { body } of answers) await engine.over((body as InstanceShape).id);
  });

  test("transactions that make the same unique row at once all get that row", async () => {
    const { knex } = engine.database;
    const { id: workflowId, version } = await knex("workflow").where({ name: "once" }).first();
    for (let round = 0; round < 5; round += 1) {
      const made = await times(8, () =>
        engine.database.transact((transaction) =>
          createInstance(transaction, engine.database.nowMs(), {
            workflowId: String(workflowId),
            version,
            trigger: "manual",
            scheduleTimeMs: null,
            dryRun: true,
            priority: 2,
            options: { params: {} },
            origin: `race:${round}`,
          }),
        ),
      );
      assert.equal(new Set(made.map(({ id }) => id)).size, 1);
      assert.equal(made.filter(({ isNew }) => isNew).length, 1);
    }
  });

  test("instances that start, are stopped and run again by many at once all end, and no deadlock is left to the user", async () => {
    await engine.deploy(text("many"));
    const started = await times(40, () => engine.start("t/many"));
    const asked = await times(40, (index) =>
      engine.request("POST", `/instances/${started[index]?.id}/${index % 2 ? "stop" : "rerun-failed"}`, {}),
    );
    assert.deepEqual(
      asked.filter(({ status }) => status >= 500),
      [],
    );
    for (const { id } of started) assert.match((await engine.over(id)).state, /succeeded|stopped/);
    await engine.assertNothingLeft();
  });
});
