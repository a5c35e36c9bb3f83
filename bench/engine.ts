// How fast the engine is: a chain, a fan-out, tasks a minute, and how long a dead master is missed. Prints Markdown.
//
//   node bench/engine.ts [standalone] [cluster] [failover]      all three when none is named

import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape } from "../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../test/support/cluster.ts";
import { startStandalone, type Target } from "./standalone.ts";

const runs = 9;
const slots = 64;
const sustainedMs = 20_000;
const kills = 5;
const leaseMs = 5_000;
/** Looking is work for the server as well. */
const lookEveryMs = 200;

const asked = process.argv.slice(2);
const wants = (name: string): boolean => asked.length === 0 || asked.includes(name);

if (wants("standalone")) await measure(await startStandalone(slots));
if (wants("cluster")) await measure(await startClusterTarget());
if (wants("failover")) await measureFailover();

async function startClusterTarget(): Promise<Target> {
  const cluster = await startCluster({ slots, leaseMs });
  await startAll(cluster, ["m1"]);
  return {
    name: "cluster (MariaDB + ZooKeeper, 1 api, 1 master, 1 worker)",
    request: cluster.request,
    close: cluster.close,
  };
}

async function startAll(cluster: Cluster, masters: readonly string[]): Promise<readonly Member[]> {
  await cluster.start("api", "api");
  const started = await Promise.all(masters.map((name) => cluster.start("master", name)));
  await cluster.start("worker", "w1");
  return started;
}

function task(name: string, script: string): string {
  return `task ${name}: shell {\n  \`\`\`sh\n  ${script}\n  \`\`\`\n}\n`;
}

function workflow(name: string, count: number, isChain: boolean): { readonly path: string; readonly text: string } {
  const names = Array.from({ length: count }, (_, index) => `t${index}`);
  const tasks = names.map((one) => task(one, "echo done"));
  return {
    path: `${name}.flow`,
    text: `workflow bench/${name} {\n}\n\n${tasks.join("\n")}\n${isChain ? `${names.join(" >> ")}\n` : ""}`,
  };
}

async function measure(target: Target): Promise<void> {
  try {
    const files = [workflow("chain", 40, true), workflow("fan", 100, false)];
    await target.request("POST", "/deployments", { files });
    await run(target, "chain");
    await run(target, "fan");
    const chain: number[] = [];
    const fan: number[] = [];
    const oneByOne: number[] = [];
    const together: number[] = [];
    // Interleaved with bare spawns of the same script: the machine's speed of the moment is in both.
    for (let count = 0; count < runs; count += 1) {
      oneByOne.push(await bareSpawns(40, 1));
      chain.push(await run(target, "chain"));
      together.push(await bareSpawns(100, 100));
      fan.push(await run(target, "fan"));
    }
    const perMinute = await sustained(target);
    console.log(`\n### ${target.name}\n`);
    console.log("| measure | median | min … max | bare spawns of the same script | ratio |\n|---|---|---|---|---|");
    console.log(row("chain of 40 tasks", chain, oneByOne));
    console.log(row("fan-out of 100 tasks", fan, together));
    const spawnsPerMinute = (100 * 60_000) / median(together);
    console.log(
      `| sustained, ${sustainedMs / 1000} s | ${Math.round(perMinute)} tasks/min | | ${Math.round(spawnsPerMinute)} spawns/min | ${(perMinute / spawnsPerMinute).toFixed(2)} |`,
    );
    console.log(
      `\nFrom one task's end to the next one's start in the chain: ${((median(chain) - median(oneByOne)) / 40).toFixed(1)} ms more than a bare spawn.`,
    );
  } finally {
    await target.close();
  }
}

/** Milliseconds from the start of an instance to its end, by the database's clock. */
async function run(target: Target, name: string): Promise<number> {
  const started = await target.request<InstanceShape>("POST", `/projects/bench/workflows/${name}/instances`, {});
  for (;;) {
    const found = await target.request<InstanceShape>("GET", `/instances/${started.id}`);
    if (found.endedAt !== null && found.startedAt !== null)
      return Date.parse(found.endedAt) - Date.parse(found.startedAt);
    await delay(lookEveryMs);
  }
}

