// Masters and workers are killed while many instances run: nothing is lost, nothing runs twice, logs are whole.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, LogChunk, Page } from "../../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../support/cluster.ts";
import { assertNamed, type LogLine } from "../support/log-lines.ts";
import { doubled, readWitness, witnessScript } from "../support/witness.ts";

const instances = 200;
const beats = 3;

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ slots: 24, leaseMs: 5_000 });
});
after(() => cluster?.close());

/** a → b, c → d → e, each bearing witness of its attempts. */
function flow(witness: string): string {
  const tasks = ["a", "b", "c", "d", "e"].map(
    (name) => `task ${name}: shell {\n  \`\`\`bash raw\n${witnessScript(witness, beats, "0.2")}\n  \`\`\`\n}\n`,
  );
  return `workflow chaos/five {\n}\n\n${tasks.join("\n")}\na >> [b, c] >> d >> e\n`;
}

const overStates = ["succeeded", "failed", "stopped"];

async function listAll(): Promise<readonly InstanceShape[]> {
  const all: InstanceShape[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: Page<InstanceShape> = await cluster.request("GET", `/instances?limit=500${query}`);
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

async function until(what: string, limitMs: number, is: (all: readonly InstanceShape[]) => boolean): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const all = await listAll();
    if (is(all)) return;
    const states = Map.groupBy(all, (one) => one.state);
    const told = [...states].map(([state, list]) => `${list.length} ${state}`).join(", ");
    assert.ok(performance.now() < end, `not in time: ${what}; ${told}`);
    await delay(300);
  }
}

test("200 instances succeed while a master and a worker are killed and replaced, and no attempt runs twice", async (t) => {
  const witness = path.join(cluster.folder, "witness");
  await cluster.start("api", "api");
  const [m1, m2, w1] = await Promise.all([
    cluster.start("master", "m1"),
    cluster.start("master", "m2"),
    cluster.start("worker", "w1"),
    cluster.start("worker", "w2"),
  ]);
  await cluster.request("POST", "/deployments", { files: [{ path: "five.flow", text: flow(witness) }] });
  for (let started = 0; started < instances; started += 20) {
    await Promise.all(
      Array.from({ length: 20 }, () => cluster.request("POST", "/projects/chaos/workflows/five/instances", {})),
    );
  }
  const over = (all: readonly InstanceShape[]): number => all.filter((one) => overStates.includes(one.state)).length;

  await until("the first fifth is over", 120_000, (all) => over(all) >= instances / 5);
  const owned = await kill(await busier(m1, m2), t);
  assert.ok(owned > 0, "the killed master owned nothing");
  await until("the second fifth is over", 120_000, (all) => over(all) >= (2 * instances) / 5);
  await runsSomething(w1);
  await kill(w1, t);
  await cluster.start("master", "m3");
  await cluster.start("worker", "w3");
  await until("all are over", 240_000, (all) => over(all) === instances);

  const all = await listAll();
  assert.equal(all.length, instances);
  assert.deepEqual([...new Set(all.map((one) => one.state))], ["succeeded"]);

  const seen = await readWitness(witness);
  assert.deepEqual(doubled(seen), []);
  let lost = 0;
  for (const { id } of all) {
    const { tasks = [] } = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
    assert.equal(tasks.length, 5);
    for (const task of tasks) {
      const last = task.attempts.at(-1);
      assert.equal(last?.state, "succeeded");
      assert.ok(seen.get(task.id)?.at(-1)?.hasEnded, `task ${task.id} succeeded without having ended`);
      // Of those that ran, only the killed worker's were lost: what ran on the living one was adopted by the new owner.
      for (const attempt of task.attempts.slice(0, -1)) {
        assert.equal(attempt.state, "lost");
        // What never began may come back from any: its master died before it had sent it, or it found no slot there.
        if (!seen.get(task.id)?.some((one) => one.attempt === attempt.attempt)) continue;
        assert.equal(attempt.worker, w1.ready, attempt.reason);
        lost += 1;
      }
      const log = await cluster.request<LogChunk>("GET", `/task-instances/${task.id}/logs`);
      assert.equal(
        log.text,
        ["begin", ...Array.from({ length: beats }, (_, n) => `beat ${n + 1}`), "end", ""].join("\n"),
      );
      assert.equal(log.ended, true);
    }
  }
  assert.ok(lost > 0, "the killed worker ran nothing");
  t.diagnostic(`${lost} attempts were lost with the worker and run again`);
  const lines = await outputLines();
  assertNamed(lines);
  for (const { id } of all) {
    const said = lines.filter((line) => line["instance"] === id);
    assert.deepEqual([...new Set(said.map((line) => line["process"]))].sort(), ["api", "master", "worker"]);
  }
});

/** What all processes wrote: one record a line; a killed one may have left half of its last. */
async function outputLines(): Promise<readonly LogLine[]> {
  const folder = path.join(cluster.folder, "output");
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name), "utf8")));
  return files.flatMap((text) =>
    text.split("\n").flatMap((line, index, all) => {
      if (index === all.length - 1) return [];
      const record = JSON.parse(line) as LogLine; // pino's
      return record.msg === undefined ? [] : [record];
    }),
  );
}

async function busier(one: Member, other: Member): Promise<Member> {
  const owners = (await listAll()).map(({ owner }) => owner);
  const count = ({ ready }: Member): number => owners.filter((owner) => owner === ready).length;
  return count(one) >= count(other) ? one : other;
}

/** Waits until an attempt runs there: between two owners of its instances a worker may stand idle for a moment. */
async function runsSomething(worker: Member): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await delay(100)) {
    const { items } = await cluster.request<Page<InstanceShape>>("GET", "/instances?state=running&limit=30");
    const shown = await Promise.all(items.map(({ id }) => cluster.request<InstanceShape>("GET", `/instances/${id}`)));
    const attempts = shown.flatMap((one) => one.tasks ?? []).flatMap((one) => one.attempts);
    if (attempts.some((attempt) => attempt.worker === worker.ready && attempt.state === "running")) return;
  }
  assert.fail(`${worker.name} runs nothing`);
}

/** How many instances it owned when it was killed. */
async function kill(member: Member, t: { diagnostic(text: string): void }): Promise<number> {
  const owned = (await listAll()).filter((one) => one.owner === member.ready).length;
  await member.kill();
  t.diagnostic(`killed ${member.kind} ${member.name}, which owned ${owned} instances`);
  return owned;
}
