import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { SessionState } from "../../scheduler/registry/contract.ts";
import { databaseRegistry } from "../../scheduler/registry/database.ts";
import { connect, type DatabaseSettings } from "../../scheduler/store/connect.ts";
import { changes, member, opened, type RegistryCluster, registryContract } from "../registry/contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";
import { keptLog } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";

const times = { beatMs: 300, ttlMs: 2_000 };
let server: MariadbServer;
let tests = 0;

before(async () => {
  server = await startMariadb();
});
after(() => server.stop());

registryContract("database on MariaDB", (t) => cluster(t));

test("an outage of the database makes nobody look dead", async (t) => {
  const { open } = await cluster(t);
  const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
  const seen = changes(watcher, "worker");
  const states: SessionState[] = [];
  registry.onSession((state) => states.push(state));
  await registry.join(member("worker", "w1"));
  await seen.heard("added w1");
  server.pause();
  t.after(() => server.resume());
  await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
  const ackMs = registry.lastAckMs();
  await eventually(() => (performance.now() - ackMs > times.ttlMs * 2 ? true : undefined), "an outage of two leases");
  server.resume();
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  assert.equal(states.includes("lost"), false);
  assert.deepEqual(seen.says(), ["added w1"]);
  assert.equal((await registry.members("worker")).length, 1);
});

test("a restarted database changes nothing", async (t) => {
  const { open } = await cluster(t);
  const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
  const seen = changes(watcher, "worker");
  await registry.join(member("worker", "w1"));
  await seen.heard("added w1");
  const ackMs = registry.lastAckMs();
  await server.restart();
  await eventually(() => (registry.lastAckMs() > ackMs + 1_000 ? true : undefined), "a new acknowledgement");
  await registry.update({ ...member("worker", "w1").data, slotsUsed: 5 });
  await seen.heard("updated w1");
  assert.deepEqual(seen.says(), ["added w1", "updated w1"]);
});

async function cluster(t: TestContext): Promise<RegistryCluster> {
  tests += 1;
  const { host, port, user, password } = server;
  const database: DatabaseSettings = {
    type: "mysql",
    host,
    port,
    user,
    password,
    database: await server.createDatabase(`registry${tests}`),
  };
  const knex = await connect(database);
  const open: { close(): Promise<void> }[] = [];
  t.after(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await knex.destroy();
  });
  return {
    leaseMs: times.ttlMs,
    open: () => {
      const registry = databaseRegistry({ knex, ...times, log: keptLog() });
      open.push(registry);
      return registry;
    },
    openElsewhere: (other) => openElsewhere(t, { type: "database", database, ...times }, other),
  };
}