/** Tasks a minute while there is always more to do. */
async function sustained(target: Target): Promise<number> {
  const startMs = performance.now();
  const end = startMs + sustainedMs;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await run(target, "fan");
      done += 100;
    }
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  return (done * 60_000) / (performance.now() - startMs);
}

/** Milliseconds for so many `sh -c 'echo done'`, at most `atOnce` at the same time. */
async function bareSpawns(count: number, atOnce: number): Promise<number> {
  const startMs = performance.now();
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await new Promise((resolve) => spawn("sh", ["-c", "echo done"], { stdio: "ignore" }).once("close", resolve));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return performance.now() - startMs;
}

/** From `kill -9` of a master to the first attempt that another one starts for an instance of the dead one. */
async function measureFailover(): Promise<void> {
  const cluster = await startCluster({ slots, leaseMs });
  try {
    let masters = [...(await startAll(cluster, ["m1", "m2"]))];
    const names = Array.from({ length: 200 }, (_, index) => `t${index}`);
    const text = `workflow bench/long {\n}\n\n${names.map((name) => task(name, "sleep 0.1")).join("\n")}\n${names.join(" >> ")}\n`;
    await cluster.request("POST", "/deployments", { files: [{ path: "long.flow", text }] });
    const gaps: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const started = await Promise.all(
        Array.from({ length: 8 }, () =>
          cluster.request<InstanceShape>("POST", "/projects/bench/workflows/long/instances", {}),
        ),
      );
      await delay(1_500);
      const found = await Promise.all(
        started.map(({ id }) => cluster.request<InstanceShape>("GET", `/instances/${id}`)),
      );
      const victim = masters.find((master) => found.some((one) => one.owner === master.ready));
      if (!victim) throw new Error("no master owns an instance");
      const orphans = found.filter((one) => one.owner === victim.ready).map((one) => one.id);
      const killedAt = Date.now();
      await victim.kill();
      gaps.push((await nextStart(cluster, orphans, killedAt)) - killedAt);
      await Promise.all(started.map(({ id }) => cluster.request("POST", `/instances/${id}/stop`, {})));
      masters = [...masters.filter((master) => master !== victim), await cluster.start("master", `m${kill + 3}`)];
    }
    console.log(
      `\n### kill -9 of a master → next dispatch (session timeout ${leaseMs} ms, tick 500 ms, ${kills} kills)\n`,
    );
    console.log(
      `median ${Math.round(median(gaps))} ms, ${Math.round(Math.min(...gaps))} … ${Math.round(Math.max(...gaps))} ms`,
    );
  } finally {
    await cluster.close();
  }
}

async function nextStart(cluster: Cluster, ids: readonly string[], afterMs: number): Promise<number> {
  // An attempt that was on its way when the master died may still begin: that is not the new owner's doing.
  const settledMs = afterMs + 500;
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const found = await Promise.all(ids.map((id) => cluster.request<InstanceShape>("GET", `/instances/${id}`)));
    const starts = found
      .flatMap((one) => one.tasks ?? [])
      .flatMap((one) => one.attempts)
      .map((attempt) => Date.parse(attempt.startedAt ?? ""))
      .filter((ms) => ms > settledMs);
    if (starts.length > 0) return Math.min(...starts);
    await delay(50);
  }
  throw new Error("no instance of the killed master went on within a minute");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function row(name: string, ours: readonly number[], bare: readonly number[]): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;
  const spread = `${seconds(Math.min(...ours))} … ${seconds(Math.max(...ours))}`;
  return `| ${name} | ${seconds(median(ours))} | ${spread} | ${seconds(median(bare))} | ${(median(ours) / median(bare)).toFixed(2)} |`;
}
