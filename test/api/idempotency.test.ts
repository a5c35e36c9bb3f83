// A write that is sent once more under its key, because its answer was lost, is the same write.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BackfillShape, InstanceShape } from "../../scheduler/api/contract.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const text = `workflow t/once {
}
task a: shell {
  \`\`\`bash
  [ "$PORPOISE_ATTEMPT" -gt 1 ]
  \`\`\`
}
`;

describe("writes under an Idempotency-Key", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.deploy(text);
  });
  after(() => engine.close());
  const send = async <T>(method: string, route: string, key: string, body?: object) => {
    const answer = await engine.request(method, route, body, { "Idempotency-Key": key });
    return { status: answer.status, body: answer.body as T };
  };

  test("a start is one instance, and a backfill one backfill", async () => {
    const start = () => send<InstanceShape>("POST", "/projects/t/workflows/once/instances", "s", {});
    const first = await start();
    await engine.over(first.body.id);
    assert.equal((await start()).body.id, first.body.id);
    const backfill = () =>
      send<BackfillShape>("POST", "/projects/t/workflows/once/backfills", "b", { dates: ["2026-01-01"] });
    assert.equal((await backfill()).body.id, (await backfill()).body.id);
  });

  test("a rerun is carried out once, also when it is over by the time that it is sent again", async () => {
    const { id } = await engine.run("t/once");
    const rerun = (key: string) => send<InstanceShape>("POST", `/instances/${id}/rerun-failed`, key);
    assert.equal((await rerun("r")).status, 200);
    await engine.until(id, (one) => one.state === "succeeded");
    const again = await rerun("r");
    assert.deepEqual([again.status, again.body.state, again.body.runTimes], [200, "succeeded", 2]);
    assert.equal((await rerun("another")).status, 409);
    const whole = (key: string) => send<InstanceShape>("POST", `/instances/${id}/rerun`, key);
    await whole("w");
    await whole("w");
    await engine.until(id, (one) => one.runTimes === 3 && one.state === "succeeded");
    await whole("w");
    await engine.assertNothingLeft();
    assert.equal((await engine.instance(id)).runTimes, 3);
  });

  test("a stop that is sent again does not stop what was begun since", async () => {
    const { id } = await engine.run("t/once");
    const stop = () => send<InstanceShape>("POST", `/instances/${id}/stop`, "stop");
    assert.equal((await stop()).body.state, "failed"); // it was over: nothing was to be done
    await engine.ask(id, "rerun-failed");
    assert.equal((await stop()).status, 200);
    assert.equal((await engine.until(id, (one) => one.runTimes === 2 && one.endedAt !== null)).state, "succeeded");
  });

  test("what was created or removed is answered alike, and a token's text is told once", async () => {
    const make = () => send("POST", "/task-groups", "made", { name: "pool", size: 2 });
    const remove = () => send("DELETE", "/task-groups/pool", "gone");
    assert.deepEqual(await make(), await make());
    assert.deepEqual([(await remove()).status, (await remove()).status], [204, 204]);
    assert.equal((await send("DELETE", "/task-groups/pool", "other")).status, 404);
    const token = () => send<{ message: string }>("POST", "/tokens", "t", { name: "laptop" });
    assert.equal((await token()).status, 201);
    const again = await token();
    assert.equal(again.status, 409);
    assert.match(again.body.message, /has made its token already/);
  });

  test("keys belong to who sends them, and to one route", async () => {
    const make = (name: string) => send("POST", "/task-groups", "made", { name, size: 1 });
    assert.equal((await make("x")).status, 201); // the key of the test before: answered as then
    const { items } = (await send<{ items: { name: string }[] }>("GET", "/task-groups", "made")).body;
    assert.deepEqual(items, []);
    assert.equal((await send("POST", "/environments", "made", { name: "prod", config: "" })).status, 201);
  });
});
