import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { changes, member, opened, type RegistryCluster, registryContract } from "../registry/contract.ts";
import { statesOf } from "../registry/server-contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { startZookeeperEnsemble, type ZookeeperEnsemble } from "../support/servers/zookeeper-ensemble.ts";
import { keptLog } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";

const leaseMs = 4_000;
let servers: ZookeeperEnsemble;
let tests = 0;

before(async () => {
  servers = await startZookeeperEnsemble();
});
after(() => servers?.stop());

registryContract("three zookeepers", async (t) => cluster(t));

test("a killed leader costs nobody its session, and news go on", async (t) => {
  await withoutLeader(t, () => servers.killLeader());
});

test("a frozen leader costs nobody its session, and news go on", async (t) => {
  await withoutLeader(t, () => servers.freezeLeader());
});

async function withoutLeader(t: TestContext, strike: () => Promise<() => unknown>): Promise<void> {
  const { open } = await cluster(t);
  const all = [opened(t, { open }), opened(t, { open }), opened(t, { open })];
  const [one, other, watcher] = all;
  assert.ok(one && other && watcher);
  const seen = changes(watcher, "worker");
  const states = all.map(statesOf);
  await one.join(member("worker", "w1"));
  await seen.heard("added w1");
  const mend = await strike();
  t.after(() => mend());
  await eventually(
    async () => {
      await other.join(member("worker", "w2")).catch(() => undefined);
      return seen.says().includes("added w2") || undefined;
    },
    "a new member without the leader",
    20_000,
  );
  assert.equal(seen.says().includes("removed w1"), false);
  assert.equal(states.flat().includes("lost"), false);
}

async function cluster(t: TestContext): Promise<RegistryCluster> {
  tests += 1;
  // The same three for all tests, a root for each.
  const connect = `${servers.connect}/test/${tests}`;
  return {
    leaseMs,
    open: () => zookeeperRegistry({ connect, sessionTimeoutMs: leaseMs, log: keptLog() }),
    openElsewhere: (other) => openElsewhere(t, { type: "zookeeper", connect, sessionTimeoutMs: leaseMs }, other),
  };
}
