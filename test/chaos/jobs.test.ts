// Workers that watch over jobs of a real Flink are killed, frozen and asked to end: the jobs go on, each once, under another worker.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { InstanceShape, TaskInstanceShape } from "../../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../support/cluster.ts";
import {
  controlledClass,
  type FlinkServer,
  type JobControl,
  jobControl,
  startFlink,
} from "../support/servers/flink.ts";
import { eventually } from "../support/worker.ts";

const lostLimit = 2;
const limitMs = 40_000;

let cluster: Cluster;
let flink: FlinkServer;
let control: JobControl;
const workers = new Map<string, Member>();
let started = 0;

before(async () => {
  [cluster, flink, control] = await Promise.all([
    startCluster({ slots: 1, leaseMs: 2_000, registry: "database", lostLimit }),
    startFlink(),
    jobControl(),
  ]);
  await cluster.start("api", "api");
  await Promise.all([cluster.start("master", "m1"), startWorker(), startWorker()]);
  await cluster.request("PUT", "/datasources/streams", { kind: "flink", host: flink.host, port: flink.port });
  const jar = await readFile(flink.exampleJar);
  const list = control.arguments.map((one) => JSON.stringify(one)).join(", ");
  const lines = [
    `datasource = streams`,
    `jar = "example.jar"`,
    `main_class = "${controlledClass}"`,
    `arguments = [${list}]`,
  ];
  const text = `workflow jobs/words {\n}\n\ntask count: flink {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
  const files = [
    { path: "words.flow", text },
    { path: "example.jar", text: jar.toString("base64"), encoding: "base64" },
  ];
  await cluster.request("POST", "/deployments", { files });
});
after(async () => {
  await Promise.all([cluster?.close(), flink?.stop()]);
  await control?.close();
});

async function startWorker(): Promise<void> {
  started += 1;
  const name = `w${started}`;
  workers.set(name, await cluster.start("worker", name));
}

interface Begun {
  readonly id: string;
  readonly job: string;
}

/** An instance whose job runs, and has done so while nothing happened to it. */
async function begin(): Promise<Begun> {
  const before = control.running();
  const { id } = await cluster.request<InstanceShape>("POST", "/projects/jobs/workflows/words/instances", {});
  const { job } = await watched(id);
  await eventually(() => control.running() > before || undefined, "the job's connection", limitMs);
  return { id, job };
}

const taskOf = async (id: string): Promise<TaskInstanceShape> => {
  const { tasks } = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
  return tasks?.[0] ?? assert.fail("the instance has no task");
};

/** Who watches over the instance's job now: told once a worker has found it there, which is not `not`. */
async function watched(id: string, not?: Member): Promise<{ readonly worker: Member; readonly job: string }> {
  return eventually(
    async () => {
      const last = (await taskOf(id)).attempts.at(-1);
      const worker = workers.get(last?.worker?.split("#")[0] ?? "");
      const isSo = last?.state === "running" && last.job !== undefined && worker !== undefined && worker !== not;
      return isSo ? { worker, job: last.job ?? "" } : undefined;
    },
    "a worker that watches",
    limitMs,
  );
}

const over = (id: string): Promise<InstanceShape> =>
  eventually(
    async () => {
      const one = await cluster.request<InstanceShape>("GET", `/instances/${id}`);
      return ["succeeded", "failed", "stopped"].includes(one.state) ? one : undefined;
    },
    `the end of instance ${id}`,
    limitMs,
  );

const ask = (id: string, action: string): Promise<unknown> => cluster.request("POST", `/instances/${id}/${action}`, {});
const attemptsOf = (one: InstanceShape): string =>
  (one.tasks?.[0]?.attempts ?? []).map(({ state }) => state).join(", ");
const stateOf = async (job: string): Promise<string | undefined> => (await flink.jobs()).get(job);

/** How many jobs Flink has seen since. */
async function jobsSince(before: ReadonlyMap<string, string>): Promise<readonly string[]> {
  return [...(await flink.jobs()).keys()].filter((job) => !before.has(job));
}

async function replace(worker: Member): Promise<void> {
  workers.delete(worker.name);
  await startWorker();
}

test("kill -9 of the worker that watches a job: another carries on, nothing is submitted again", async () => {
  const before = await flink.jobs();
  const { id, job } = await begin();
  const { worker } = await watched(id);
  await worker.kill();
  await replace(worker);
  assert.equal((await watched(id, worker)).job, job);
  control.finish();
  const ended = await over(id);
  assert.deepEqual([ended.state, attemptsOf(ended)], ["succeeded", "lost, succeeded"]);
  assert.deepEqual(await jobsSince(before), [job]);
});

test("a worker frozen for longer than its lease loses its job to another, and does nothing to it when it wakes", async () => {
  const before = await flink.jobs();
  const { id, job } = await begin();
  const { worker } = await watched(id);
  worker.signal("SIGSTOP");
  await watched(id, worker);
  worker.signal("SIGCONT");
  const { id: beside } = await begin();
  control.finish();
  const ended = await over(id);
  assert.deepEqual([ended.state, attemptsOf(ended)], ["succeeded", "lost, succeeded"]);
  const other = (await over(beside)).tasks?.[0]?.attempts[0]?.job ?? "";
  assert.deepEqual(new Set(await jobsSince(before)), new Set([job, other]));
});

test("workers that are asked to end hand their job over at once, however many of them", async () => {
  const before = await flink.jobs();
  const { id, job } = await begin();
  for (let count = 0; count <= lostLimit; count += 1) {
    const { worker } = await watched(id);
    const [code] = await Promise.all([worker.stop(), replace(worker)]);
    assert.equal(code, 0);
    assert.equal((await watched(id, worker)).job, job);
  }
  control.finish();
  const ended = await over(id);
  // Some were given to a worker that took no more: they count as little.
  assert.match(`${ended.state}: ${attemptsOf(ended)}`, /^succeeded: (lost, ){3,}succeeded$/);
  assert.deepEqual(await jobsSince(before), [job]);
});

test("a stop reaches the job though the worker that watched it is gone", async () => {
  const before = await flink.jobs();
  const { id, job } = await begin();
  const { worker } = await watched(id);
  await worker.kill();
  await ask(id, "stop");
  await replace(worker);
  const ended = await over(id);
  assert.deepEqual([ended.state, attemptsOf(ended)], ["stopped", "lost, killed"]);
  assert.equal(await stateOf(job), "CANCELED");
  assert.deepEqual(await jobsSince(before), [job]);
});

test("a task whose workers die fails, its rerun carries on; a run from the beginning ends the old job first", async () => {
  const before = await flink.jobs();
  const { id, job } = await begin();
  for (let count = 0; count < lostLimit; count += 1) {
    const { worker } = await watched(id);
    await worker.kill();
    await replace(worker);
  }
  const failed = await over(id);
  assert.deepEqual([failed.state, attemptsOf(failed)], ["failed", "lost, lost"]);
  assert.match(failed.tasks?.[0]?.reason ?? "", /^2 attempts were lost with their workers: .* may still run/);
  assert.equal(await stateOf(job), "RUNNING");

  await ask(id, "rerun-failed");
  const { worker } = await watched(id);
  assert.deepEqual(await jobsSince(before), [job]);
  await ask(id, "pause");
  await worker.kill();
  await replace(worker);
  await eventually(async () => (await taskOf(id)).state === "paused" || undefined, "the pause", limitMs);
  assert.equal(await stateOf(job), "RUNNING");

  await ask(id, "rerun");
  const anew = await watched(id);
  assert.deepEqual([await stateOf(job), await stateOf(anew.job)], ["CANCELED", "RUNNING"]);
  await eventually(() => control.running() === 1 || undefined, "the new job's connection", limitMs);
  control.finish();
  const ended = await over(id);
  assert.deepEqual([ended.state, attemptsOf(ended)], ["succeeded", "lost, lost, lost, succeeded"]);
  assert.deepEqual(new Set(await jobsSince(before)), new Set([job, anew.job]));
});
