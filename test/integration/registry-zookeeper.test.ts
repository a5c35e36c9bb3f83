import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { member, opened, type RegistryCluster, registryContract } from "../registry/contract.ts";
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

test("a connection that breaks inside a frame does not jam the client", async (t) => {
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

test("who joins and never hears the answer stands there once, under its own session", async (t) => {
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
  const connect = `${server.connect}/test/${tests}`;
  return {
    leaseMs,
    open: () => zookeeperRegistry({ connect, sessionTimeoutMs: leaseMs, log: keptLog() }),
    openElsewhere: (other) => openElsewhere(t, { type: "zookeeper", connect, sessionTimeoutMs: leaseMs }, other),
  };
}
