import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Grants } from "../../scheduler/model/role.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const flow = (name: string): string => `workflow ${name} {\n}\ntask a: shell {\n  \`\`\`sh\n  echo hi\n  \`\`\`\n}\n`;

describe("roles", () => {
  let engine: Engine;
  let token: string;
  before(async () => {
    engine = await startEngine();
    await engine.deploy(flow("retail/sales"));
    await engine.deploy(flow("crm/load"));
  });
  after(() => engine.close());

  const as = async (grants: Grants): Promise<void> => {
    const made = await engine.request("POST", "/tokens", { name: "someone", grants });
    token = (made.body as { token: string }).token;
  };
  const status = async (method: string, route: string, body?: object): Promise<number> =>
    (await engine.request(method, route, body, { Authorization: `Bearer ${token}` })).status;
  const list = async (route: string): Promise<readonly { project: string }[]> => {
    const { body } = await engine.request("GET", route, undefined, { Authorization: `Bearer ${token}` });
    return (body as { items: readonly { project: string }[] }).items;
  };
  const start = "/projects/retail/workflows/sales/instances";
  const deployment = (name: string) => ({ files: [{ path: "x.flow", text: flow(name) }] });

  test("a viewer looks and changes nothing", async () => {
    await as({ "*": "viewer" });
    assert.equal(await status("GET", "/instances"), 200);
    assert.equal(await status("GET", "/environments"), 200);
    assert.equal(await status("POST", start, {}), 403);
    assert.equal(await status("POST", "/deployments", deployment("retail/sales")), 403);
    assert.equal(await status("PUT", "/environments/e", { config: "" }), 403);
    assert.equal(await status("GET", "/tokens"), 403);
  });

  test("an operator runs and stops, and deploys nothing", async () => {
    await as({ "*": "operator" });
    assert.equal(await status("POST", start, {}), 201);
    assert.equal(await status("POST", "/deployments", deployment("retail/sales")), 403);
    assert.equal(await status("DELETE", "/projects/retail/workflows/sales"), 403);
  });

  test("an author of one project sees, runs and deploys that one alone", async () => {
    const other = await engine.run("crm/load");
    await as({ retail: "author" });
    assert.equal(await status("POST", "/deployments", deployment("retail/more")), 200);
    assert.equal(await status("POST", "/deployments", deployment("crm/more")), 403);
    assert.equal(await status("POST", start, {}), 201);
    assert.equal(await status("GET", "/projects/crm/workflows"), 403);
    assert.equal(await status("GET", `/instances/${other.id}`), 403);
    assert.equal(await status("POST", `/instances/${other.id}/rerun`, {}), 403);
    assert.equal(await status("GET", `/task-instances/${other.id}.0/logs`), 403);
    assert.deepEqual([...new Set((await list("/instances")).map((one) => one.project))], ["retail"]);
    assert.deepEqual(await list("/projects"), [{ project: "retail" }]);
    assert.equal(await status("PUT", "/projects/retail/params/region", { value: "eu" }), 200);
    assert.equal(await status("PUT", "/projects/crm/params/region", { value: "eu" }), 403);
    assert.equal(await status("GET", "/cluster"), 200);
  });

  test("nobody gives away more than they have", async () => {
    await as({ "*": "author" });
    assert.equal(await status("POST", "/tokens", { name: "more", grants: { "*": "viewer" } }), 403);
    await as({ "*": "admin" });
    assert.equal(await status("POST", "/tokens", { name: "more", grants: { retail: "admin" } }), 201);
  });

  test("a user's token may what its user may, and ends with the user or its time", async () => {
    await engine.request("PUT", "/users/ada", { grants: { retail: "operator" } });
    const made = await engine.request("POST", "/tokens", { name: "laptop", user: "ada" });
    token = (made.body as { token: string }).token;
    assert.equal(await status("POST", start, {}), 201);
    await engine.request("PUT", "/users/ada", { grants: { retail: "viewer" } });
    assert.equal(await status("POST", start, {}), 403);
    await engine.request("DELETE", "/users/ada");
    assert.equal(await status("GET", "/me"), 401);
    const { id, token: brief } = (
      await engine.request("POST", "/tokens", { name: "brief", grants: { "*": "viewer" }, expiresInDays: 1 })
    ).body as { id: string; token: string };
    token = brief;
    assert.equal(await status("GET", "/me"), 200);
    await engine.database.knex("token").where({ id }).update({ expires_at: 1 });
    assert.equal(await status("GET", "/me"), 401);
  });

  test("a token that was taken back opens nothing", async () => {
    await as({ "*": "admin" });
    const { body } = await engine.request("GET", "/tokens");
    const mine = (body as { items: { id: string; name: string }[] }).items.filter((one) => one.name === "someone");
    for (const { id } of mine) await engine.request("DELETE", `/tokens/${id}`);
    assert.equal(await status("GET", "/me"), 401);
  });
});
