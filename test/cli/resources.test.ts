import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";
import { porpoise } from "../support/porpoise.ts";

describe("resources from the command line", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.close());
  const call = (...args: string[]) =>
    porpoise(args, { cwd: engine.folder, env: { PORPOISE_SERVER: engine.server, PORPOISE_TOKEN: engine.token } });

  test("an environment is set from a file, listed and deleted", async () => {
    await writeFile(path.join(engine.folder, "prod.env"), "export REGION=eu\nexport TIER=1\n");
    const set = await call("set", "environment", "prod", "config=@prod.env", "description=the real one");
    assert.equal(set.code, 0, set.stderr);
    assert.equal(JSON.parse(set.stdout).config, "export REGION=eu\nexport TIER=1\n");
    const list = await call("get", "environment");
    assert.match(list.stdout, /NAME +DESCRIPTION +CONFIG\nprod +the real one +export REGION=eu; export TIER=1/);
    assert.equal((await call("delete", "environment", "prod")).code, 0);
    assert.deepEqual(JSON.parse((await call("get", "environment", "--json")).stdout).items, []);
  });

  test("numbers, lists and maps are written as such", async () => {
    assert.equal(JSON.parse((await call("set", "task-group", "pool", "size=2")).stdout).size, 2);
    const user = await call("set", "user", "ada", "grants=retail:author,*:viewer");
    assert.deepEqual(JSON.parse(user.stdout).grants, { retail: "author", "*": "viewer" });
    const param = await call("set", "param", "region", "value=eu", "--project", "retail");
    assert.deepEqual(JSON.parse(param.stdout), { name: "region", value: "eu" });
  });

  test("what makes no sense ends with 2 and says what would", async () => {
    for (const [args, said] of [
      [["get", "spaceship"], /"spaceship" is nothing a server holds: expected environment, /],
      [["set", "task-group", "pool", "size=many"], /size is "many", a number was expected/],
      [["set", "task-group", "pool", "colour=red"], /"colour=red" says nothing about a task-group: expected .*size=…/],
      [["get", "param"], /belongs to a project: say which one with --project/],
    ] as const) {
      const { code, stderr } = await call(...args);
      assert.deepEqual([code, said.test(stderr)], [2, true], stderr);
    }
  });
});
