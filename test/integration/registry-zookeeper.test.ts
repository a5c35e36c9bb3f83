import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { CreateMode } from "node-zookeeper-client";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { safeClient } from "../../scheduler/registry/zookeeper-client.ts";
import { openZookeeperSession } from "../../scheduler/registry/zookeeper-session.ts";
import { changes, member, opened, type RegistryCluster, registryContract } from "../registry/contract.ts";
import { registryServerContract, statesOf } from "../registry/server-contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { startZookeeper, type ZookeeperServer } from "../support/servers/zookeeper.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { keptLog } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";

const leaseMs = 2_000;
let server: ZookeeperServer;
let tests = 0;

before(async () => {
  server = await startZookeeper();
});
after(() => server.stop());

registryContract("zookeeper", async (t) => cluster(t));
registryServerContract(
  "zookeeper",
  async (t) => cluster(t),
  () => server,
);

test("fault 2: a connection that breaks inside a frame does not jam the client", async (t) => {
  const { registry, proxy } = await proxied(t);
  const states = statesOf(registry);
  await registry.join(member("worker", "w1"));
  for (let round = 1; round <= 3; round += 1) {
    proxy.cutNextReply();
    await eventually(
      () => (states.filter((state) => state === "suspended").length > round ? true : undefined),
      `suspended (${states})`,
    );
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  }
  assert.equal(states.includes("lost"), false);
  assert.equal((await registry.members("worker")).length, 1);
});

test("fault 9: who joins and never hears the answer stands there once, under its own session", async (t) => {
  const { registry, proxy } = await proxied(t);
  await registry.members("worker");
  proxy.swallowReplies();
  const first = registry.join(member("worker", "w1")).catch(() => undefined);
  await eventually(() => (proxy.swallowed() > 0 ? true : undefined), "an answer that is lost");
  proxy.open();
  await first;
  await eventually(
    async () =>
      (await registry.join(member("worker", "w1")).then(
        () => true,
        () => undefined,
      )) || undefined,
    "joined",
  );
  assert.equal((await registry.members("worker")).length, 1);
});

test("fault 4: what is asked while not connected fails at once, and is not carried out when the connection is back", async (t) => {
  const { session, states, proxy } = await ownSession(t);
  const path = `/late-${tests}`;
  proxy.cut();
  await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
  const startMs = performance.now();
  await assert.rejects(session.create(path, "", "persistent"), /ZooKeeper is not connected/);
  assert.ok(performance.now() - startMs < 100);
  proxy.open();
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  assert.equal(await session.exists(path), false);
});

test("fault 4: what is queued while the library connects fails with that try, and is not carried out by the next one", async (t) => {
  const proxy = await startTcpProxy(server.port);
  t.after(() => proxy.close());
  proxy.cut();
  const safe = safeClient(`127.0.0.1:${proxy.port}`, leaseMs);
  t.after(() => safe.kill());
  const { client } = safe;
  client.connect();
  const path = `/queued-${proxy.port}`;
  await assert.rejects(
    new Promise<void>((resolve, reject) =>
      client.create(path, Buffer.from(""), CreateMode.PERSISTENT, (error) => (error ? reject(error) : resolve())),
    ),
    /CONNECTION_LOSS/,
  );
  proxy.open();
  await eventually(() => safe.isConnected() || undefined, "connected");
  const stat = await new Promise((resolve, reject) =>
    client.exists(path, undefined, (error, found) => (error ? reject(error) : resolve(found))),
  );
  assert.equal(stat, null);
});

test("fault 7: an answer that the library does not know costs a connection, not the process", async (t) => {
  const safe = safeClient(server.connect, leaseMs);
  t.after(() => safe.kill());
  const { client } = safe;
  client.connect();
  await eventually(() => safe.isConnected() || undefined, "connected");
  const children = (): Promise<readonly string[]> =>
    new Promise((resolve, reject) =>
      client.getChildren("/", undefined, (error, names) => (error ? reject(error) : resolve(names))),
    );
  await children();
  const failed = assert.rejects(children());
  // A notification of a kind that came with a newer server: number −1, kind 99, state 3, path "/".
  const event = Buffer.concat([int(-1), int(0), int(0), int(0), int(99), int(3), int(1), Buffer.from("/")]);
  client.connectionManager.onSocketData(Buffer.concat([int(event.length), event]));
  await failed;
  await eventually(() => safe.isConnected() || undefined, "connected again");
  assert.ok((await children()).includes("zookeeper"));
});

test("fault 7: requests are numbered from 1, and from 1 again long before the numbers get negative", async (t) => {
  const safe = safeClient(server.connect, leaseMs);
  t.after(() => safe.kill());
  const { client } = safe;
  assert.equal(client.connectionManager.xid, 1);
  client.connect();
  await eventually(() => safe.isConnected() || undefined, "connected");
  client.connectionManager.xid = 0x3fff_fffd;
  for (let asked = 0; asked < 10; asked += 1) {
    await new Promise<void>((resolve, reject) =>
      client.exists("/zookeeper", undefined, (error) => (error ? reject(error) : resolve())),
    );
  }
  assert.ok(client.connectionManager.xid < 20, `the next number is ${client.connectionManager.xid}`);
});

test("fault 7: looking again and again keeps one watch a kind", async (t) => {
  const { open } = await cluster(t);
  const registry = opened(t, { open });
  const seen = changes(registry, "worker");
  const warnings: string[] = [];
  const keep = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", keep);
  t.after(() => process.off("warning", keep));
  // Each of these looks, and none of them changes who is there: a watch for each would be one too many for Node's patience.
  for (let round = 1; round <= 15; round += 1) {
    await registry.join(member("worker", "mine"));
    await registry.members("worker");
  }
  await seen.heard("added mine");
  assert.deepEqual(warnings, []);
});

test("fault 8: a member that meets its own node of a former session takes its place", async (t) => {
  const { session } = await ownSession(t);
  const { open } = await cluster(t);
  const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
  await registry.members("worker");
  const node = `/test/${tests}/members/worker/${encodeURIComponent(member("worker", "w1").incarnation)}`;
  await session.create(node, "{}", "ephemeral");
  await registry.join(member("worker", "w1"));
  await session.close();
  const [stands] = await watcher.members("worker");
  assert.deepEqual(stands?.data, member("worker", "w1").data);
});

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

async function ownSession(t: TestContext) {
  const proxy = await startTcpProxy(server.port);
  t.after(() => proxy.close());
  const states: string[] = [];
  const session = openZookeeperSession({
    connect: `127.0.0.1:${proxy.port}`,
    timeoutMs: leaseMs * 2,
    onState: (state) => states.push(state),
    log: keptLog(),
  });
  t.after(() => session.close());
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  return { session, states, proxy };
}

async function proxied(t: TestContext) {
  tests += 1;
  const proxy = await startTcpProxy(server.port);
  t.after(() => proxy.close());
  const registry = opened(t, {
    open: () =>
      zookeeperRegistry({
        connect: `127.0.0.1:${proxy.port}/test/${tests}`,
        sessionTimeoutMs: leaseMs,
        log: keptLog(),
      }),
  });
  return { registry, proxy };
}

async function cluster(t: TestContext): Promise<RegistryCluster> {
  tests += 1;
  // One server for all tests, a root for each.
  const address = `${server.connect}/test/${tests}`;
  return {
    leaseMs,
    open: () => zookeeperRegistry({ connect: address, sessionTimeoutMs: leaseMs, log: keptLog() }),
    openElsewhere: (other) =>
      openElsewhere(t, { type: "zookeeper", connect: address, sessionTimeoutMs: leaseMs }, other),
  };
}
