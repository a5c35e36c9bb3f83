import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";

const flow = `workflow t/gpu {\n  worker_group = gpu\n}\n\ntask a: shell {\n  \`\`\`sh\n  true\n  \`\`\`\n}\n`;

describe("worker groups", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.deploy(flow);
  });
  after(() => engine.close());

  test("a task waits for a group that nobody is in, and runs once a worker is named in it", async () => {
    const { id } = await engine.start("t/gpu");
    const waiting = await engine.until(id, (one) => one.tasks?.[0]?.waiting?.reason === "group");
    assert.match(waiting.tasks?.[0]?.waiting?.text ?? "", /no worker is in group "gpu": start one/);
    const [worker] = await engine.registry.members("worker");
    const name = worker?.incarnation.split("#")[0] ?? "";
    await engine.request("PUT", "/worker-groups/gpu", { workers: [name] });
    assert.equal((await engine.over(id)).state, "succeeded");
  });
});
