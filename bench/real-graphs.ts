// Real scientific workflow graphs, their tasks as sleeps, run on 64 slots; compared with the list schedule on as many. Prints Markdown.
//
//   node bench/real-graphs.ts [<folder of graphs>]      absent: ../shared/data/wfinstances beside the project

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type FlowFile, flow } from "./flows.ts";
import { head, row, seconds } from "./numbers.ts";
import { deploy, run, startClusterTarget } from "./targets.ts";

const slots = 64;
const criticalPathMs = 60_000;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const folder = process.argv[2] ?? path.join(root, "../shared/data/wfinstances");

interface Task {
  readonly id: string;
  readonly parents: readonly string[];
  readonly runtimeInSeconds: number;
}

const target = await startClusterTarget({ slots, leaseMs: 5_000 });
try {
  console.log(`\n### Real graphs on ${slots} slots, ${target.name}\n`);
  head("graph", "tasks", "critical path", "list schedule", "Porpoise", "overhead");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".json")).sort()) {
    const { tasks } = JSON.parse(await readFile(path.join(folder, file), "utf8")) as { tasks: readonly Task[] };
    const name = path.basename(file, ".json").replaceAll(/[^a-z0-9]+/gi, "_");
    const durations = scaled(tasks);
    await deploy(target, asFlow(name, tasks, durations));
    const ideal = listSchedule(tasks, durations);
    const ours = await run(target, name);
    row(
      name,
      tasks.length,
      seconds(criticalPath(tasks, durations)),
      seconds(ideal),
      seconds(ours),
      `${((ours / ideal - 1) * 100).toFixed(1)} %`,
    );
  }
} finally {
  await target.close();
}

/** Milliseconds by task, such that the critical path takes a minute; a process cannot be shorter than a moment. */
function scaled(tasks: readonly Task[]): ReadonlyMap<string, number> {
  const measured = new Map(tasks.map((task) => [task.id, Math.max(task.runtimeInSeconds, 0.001)]));
  const factor = criticalPathMs / criticalPath(tasks, measured);
  return new Map(tasks.map((task) => [task.id, Math.round((measured.get(task.id) ?? 0) * factor)]));
}

function criticalPath(tasks: readonly Task[], durations: ReadonlyMap<string, number>): number {
  const ends = new Map<string, number>();
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const endOf = (id: string): number => {
    const known = ends.get(id);
    if (known !== undefined) return known;
    const before = Math.max(0, ...(byId.get(id)?.parents ?? []).map(endOf));
    const end = before + (durations.get(id) ?? 0);
    ends.set(id, end);
    return end;
  };
  return Math.max(...tasks.map((task) => endOf(task.id)));
}

/** The makespan on so many slots when whatever is ready goes first come, first served, and nothing costs anything. */
function listSchedule(tasks: readonly Task[], durations: ReadonlyMap<string, number>): number {
  const open = new Map(tasks.map((task) => [task.id, task.parents.length]));
  const children = new Map<string, string[]>();
  for (const task of tasks)
    for (const parent of task.parents) children.set(parent, [...(children.get(parent) ?? []), task.id]);
  const ready = tasks.filter((task) => task.parents.length === 0).map((task) => task.id);
  const running: { readonly id: string; readonly end: number }[] = [];
  let now = 0;
  while (ready.length > 0 || running.length > 0) {
    while (ready.length > 0 && running.length < slots) {
      const id = ready.shift() ?? "";
      running.push({ id, end: now + (durations.get(id) ?? 0) });
    }
    running.sort((a, b) => a.end - b.end);
    const next = running.shift();
    if (!next) break;
    now = next.end;
    for (const child of children.get(next.id) ?? []) {
      const left = (open.get(child) ?? 0) - 1;
      open.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  return now;
}

function asFlow(name: string, tasks: readonly Task[], durations: ReadonlyMap<string, number>): FlowFile {
  const names = new Map(tasks.map((task, index) => [task.id, `t${index}`]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  return flow(
    name,
    tasks.map((task) => ({ name: nameOf(task.id), script: `sleep ${(durations.get(task.id) ?? 0) / 1000}` })),
    tasks
      .filter((task) => task.parents.length > 0)
      .map((task) => `[${task.parents.map(nameOf).join(", ")}] >> ${nameOf(task.id)}`),
  );
}
