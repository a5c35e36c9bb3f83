import { after, before, type TestContext } from "node:test";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { type RegistryCluster, registryContract } from "../registry/contract.ts";
import { registryServerContract } from "../registry/server-contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { startZookeeper, type ZookeeperServer } from "../support/servers/zookeeper.ts";
import { keptLog } from "../support/wire.ts";

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
