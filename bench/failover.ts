// From `kill -9` of a master to the next start of a task of an instance that it owned, and from `kill -9` of a worker to the
// start of its tasks elsewhere, as the tasks themselves witness it. Prints Markdown.
//
//   node bench/failover.ts [kills]      50 of each when no number is given

import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, Page } from "../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../test/support/cluster.ts";
import { doubled, readWitness, type Witnessed, witnessScript } from "../test/support/witness.ts";
import { head, quantile, row, seconds, spread } from "./numbers.ts";

const leaseMs = 5_000;
const kills = Number(process.argv[2] ?? 50);
const limitMs = 60_000;

const cluster = await startCluster({ slots: 32, leaseMs, lostLimit: 1_000 });
try {
  await measure(cluster);
} finally {
  await cluster.close();
}

async function measure(on: Cluster): Promise<void> {
  const witness = path.join(on.folder, "witness");
  const script = (beats: number): string => `  \`\`\`bash raw\n${witnessScript(witness, beats, "0.2")}\n  \`\`\``;
  const task = (name: string, beats: number): string => `task ${name}: shell {\n${script(beats)}\n}\n`;
  const names = Array.from({ length: 60 }, (_, index) => `t${index}`);
  const chain = `workflow bench/chain {\n}\n\n${names.map((name) => task(name, 1)).join("\n")}\n${names.join(" >> ")}\n`;
  const wide = `workflow bench/wide {\n}\n\n${names
    .slice(0, 6)
    .map((name) => task(name, 300))
    .join("\n")}\n`;
  await on.start("api", "api");
  const members = new Map<string, Member>();
  const start = async (kind: "master" | "worker", name: string): Promise<void> =>
    void members.set(name, await on.start(kind, name));
  await Promise.all([start("master", "m1"), start("master", "m2"), start("worker", "w1"), start("worker", "w2")]);
  await on.request("POST", "/deployments", {
    files: [
      { path: "chain.flow", text: chain },
      { path: "wide.flow", text: wide },
    ],
  });
  const run = (workflow: string): Promise<InstanceShape> =>
    on.request("POST", `/projects/bench/workflows/${workflow}/instances`, {});
  const running = async (): Promise<readonly InstanceShape[]> =>
    (await on.request<Page<InstanceShape>>("GET", "/instances?state=running&limit=100")).items;
  const seen = (): Promise<ReadonlyMap<string, readonly Witnessed[]>> => readWitness(witness).catch(() => new Map());

  const masters: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = members.get(kill % 2 === 0 ? "m1" : "m2") as Member; // both were started above
    const owned = await until(async () => {
      const fresh = await Promise.all([run("chain"), run("chain"), run("chain")]);
      await delay(1_500); // taken, and in the middle of it
      const mine = (await running()).filter(
        ({ id, owner }) => owner === victim.ready && fresh.some((one) => one.id === id),
      );
      return mine.length > 0 ? mine.map(({ id }) => id) : undefined;
    });
    const killedMs = Date.now();
    await victim.kill();
    masters.push(
      await until(async () => {
        const begins = [...(await seen())]
          .filter(([id]) => owned.includes(id.split(".")[0] ?? ""))
          .flatMap(([, attempts]) => attempts.map(({ begin }) => Number(begin / 1_000_000n) - killedMs));
        // What was on its way when it died still started.
        const next = begins.filter((ms) => ms > 500);
        return next.length > 0 ? Math.min(...next) : undefined;
      }),
    );
    await start("master", victim.name);
  }
  for (const { id } of await running()) await on.request("POST", `/instances/${id}/stop`, {});

  const workers: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const { id } = await run("wide");
    const victim = members.get(kill % 2 === 0 ? "w1" : "w2") as Member; // likewise
    const lost = await until(async () => {
      const { tasks = [] } = await on.request<InstanceShape>("GET", `/instances/${id}`);
      if (tasks.some(({ state }) => state !== "running")) return undefined;
      return tasks.filter(({ attempts }) => attempts.at(-1)?.worker === victim.ready).map((one) => one.id);
    });
    if (lost.length > 0) {
      const killedMs = Date.now();
      await victim.kill();
      workers.push(
        await until(async () => {
          const all = await seen();
          // The first may have been killed before it could bear witness.
          const next = lost.map((one) => all.get(one)?.find(({ attempt }) => attempt > 1));
          if (next.some((attempt) => attempt === undefined)) return undefined;
          return Math.max(...next.map((attempt) => Number((attempt?.begin ?? 0n) / 1_000_000n) - killedMs));
        }),
      );
    }
    await on.request("POST", `/instances/${id}/stop`, {});
    if (lost.length > 0) await start("worker", victim.name);
    await until(async () => ((await running()).length === 0 ? true : undefined));
  }

  head("killed", "times", "median", "p95", "min … max");
  for (const [name, values] of [
    ["master → next start of a task it owned", masters],
    ["worker → all its tasks started elsewhere", workers],
  ] as const) {
    row(name, values.length, seconds(quantile(values, 0.5)), seconds(quantile(values, 0.95)), spread(values));
  }
  console.log(`\nLease ${leaseMs} ms; attempts that ran beside another of their task: ${doubled(await seen()).length}`);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + limitMs; performance.now() < end; await delay(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error("it does not happen");
}
