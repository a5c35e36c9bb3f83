import { after, before, type TestContext } from "node:test";
import { etcdRegistry } from "../../scheduler/registry/etcd.ts";
import { type RegistryCluster, registryContract } from "../registry/contract.ts";
import { registryServerContract } from "../registry/server-contract.ts";
import { openElsewhere } from "../support/other-registry.ts";
import { type EtcdServer, startEtcd } from "../support/servers/etcd.ts";
import { keptLog } from "../support/wire.ts";

const leaseMs = 2_000;
let server: EtcdServer;
let tests = 0;

before(async () => {
  server = await startEtcd();
});
after(() => server.stop());

registryContract("etcd", async (t) => cluster(t));
registryServerContract(
  "etcd",
  async (t) => cluster(t),
  () => server,
);

async function cluster(t: TestContext): Promise<RegistryCluster> {
  tests += 1;
  // One server for all tests, a root for each.
  const connect = `${server.connect}/test/${tests}`;
  return {
    leaseMs,
    open: () => etcdRegistry({ connect, leaseMs, log: keptLog() }),
    openElsewhere: (other) => openElsewhere(t, { type: "etcd", connect, leaseMs }, other),
  };
}
