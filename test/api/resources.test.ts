import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";

describe("what a server is given by its people", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.close());

  const ask = async (method: string, route: string, body?: object) => {
    const answer = await engine.request(method, route, body);
    return { status: answer.status, body: answer.body as { readonly [name: string]: unknown } };
  };

  for (const { path, thing, change } of [
    { path: "/environments", thing: { name: "prod", config: "export A=1" }, change: { config: "export A=2" } },
    { path: "/worker-groups", thing: { name: "gpu", workers: ["w1"] }, change: { workers: [] } },
    { path: "/task-groups", thing: { name: "pool", size: 2 }, change: { size: 3 } },
    { path: "/alert-groups", thing: { name: "oncall", channels: [] }, change: { channels: [] } },
    { path: "/projects/default/params", thing: { name: "region", value: "eu" }, change: { value: "us" } },
    { path: "/users", thing: { name: "ada", grants: { retail: "author" } }, change: { grants: { "*": "viewer" } } },
  ]) {
    test(`${path} are created once, replaced, listed and removed`, async () => {
      const one = `${path}/${thing.name}`;
      assert.equal((await ask("POST", path, thing)).status, 201);
      assert.equal((await ask("POST", path, thing)).status, 409);
      const replaced = await ask("PUT", one, change);
      assert.equal(replaced.status, 200);
      assert.deepEqual((await ask("GET", one)).body, replaced.body);
      const { items } = (await ask("GET", path)).body as { items: readonly object[] };
      assert.deepEqual(items, [replaced.body]);
      assert.equal((await ask("DELETE", one)).status, 204);
      assert.equal((await ask("GET", one)).status, 404);
      assert.equal((await ask("DELETE", one)).status, 404);
    });
  }

  test("a list goes on where its page ended", async () => {
    for (const name of ["a", "b", "c"]) await ask("PUT", `/task-groups/${name}`, { size: 1 });
    const first = (await ask("GET", "/task-groups?limit=2")).body;
    assert.equal(first["next"], "b");
    const rest = (await ask("GET", "/task-groups?limit=2&cursor=b")).body as { items: { name: string }[]; next: null };
    assert.deepEqual([rest.items.map((one) => one.name), rest.next], [["c"], null]);
  });

  test("a password is never told, stands unreadable in the database, and stays where it is not given again", async () => {
    const source = { kind: "postgresql", host: "db", database: "warehouse", user: "etl" };
    const made = await ask("PUT", "/datasources/dw", { ...source, password: "hunter2" });
    assert.deepEqual([made.body["hasPassword"], made.body["port"], "password" in made.body], [true, 5432, false]);
    const row = await engine.database.knex("datasource").where({ name: "dw" }).first();
    assert.ok(!JSON.stringify(row).includes("hunter2"));
    await ask("PUT", "/datasources/dw", { ...source, host: "db2" });
    const kept = await engine.database.knex("datasource").where({ name: "dw" }).first();
    assert.equal(kept.password, row.password);
    assert.equal((await ask("PUT", "/datasources/dw", { ...source, password: "" })).body["hasPassword"], false);
  });

  test("the addresses of webhooks are told without what lets one write there", async () => {
    const channels = [{ kind: "webhook", url: "https://chat.example.com/T0/secret", headers: { "X-Key": "k" } }];
    const made = await ask("PUT", "/alert-groups/chat", { channels });
    assert.deepEqual(made.body["channels"], [
      { kind: "webhook", url: "https://chat.example.com/***", headers: { "X-Key": "***" } },
    ]);
  });

  test("what makes no sense is refused with the place", async () => {
    const wrong = await ask("PUT", "/task-groups/x", { size: 0 });
    assert.equal(wrong.status, 400);
    assert.match(String(wrong.body["message"]), /size/);
    assert.equal((await ask("PUT", "/datasources/x", { kind: "oracle", database: "d" })).status, 400);
    assert.equal((await ask("PUT", "/projects/p/params/a-b", { value: "1" })).status, 400);
    assert.equal((await ask("PUT", "/users/x", { grants: { "*": "king" } })).status, 400);
  });
});
