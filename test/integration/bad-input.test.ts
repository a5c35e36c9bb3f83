// What goes wrong around a server: each gets a clear message, the right exit code, and nothing is lost.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import { openDatabase } from "../../scheduler/store/database.ts";
import { schemaVersion } from "../../scheduler/store/migrations.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { type Outcome, porpoise } from "../support/porpoise.ts";
import { freePort } from "../support/servers/server-process.ts";

let cluster: Cluster;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "porpoise-bad-"));
  cluster = await startCluster({ slots: 8, leaseMs: 4_000 });
});
after(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true, force: true });
});

const serve = (kind: string, env: { readonly [name: string]: string }): Promise<Outcome> =>
  porpoise([kind], {
    cwd: folder,
    env: {
      PORPOISE_SECRET: "s",
      PORPOISE_DATABASE_PORT: String(cluster.database.port),
      PORPOISE_DATABASE_USER: "root",
      PORPOISE_REGISTRY_CONNECT: cluster.registry.connect,
      ...env,
    },
  });

const told = ({ code, stderr }: Outcome): string => `${code} ${stderr}`;

test("a port in use is named, with what to do", async () => {
  const port = String(await freePort());
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(Number(port), "127.0.0.1", resolve));
  try {
    assert.match(
      told(await porpoise(["standalone", "--port", port], { cwd: folder })),
      new RegExp(`^1 porpoise: port ${port} on 127.0.0.1 is in use by another process: .*--port`),
    );
    assert.match(
      told(await serve("api", { PORPOISE_API_PORT: port })),
      new RegExp(`^1 .*port ${port} .* is in use`, "s"),
    );
  } finally {
    taken.close();
  }
});

test("a second standalone in one folder is refused, and the first one goes on", async () => {
  const args = ["standalone", "--port", "0", "--data", "twice"];
  const first = porpoise([...args, "--exit-when-idle", "3"], { cwd: folder });
  const context = path.join(folder, "twice", "context.json");
  for (const end = performance.now() + 20_000; !existsSync(context); await delay(50))
    assert.ok(performance.now() < end);
  assert.match(told(await porpoise(args, { cwd: folder })), /^1 porpoise: another .* uses the data folder/);
  assert.equal((await first).code, 0);
});

test("a database that is not there is named", async () => {
  const port = String(await freePort());
  assert.match(
    told(await serve("api", { PORPOISE_DATABASE_PORT: port })),
    new RegExp(`^3 porpoise: database porpoise at 127.0.0.1:${port} cannot be reached .*is the server running there`),
  );
});

test("a wrong password is told as such", async () => {
  await cluster.database.run("create user 'guarded'@'%' identified by 'right'");
  const outcome = await serve("master", { PORPOISE_DATABASE_USER: "guarded", PORPOISE_DATABASE_PASSWORD: "wrong" });
  assert.match(told(outcome), /^3 porpoise: database porpoise at .* refused user "guarded": check database.user/);
});

test("a database that was not created is told, with what to do", async () => {
  assert.match(
    told(await serve("api", { PORPOISE_DATABASE_DATABASE: "none" })),
    /^1 porpoise: .*none at .* does not exist: create it/,
  );
});

test("a schema that is missing or newer than the build is refused", async () => {
  await cluster.database.createDatabase("schemas");
  const env = { PORPOISE_DATABASE_DATABASE: "schemas" };
  assert.match(
    told(await serve("api", env)),
    /^1 porpoise: database schema is at 0, this build needs \d+: run `porpoise migrate`/,
  );
  assert.equal((await serve("migrate", env)).code, 0);
  const { host, port, user, password } = cluster.database;
  const database = await openDatabase({ type: "mysql", host, port, user, password, database: "schemas" });
  await database.knex("schema_version").insert({ version: schemaVersion + 3 });
  await database.close();
  for (const kind of ["api", "master", "migrate"]) {
    assert.match(
      told(await serve(kind, env)),
      new RegExp(
        `^1 porpoise: database schema is at ${schemaVersion + 3}, this build knows ${schemaVersion}: install a newer build`,
      ),
    );
  }
});

test("wrong settings are told with their place", async () => {
  await writeFile(path.join(folder, "wrong.json"), JSON.stringify({ api: { prot: 1 } }));
  const outcome = await porpoise(["api", "--config", "wrong.json"], { cwd: folder });
  assert.match(told(outcome), /^2 porpoise: wrong settings .*api: .*prot/);
  const none = await porpoise(["master"], {
    cwd: folder,
    env: { PORPOISE_DATABASE_PORT: String(cluster.database.port), PORPOISE_DATABASE_USER: "root" },
  });
  assert.match(told(none), /secret is not set/);
});

test("a server that is not there, a wrong token and a missing workflow have codes of their own", async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const away = await porpoise(["instances", "--server", nobody, "--token", "x"], { cwd: folder });
  assert.match(told(away), /^3 porpoise: cannot reach http/);
  await cluster.start("api", "api");
  const env = { PORPOISE_SERVER: cluster.server, PORPOISE_TOKEN: "wrong" };
  assert.match(
    told(await porpoise(["instances"], { cwd: folder, env })),
    /^3 porpoise: this server does not know the token/,
  );
  const good = { PORPOISE_SERVER: cluster.server, PORPOISE_TOKEN: cluster.token };
  assert.match(
    told(await porpoise(["run", "a/b"], { cwd: folder, env: good })),
    /^1 porpoise: workflow a\/b is not deployed here/,
  );
  assert.match(
    told(await porpoise(["run", "ab"], { cwd: folder, env: good })),
    /^2 porpoise: "ab" is no name of a workflow/,
  );
  assert.match(told(await porpoise(["run"], { cwd: folder, env: good })), /^2 error: missing required argument/);
});

test("ZooKeeper away at the start is waited for and said, and the cluster works once it is there", async () => {
  await cluster.registry.kill();
  const members = [cluster.start("master", "m1"), cluster.start("worker", "w1")];
  await delay(1_500);
  await cluster.registry.restart();
  await Promise.all(members);
  await runsFine();
});

test("ZooKeeper away during a run: what runs goes on, and new work follows when it is back", async () => {
  const long = await started("sleep 6");
  await cluster.registry.kill();
  await delay(2_000);
  await cluster.registry.restart();
  const ended = await over(long);
  assert.equal(ended.state, "succeeded");
  assert.equal(ended.tasks?.[0]?.attempts.length, 1);
  await runsFine();
});

async function started(script: string): Promise<string> {
  const name = `w${script.replaceAll(/\W/g, "")}`;
  const text = `workflow bad/${name} {\n}\n\ntask a: shell {\n  \`\`\`bash\n  ${script}\n  \`\`\`\n}\n`;
  await cluster.request("POST", "/deployments", { files: [{ path: "w.flow", text }] });
  const { id } = await cluster.request<InstanceShape>("POST", `/projects/bad/workflows/${name}/instances`, {});
  for (const end = performance.now() + 30_000; performance.now() < end; await delay(50)) {
    const found = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
    if (found.tasks?.[0]?.state === "running" || found.endedAt !== null) return id;
  }
  return assert.fail("it does not start");
}

async function over(id: string): Promise<InstanceShape> {
  for (const end = performance.now() + 30_000; performance.now() < end; await delay(50)) {
    const found = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
    if (found.endedAt !== null) return found;
  }
  return assert.fail("it does not end");
}

const runsFine = async (): Promise<void> => assert.equal((await over(await started("true"))).state, "succeeded");
