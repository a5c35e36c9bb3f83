// Long work on a cluster of real processes: instances of all kinds without a pause, memory watched, everything counted at the end.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, Page } from "../../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "./cluster.ts";

export interface SoakResult {
  readonly instances: number;
  readonly tasks: number;
  /** By process: megabytes after the first third, at the end, and the greatest. */
  readonly memory: readonly {
    readonly name: string;
    readonly early: number;
    readonly late: number;
    readonly most: number;
  }[];
}

const sh = (name: string, script: string, more = ""): string =>
  `task ${name}: shell {\n${more}  \`\`\`sh\n  ${script}\n  \`\`\`\n}\n`;

/** Each kind with what must come of it: its state, and how many tasks have an attempt or a state of their own. */
const kinds = [
  {
    name: "fan",
    state: "succeeded",
    tasks: 10,
    text: range(10)
      .map((n) => sh(`t${n}`, "echo done"))
      .join("\n"),
  },
  {
    name: "chain",
    state: "succeeded",
    tasks: 5,
    text: `${range(5)
      .map((n) => sh(`t${n}`, 'echo "#{setValue(n=1)}"', "  out n: integer\n"))
      .join("\n")}\n${range(5)
      .map((n) => `t${n}`)
      .join(" >> ")}\n`,
  },
  {
    name: "flaky",
    state: "succeeded",
    tasks: 1,
    text: sh("t", "[ $PORPOISE_ATTEMPT = 2 ]", "  retries = 1 every 1s\n"),
  },
  { name: "failing", state: "failed", tasks: 1, text: `${sh("t", "exit 3")}\n${sh("never", "true", "  after = t\n")}` },
  {
    name: "pooled",
    state: "succeeded",
    tasks: 2,
    text: range(2)
      .map((n) => sh(`t${n}`, "sleep 0.05", "  task_group = soak\n"))
      .join("\n"),
  },
  { name: "parent", state: "succeeded", tasks: 1, text: "task t: sub_workflow {\n  workflow = soak/chain\n}\n" },
  {
    name: "branch",
    state: "succeeded",
    tasks: 3,
    text: `task t: switch {\n  when 1 == 1 >> yes\n  else >> no\n}\n\n${sh("yes", "true")}\n${sh("no", "true")}`,
  },
] as const;

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

export async function soak(forMs: number, tell: (line: string) => void = () => {}): Promise<SoakResult> {
  const cluster = await startCluster({ slots: 16, leaseMs: 5_000 });
  try {
    const members = [await cluster.start("api", "api")];
    members.push(...(await Promise.all(["m1", "m2"].map((name) => cluster.start("master", name)))));
    members.push(...(await Promise.all(["w1", "w2"].map((name) => cluster.start("worker", name)))));
    await cluster.request("PUT", "/task-groups/soak", { size: 3 });
    const files = kinds.map(({ name, text }) => ({
      path: `${name}.flow`,
      text: `workflow soak/${name} {\n}\n\n${text}`,
    }));
    await cluster.request("POST", "/deployments", { files });
    const samples = new Map(members.map((member) => [member, [] as number[]]));
    const endMs = performance.now() + forMs;
    const watching = watch(samples, endMs, forMs / 30, tell);
    const started = (await Promise.all(range(6).map((lane) => keepStarting(cluster, lane, endMs)))).flat();
    await watching;
    return { ...(await count(cluster, started)), memory: [...samples].map(([member, all]) => memoryOf(member, all)) };
  } finally {
    await cluster.close();
  }
}

interface Started {
  readonly id: string;
  readonly kind: (typeof kinds)[number];
}

/** One after the other, each awaited. */
async function keepStarting(cluster: Cluster, lane: number, endMs: number): Promise<readonly Started[]> {
  const started: Started[] = [];
  for (let turn = lane; performance.now() < endMs; turn += 1) {
    const kind = kinds[turn % kinds.length];
    if (!kind) continue;
    const { id } = await cluster.request<InstanceShape>("POST", `/projects/soak/workflows/${kind.name}/instances`, {});
    started.push({ id, kind });
    for (;;) {
      const found = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
      if (found.endedAt !== null) break;
      await delay(50);
    }
  }
  return started;
}

/** Every instance ended as its kind must, with every task; nothing of any is left. */
async function count(cluster: Cluster, started: readonly Started[]): Promise<{ instances: number; tasks: number }> {
  const rows = (query: string): Promise<number> => cluster.database.count(query, "porpoise");
  let tasks = 0;
  for (const { id, kind } of started) {
    const found = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
    assert.equal(found.state, kind.state, `instance ${id} of ${kind.name}`);
    const touched = (found.tasks ?? []).filter((task) => task.state !== "submitted").length;
    assert.equal(touched, kind.tasks, `tasks of instance ${id} of ${kind.name}`);
    tasks += touched;
  }
  const children = started.filter(({ kind }) => kind.name === "parent").length;
  assert.equal(await rows("select count(*) from workflow_instance"), started.length + children);
  assert.equal(await rows("select count(*) from workflow_instance where ended_at is null"), 0);
  assert.equal(await rows("select count(*) from workflow_instance where owner is not null"), 0);
  assert.equal(await rows("select count(*) from command"), 0);
  assert.equal(await rows("select count(*) from error_command"), 0);
  assert.equal(await rows("select count(*) from task_group_slot"), 0);
  const open = await cluster.request<Page<InstanceShape>>(
    "GET",
    "/instances?state=running,submitted,serial_wait,stopping",
  );
  assert.deepEqual(open.items, []);
  return { instances: started.length + children, tasks: tasks + children * 5 };
}

async function watch(
  samples: ReadonlyMap<Member, number[]>,
  endMs: number,
  everyMs: number,
  tell: (line: string) => void,
): Promise<void> {
  while (performance.now() < endMs) {
    await delay(Math.min(everyMs, Math.max(0, endMs - performance.now())));
    for (const [member, list] of samples) list.push(await residentMb(member.pid));
    tell([...samples].map(([{ name }, list]) => `${name} ${Math.round(list.at(-1) ?? 0)} MB`).join(" · "));
  }
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

function memoryOf({ name }: Member, all: readonly number[]) {
  const third = Math.floor(all.length / 3);
  return { name, early: middle(all.slice(third, 2 * third)), late: middle(all.slice(-third)), most: Math.max(...all) };
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
