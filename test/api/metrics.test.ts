import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";

describe("the numbers for Prometheus", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ slots: 4 });
  });
  after(() => engine.close());

  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const response = await fetch(`${engine.server}/api/v1/metrics`);
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith("porpoise_"));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
  };

  test("tell who owns what, what waits for how long, and how much room there is", async () => {
    await engine.deploy("workflow t/long {\n}\n\ntask a: shell {\n  ```bash\n  sleep 600\n  ```\n}\n");
    const { id } = await engine.start("t/long");
    await engine.until(id, ({ tasks }) => tasks?.[0]?.state === "running");
    const numbers = await read();
    assert.equal(numbers.get('porpoise_instances{state="running"}'), 1);
    assert.equal(numbers.get(`porpoise_owned_instances{owner="${engine.master().incarnation}"}`), 1);
    assert.equal(numbers.get('porpoise_tasks{state="running"}'), 1);
    assert.equal(numbers.get('porpoise_answers{service="database"}'), 1);
    assert.equal(numbers.get("porpoise_worker_slots"), 4);
    assert.equal(numbers.get("porpoise_pending_and_idle"), 0);
    await engine.ask(id, "stop");
    await engine.over(id);
  });

  test("say that something waits although there is room", async () => {
    await engine.master().close();
    const { id } = await engine.start("t/long");
    await engine.database.knex("command").where({ workflow_instance_id: id }).update({ created_at: 1 });
    assert.equal((await read()).get("porpoise_pending_and_idle"), 1);
    await engine.ask(id, "stop");
    await engine.startMaster();
    await engine.over(id);
    assert.equal((await read()).get("porpoise_pending_and_idle"), 0);
  });
});
