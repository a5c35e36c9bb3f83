import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { SessionState } from "../../scheduler/registry/contract.ts";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { changes, member, opened, type RegistryCluster, registryContract } from "../registry/contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { startZookeeper, type ZookeeperServer } from "../support/servers/zookeeper.ts";
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

test("a paused server suspends the session; when it is back in time, nothing was lost", async (t) => {
  const { open } = await cluster(t);
  const registry = opened(t, { open });
  const states = statesOf(registry);
  await registry.join(member("worker", "w1"));
  server.pause();
  t.after(() => server.resume());
  await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
  server.resume();
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  assert.equal(states.includes("lost"), false);
  assert.equal((await registry.members("worker")).length, 1);
});

test("a server that is away for longer than the lease costs the session, and the next one stands by itself", async (t) => {
  const { open } = await cluster(t);
  const registry = opened(t, { open });
  const watcher = opened(t, { open });
  const seen = changes(watcher, "worker");
  const states = statesOf(registry);
  await registry.join(member("worker", "w1"));
  await seen.heard("added w1");
  const lock = await registry.lock("l", new AbortController().signal);
  const ackMs = registry.lastAckMs();
  server.pause();
  t.after(() => server.resume());
  await eventually(() => (lock.lost.aborted ? true : undefined), "the loss of the lock");
  assert.ok(performance.now() < registry.lastAckMs() + leaseMs || registry.lastAckMs() < ackMs);
  await eventually(() => (states.includes("lost") ? true : undefined), "lost");
  server.resume();
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  await registry.join(member("worker", "w2"));
  await seen.heard("added w2");
  await seen.heard("removed w1");
});

test("a restarted server keeps sessions, watches and memberships", async (t) => {
  const { open } = await cluster(t);
  const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
  const seen = changes(watcher, "worker");
  const states = statesOf(registry);
  await registry.join(member("worker", "w1"));
  await seen.heard("added w1");
  await server.restart();
  await eventually(
    () => (states.length >= 4 && states.at(-1) === "connected" ? true : undefined),
    `connected again (${states})`,
  );
  await registry.update({ ...member("worker", "w1").data, slotsUsed: 5 });
  await seen.heard("updated w1");
  assert.equal(seen.says().includes("removed w1"), false);
});

test("a wiped server costs the session, and everything starts again on the empty one", async (t) => {
  const { open } = await cluster(t);
  const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
  const seen = changes(watcher, "worker");
  const states = statesOf(registry);
  await registry.join(member("worker", "w1"));
  await seen.heard("added w1");
  await server.wipe();
  await eventually(
    () => (states.includes("lost") && states.at(-1) === "connected" ? true : undefined),
    "lost and connected",
    15_000,
  );
  await registry.join(member("worker", "w2"));
  await seen.heard("added w2", 15_000);
  await seen.heard("removed w1");
});

test("a registry waits for a server that is not there yet, and says so to who cannot wait", async (t) => {
  const { open } = await cluster(t);
  await server.kill();
  t.after(() => server.restart());
  const registry = opened(t, { open });
  await assert.rejects(
    registry.join(member("worker", "w1")),
    /no session with ZooKeeper at 127\.0\.0\.1:\d+ stands: is it running there\?/,
  );
  const states = statesOf(registry);
  assert.deepEqual(states, ["suspended"]);
  await server.restart();
  await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
  await registry.join(member("worker", "w1"));
});

async function cluster(t: TestContext): Promise<RegistryCluster> {
  tests += 1;
  // One server for all tests, a root for each.
  const connect = `${server.connect}/test/${tests}`;
  return {
    leaseMs,
    open: () => zookeeperRegistry({ connect, sessionTimeoutMs: leaseMs, log: keptLog() }),
    openElsewhere: (other) => openElsewhere(t, { type: "zookeeper", connect, sessionTimeoutMs: leaseMs }, other),
  };
}

function statesOf(registry: { onSession(listener: (state: SessionState) => void): () => void }): SessionState[] {
  const states: SessionState[] = [];
  registry.onSession((state) => states.push(state));
  return states;
}
