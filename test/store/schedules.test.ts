import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fireDueSchedules } from "../../scheduler/store/schedules.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const text = (name: string, attributes = ""): string =>
  `workflow t/${name} {\n  schedule = cron("0 0 3 * * ?") in "UTC"\n${attributes}}\n\ntask a: shell {\n  \`\`\`bash\n  true\n  \`\`\`\n}\n`;

describe("schedules", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ slots: 4 });
  });
  after(() => engine.close());

  const scheduleOf = async (name: string) =>
    engine.database
      .knex("schedule as s")
      .join("workflow as w", "w.id", "s.workflow_id")
      .where("w.name", name)
      .first("s.*");
  const dueSince = async (name: string, agoMs: number): Promise<void> => {
    const { workflow_id } = await scheduleOf(name);
    await engine.database
      .knex("schedule")
      .where({ workflow_id })
      .update({ next_fire_at: engine.database.nowMs() - agoMs });
  };
  const firedCount = async (): Promise<number> => {
    const row = await engine.database.knex("workflow_instance").where({ trigger_kind: "schedule" }).count({ n: "*" });
    return Number(row[0]?.["n"]);
  };

  test("a deployment that puts a schedule online fires nothing of the time when it was offline", async () => {
    await engine.deploy(text("asleep", "  online = false\n"));
    await dueSince("asleep", 3 * 24 * 3_600_000);
    await engine.deploy(text("asleep", "  online = true\n"));
    assert.ok(Number((await scheduleOf("asleep")).next_fire_at) > engine.database.nowMs());
  });

  test("a deployment that changes something else leaves the next fire where it was", async () => {
    await engine.deploy(text("kept"));
    const { next_fire_at: next } = await scheduleOf("kept");
    await engine.deploy(text("kept", "  priority = high\n"));
    assert.equal((await scheduleOf("kept")).next_fire_at, next);
  });

  test("a schedule that cannot be read does not keep the others from firing", async () => {
    await engine.deploy(text("broken"));
    await engine.deploy(text("whole"));
    const { workflow_id } = await scheduleOf("broken");
    await engine.database
      .knex("schedule")
      .where({ workflow_id })
      .update({ zone: "No/Where", active_from: "2020-01-01" });
    const before = await firedCount();
    await dueSince("broken", 2_000);
    await dueSince("whole", 1_000);
    const end = performance.now() + 5_000;
    while ((await firedCount()) === before) {
      assert.ok(performance.now() < end, "the other one has not fired");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await engine.database.knex("schedule").where({ workflow_id }).del();
  });

  test("two masters that find the same due schedule fire it once", async () => {
    await engine.master().close();
    await engine.deploy(text("twice"));
    await dueSince("twice", 1_000);
    const nowMs = engine.database.nowMs();
    const fire = () =>
      fireDueSchedules(engine.database, {
        nowMs,
        limit: 500,
        decide: (due) => ({ fireTimesMs: [due.nextFireAtMs], nextFireAtMs: nowMs + 86_400_000 }),
      });
    const fired = (await Promise.all([fire(), fire(), fire()])).flat();
    assert.equal(fired.length, 1);
  });

  test("4,000 schedules that are due at once all fire, each once, in one go", { timeout: 60_000 }, async () => {
    const { knex } = engine.database;
    await engine.deploy(text("many"));
    const { workflow_id: first, ...like } = await scheduleOf("many");
    const version = await knex("workflow_version").where({ workflow_id: first }).first();
    const before = await firedCount();
    const nowMs = engine.database.nowMs();
    await engine.database.transact(async (transaction) => {
      for (let index = 0; index < 4_000; index += 1) {
        const workflow_id = 10_000 + index;
        await transaction("workflow").insert({ id: workflow_id, project: "t", name: `many${index}`, version: 1 });
        await transaction("workflow_version").insert({ ...version, workflow_id });
        await transaction("schedule").insert({ ...like, workflow_id, next_fire_at: nowMs });
      }
    });
    const began = performance.now();
    await engine.startMaster();
    while ((await firedCount()) < before + 4_000) {
      assert.ok(performance.now() - began < 15_000, `after 15 s ${(await firedCount()) - before} have fired`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { length } = await knex("workflow_instance")
      .where({ trigger_kind: "schedule" })
      .distinct("workflow_id", "schedule_time");
    assert.equal(length, await firedCount());
    await knex("schedule").del();
    await knex("command").del();
  });
});
