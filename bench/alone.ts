// The engine alone: tasks without a process, every transition durable, on MariaDB and ZooKeeper. Prints Markdown.
//
//   node bench/alone.ts [size] [growth]      both when none is named

import { readFile } from "node:fs/promises";
import { chains, fan } from "./flows.ts";
import { head, median, row, seconds, spread } from "./numbers.ts";
import {
  type ClusterTarget,
  deploy,
  endOfAll,
  run,
  runTogether,
  startClusterTarget,
  startTogether,
} from "./targets.ts";

const leaseMs = 5_000;
const runs = 5;
const slots = 20_000;
const asked = process.argv.slice(2);
const wants = (name: string): boolean => asked.length === 0 || asked.includes(name);

if (wants("size")) await sizes();
if (wants("growth")) await growth();

async function sizes(): Promise<void> {
  const target = await startClusterTarget({ slots, leaseMs, runsNothing: true });
  try {
    // First: what it takes of memory is the process's greatest.
    const huge = await hugeInstance(target);
    await deploy(target, fan("wide", 1_000), chains("chains", 100, 10));
    await run(target, "wide");
    const wide: number[] = [];
    const long: number[] = [];
    for (let count = 0; count < runs; count += 1) {
      wide.push(await run(target, "wide"));
      long.push(await run(target, "chains"));
    }
    const many = await runTogether(target, "wide", 20);
    console.log("\n### The engine alone (MariaDB + ZooKeeper, 1 master, a worker that runs nothing)\n");
    head("measure", "median", "min … max");
    row("1,000 independent tasks in one instance", seconds(median(wide)), spread(wide));
    row("100 chains of 10 tasks", seconds(median(long)), spread(long));
    row("20 instances of 1,000 tasks", `${Math.round(20_000_000 / many)} completions/s`, "");
    row("10,000 tasks: deploy + start + end", seconds(huge.tookMs), `${huge.memoryMb} MB in the master`);
  } finally {
    await target.close();
  }
}

async function hugeInstance(target: ClusterTarget): Promise<{ readonly tookMs: number; readonly memoryMb: number }> {
  const file = chains("huge", 1_000, 10);
  const beganMs = performance.now();
  await deploy(target, file);
  await run(target, "huge", 50);
  const tookMs = performance.now() - beganMs;
  const status = await readFile(`/proc/${target.cluster.pidOf("m1")}/status`, "utf8");
  return { tookMs, memoryMb: Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024) };
}

/** How cost grows with instances at once and with masters: all are there before the first master is. */
async function growth(): Promise<void> {
  console.log("\n### Completions/s of the engine alone, by instances at once (10 tasks each) and masters\n");
  const instances = [1, 10, 100, 1_000];
  head("masters", ...instances.map((count) => `${count} at once`));
  const target = await startClusterTarget({ slots, leaseMs, runsNothing: true, masters: 0 });
  try {
    await deploy(target, fan("ten", 10));
    for (const masters of [1, 2, 4]) {
      const cells: string[] = [];
      for (const count of instances) {
        const rates: number[] = [];
        for (let round = 0; round < (count < 1_000 ? runs : 1); round += 1)
          rates.push(await rate(target, masters, count));
        cells.push(String(Math.round(median(rates))));
      }
      row(masters, ...cells);
    }
  } finally {
    await target.close();
  }
}

async function rate(target: ClusterTarget, masters: number, count: number): Promise<number> {
  const ids = await startTogether(target, "ten", count);
  const names = Array.from({ length: masters }, (_, index) => `m${index + 1}`);
  const started = await Promise.all(names.map((name) => target.cluster.start("master", name)));
  const tookMs = await endOfAll(target, "ten", ids);
  await Promise.all(started.map((master) => master.stop()));
  return (count * 10 * 1000) / tookMs;
}
