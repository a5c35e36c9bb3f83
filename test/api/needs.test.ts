import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";

const flow = `workflow sales {\n  environment = dev\n}\n\ntask a: shell {\n  task_group = pool\n  worker_group = nowhere\n  \`\`\`sh\n  echo $REGION\n  \`\`\`\n}\n`;
const settings = JSON.stringify({
  project: "retail",
  environments: { dev: "export REGION=eu" },
  task_groups: { pool: { size: 2, description: "few at a time" } },
});

describe("what a project needs on a server", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.close());
  const files = [
    { path: "sales.flow", text: flow },
    { path: "porpoise.json", text: settings },
  ];
  const deploy = async (body: object) => {
    const answer = await engine.request("POST", "/deployments", body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as { made: readonly object[]; problems: readonly { message: string }[] };
  };

  test("a plan makes nothing, and misses only what the project does not make itself", async () => {
    const { made, problems } = await deploy({ files, plan: true });
    assert.deepEqual(made, []);
    assert.deepEqual(
      problems.map((one) => one.message.includes("nowhere")),
      [true],
    );
    assert.equal((await engine.request("GET", "/environments/dev")).status, 404);
  });

  test("a deploy makes it once, and never changes what is there", async () => {
    assert.deepEqual((await deploy({ files })).made, [
      { kind: "environment", name: "dev" },
      { kind: "task_group", name: "pool" },
    ]);
    await engine.request("PUT", "/task-groups/pool", { size: 7 });
    assert.deepEqual((await deploy({ files })).made, []);
    const { body } = await engine.request("GET", "/task-groups/pool");
    assert.equal((body as { size: number }).size, 7);
  });

  test("what the server lacks is a warning, not a refusal", async () => {
    const { problems } = await deploy({ files: [{ path: "sales.flow", text: flow.replace("= dev", "= prod") }] });
    const warnings = problems.filter((one) => /"?(prod|nowhere)"?/.test(one.message));
    assert.equal(warnings.length, 2, JSON.stringify(problems));
  });

  test("a need that cannot be read is a problem at its place", async () => {
    const text = JSON.stringify({ environments: { dev: "REGION = eu" }, task_groups: { pool: "many" } });
    const answer = await engine.request("POST", "/deployments", {
      files: [
        { path: "sales.flow", text: flow },
        { path: "porpoise.json", text },
      ],
    });
    assert.equal(answer.status, 422);
    const { problems } = answer.body as { problems: readonly { path: string; message: string }[] };
    assert.deepEqual(
      problems.filter((one) => one.path === "porpoise.json").map((one) => one.message),
      [
        'environment dev: line 1 is "REGION = eu", must be like: export NAME=value',
        "task group pool must be its size, a whole number from 1 to 99999",
      ],
    );
  });
});
