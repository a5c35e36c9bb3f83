// The registry or the database is away for many leases while tasks run: each goes on under its owner's confirmation, ends once,
// and new work goes on when it is back. PORPOISE_OUTAGE_SECONDS and PORPOISE_INSTANCES make it longer and larger.

import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, Page } from "../../scheduler/api/contract.ts";
import { type Cluster, type ClusterOptions, startCluster } from "../support/cluster.ts";
import { doubled, readWitness, witnessScript } from "../support/witness.ts";

const leaseMs = 3_000;
const outageMs = Number(process.env["PORPOISE_OUTAGE_SECONDS"] ?? 12) * 1_000;
const instances = Number(process.env["PORPOISE_INSTANCES"] ?? 40);
const limit = { timeout: 300_000 + 4 * outageMs };
/** What comes back empty shows more than what comes back as it was. */
const inLongForm = {
  ...limit,
  skip: process.env["PORPOISE_OUTAGE_SECONDS"]
    ? false
    : "with PORPOISE_OUTAGE_SECONDS only: one like it is tried below",
};

test("ZooKeeper is away for many leases and comes back as it was", limit, (t) =>
  outage(t, "zookeeper", async ({ registry }) => {
    await registry.kill();
    await delay(outageMs);
    await registry.restart();
  }),
);

test("ZooKeeper is away for many leases and comes back empty", limit, (t) =>
  outage(t, "zookeeper", async ({ registry }) => {
    await registry.kill();
    await delay(outageMs);
    await registry.wipe();
  }),
);

test("etcd is away for many leases and comes back as it was", inLongForm, (t) =>
  outage(t, "etcd", async ({ registry }) => {
    await registry.kill();
    await delay(outageMs);
    await registry.restart();
  }),
);

test("etcd is away for many leases and comes back empty", limit, (t) =>
  outage(t, "etcd", async ({ registry }) => {
    await registry.kill();
    await delay(outageMs);
    await registry.wipe();
  }),
);

test("MariaDB stands still for many leases, and is then restarted", limit, (t) =>
  outage(t, "zookeeper", async ({ database }) => {
    database.pause();
    await delay(outageMs);
    await database.kill();
    await database.restart();
  }),
);

test("MariaDB is gone for many leases and comes back", limit, (t) =>
  outage(t, "zookeeper", async ({ database }) => {
    await database.kill();
    await delay(outageMs);
    await database.restart();
  }),
);

async function outage(
  t: TestContext,
  registry: NonNullable<ClusterOptions["registry"]>,
  strike: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster({ slots: instances, leaseMs, registry });
  t.after(() => cluster.close());
  const witness = path.join(cluster.folder, "witness");
  await cluster.start("api", "api");
  await Promise.all([
    ...["m1", "m2"].map((name) => cluster.start("master", name)),
    ...["w1", "w2"].map((name) => cluster.start("worker", name)),
  ]);
  // Longer than the outage, so that all of them live through it.
  const beats = Math.ceil(outageMs / 1_000) + 10;
  const task = `task a: shell {\n  \`\`\`bash raw\n${witnessScript(witness, beats, "1")}\n  \`\`\`\n}\n`;
  await cluster.request("POST", "/deployments", {
    files: [{ path: "long.flow", text: `workflow chaos/long {\n}\n\n${task}` }],
  });
  const start = (): Promise<InstanceShape> =>
    cluster.request<InstanceShape>("POST", "/projects/chaos/workflows/long/instances", {});
  for (let count = 0; count < instances; count += 1) await start();
  await eventually(async () => (await readWitness(witness).catch(() => new Map())).size === instances, "all run");

  await strike(cluster);
  const after = await patiently(start);
  await eventually(async () => {
    const page = await patiently(() =>
      cluster.request<Page<InstanceShape>>("GET", "/instances?limit=500&state=submitted,running"),
    );
    return page.items.length === 0;
  }, "all are over");

  const { items } = await cluster.request<Page<InstanceShape>>("GET", "/instances?limit=500");
  assert.equal(items.length, instances + 1);
  assert.ok(items.some(({ id }) => id === after.id));
  assert.deepEqual([...new Set(items.map(({ state }) => state))], ["succeeded"]);
  const seen = await readWitness(witness);
  assert.deepEqual(doubled(seen), []);
  t.diagnostic(
    `${instances} instances lived through ${outageMs / 1_000} s and ${seen.size - 1} attempts of theirs with them`,
  );
  const again = [...seen].filter(([, attempts]) => attempts.length > 1);
  assert.deepEqual(again, [], "attempts were begun again although their owners could confirm them");
}

async function eventually(is: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 120_000 + 2 * outageMs;
  while (!(await is())) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await delay(300);
  }
}

/** Asks again while the api or its database is away. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + 60_000; ; await delay(200)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
