// From `kill -9` of a master to the next start of a task of an instance that it owned, and from `kill -9` of a worker to the
// start of its tasks elsewhere, as the tasks themselves witness it: each attempt first looks whether a process of an earlier one of
// its task is alive. Whoever is killed is replaced at once, at the same port. Prints Markdown.
//
//   node bench/failover.ts [kills]      50 of each when no number is given

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, Page } from "../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../test/support/cluster.ts";
import { freePort } from "../test/support/servers/server-process.ts";
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
  const pids = path.join(on.folder, "pids");
  const overlaps = path.join(on.folder, "overlaps");
  await mkdir(pids);
  await writeFile(overlaps, "");
  // The dead whom nobody has buried yet (state Z) are dead.
  const lookBack = [
    `mine=${pids}/$PORPOISE_TASK_INSTANCE`,
    `if [ -e $mine ]; then while read -r attempt pid; do`,
    `  read -r _ _ state _ < /proc/$pid/stat || continue`,
    `  [ "$state" = Z ] || echo "$PORPOISE_TASK_INSTANCE $attempt $pid $state" >> ${overlaps}`,
    `done < $mine 2> /dev/null; fi`,
    `echo "$PORPOISE_ATTEMPT $$" >> $mine`,
  ]
    .map((line) => `  ${line}`)
    .join("\n");
  const script = (beats: number): string =>
    `  \`\`\`bash raw\n${lookBack}\n${witnessScript(witness, beats, "0.2")}\n  \`\`\``;
  const task = (name: string, beats: number): string => `task ${name}: shell {\n${script(beats)}\n}\n`;
  const names = Array.from({ length: 60 }, (_, index) => `t${index}`);
  const chain = `workflow bench/chain {\n}\n\n${names.map((name) => task(name, 1)).join("\n")}\n${names.join(" >> ")}\n`;
  const wide = `workflow bench/wide {\n}\n\n${names
    .slice(0, 6)
    .map((name) => task(name, 300))
    .join("\n")}\n`;
  await on.start("api", "api");
  const members = new Map<string, Member>();
  const ports = new Map(
    await Promise.all(["m1", "m2", "w1", "w2"].map(async (seat) => [seat, await freePort()] as const)),
  );
  let lives = 0;
  /** A replacement has its own name and folder: nothing but the port is its predecessor's. */
  const start = async (kind: "master" | "worker", seat: string): Promise<void> => {
    lives += 1;
    members.set(seat, await on.start(kind, `${seat}-${lives}`, ports.get(seat)));
  };
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
    const seat = kill % 2 === 0 ? "m1" : "m2";
    const victim = members.get(seat) as Member; // both were started above
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
    const replaced = start("master", seat);
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
    await replaced;
  }
  for (const { id } of await running()) await on.request("POST", `/instances/${id}/stop`, {});

  const workers: number[] = [];
  // A round in which the victim runs nothing is none.
  for (let kill = 0; workers.length < kills; kill += 1) {
    const { id } = await run("wide");
    const seat = kill % 2 === 0 ? "w1" : "w2";
    const victim = members.get(seat) as Member; // likewise
    const lost = await until(async () => {
      const { tasks = [] } = await on.request<InstanceShape>("GET", `/instances/${id}`);
      if (tasks.some(({ state }) => state !== "running")) return undefined;
      return tasks.filter(({ attempts }) => attempts.at(-1)?.worker === victim.ready).map((one) => one.id);
    });
    if (lost.length > 0) {
      const killedMs = Date.now();
      await victim.kill();
      const replaced = start("worker", seat);
      workers.push(
        await until(async () => {
          const all = await seen();
          // The first may have been killed before it could bear witness.
          const next = lost.map((one) => all.get(one)?.find(({ attempt }) => attempt > 1));
          if (next.some((attempt) => attempt === undefined)) return undefined;
          return Math.max(...next.map((attempt) => Number((attempt?.begin ?? 0n) / 1_000_000n) - killedMs));
        }),
      );
      await replaced;
    }
    await on.request("POST", `/instances/${id}/stop`, {});
    await until(async () => ((await running()).length === 0 ? true : undefined));
  }

  head("killed", "times", "median", "p95", "min … max");
  for (const [name, values] of [
    ["master → next start of a task it owned", masters],
    ["worker → all its tasks started elsewhere", workers],
  ] as const) {
    row(name, values.length, seconds(quantile(values, 0.5)), seconds(quantile(values, 0.95)), spread(values));
  }
  const alive = (await readFile(overlaps, "utf8")).trim();
  const beside = doubled(await seen()).length;
  console.log(`\nLease ${leaseMs} ms. Attempts that ran beside another of their task: ${beside}.`);
  console.log(
    `Attempts that found a living process of an earlier one: ${alive === "" ? 0 : alive.split("\n").length}.`,
  );
  if (alive !== "") console.log(alive);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + limitMs; performance.now() < end; await delay(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error("it does not happen");
}
