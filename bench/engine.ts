// How fast tasks with processes go: a chain, independent tasks, a fan-out, tasks a minute. Prints Markdown.
//
//   node bench/engine.ts [standalone] [cluster]      both when none is named

import { spawn } from "node:child_process";
import { chain, fan } from "./flows.ts";
import { head, median, row, seconds, spread } from "./numbers.ts";
import { deploy, run, runTogether, startClusterTarget, startStandalone, type Target } from "./targets.ts";

const runs = 9;
const slots = 64;
const sustainedMs = 60_000;
const leaseMs = 5_000;

const asked = process.argv.slice(2);
const wants = (name: string): boolean => asked.length === 0 || asked.includes(name);

if (wants("standalone")) await measure(await startStandalone(slots));
if (wants("cluster")) await measure(await startClusterTarget({ slots, leaseMs }));

async function measure(target: Target): Promise<void> {
  try {
    await deploy(target, chain("chain", 40), fan("fan", 100), fan("one", 1));
    await run(target, "chain");
    await run(target, "fan");
    const ours = { chain: [] as number[], independent: [] as number[], fan: [] as number[] };
    const bare = { chain: [] as number[], independent: [] as number[], fan: [] as number[] };
    // Interleaved with bare spawns of the same script: the machine's speed of the moment is in both.
    for (let count = 0; count < runs; count += 1) {
      bare.chain.push(await bareSpawns(40, 1));
      ours.chain.push(await run(target, "chain"));
      bare.independent.push(await bareSpawns(400, slots));
      ours.independent.push(await runTogether(target, "one", 400));
      bare.fan.push(await bareSpawns(100, slots));
      ours.fan.push(await run(target, "fan"));
    }
    const perMinute = await sustained(target);
    console.log(`\n### ${target.name}\n`);
    head("measure", "median", "min … max", "bare spawns of the same script", "ratio");
    for (const [name, kind] of [
      ["chain of 40 tasks", "chain"],
      ["400 instances of one task", "independent"],
      ["fan-out of 100 tasks", "fan"],
    ] as const) {
      const ratio = (median(ours[kind]) / median(bare[kind])).toFixed(2);
      row(name, seconds(median(ours[kind])), spread(ours[kind]), seconds(median(bare[kind])), ratio);
    }
    const spawnsPerMinute = (400 * 60_000) / median(bare.independent);
    row(
      `sustained, ${sustainedMs / 1000} s`,
      `${Math.round(perMinute)} tasks/min`,
      "",
      `${Math.round(spawnsPerMinute)} spawns/min`,
      (perMinute / spawnsPerMinute).toFixed(2),
    );
    const between = (median(ours.chain) - median(bare.chain)) / 40;
    console.log(
      `\nFrom one task's end to the next one's start in the chain: ${between.toFixed(1)} ms more than a bare spawn.`,
    );
  } finally {
    await target.close();
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
