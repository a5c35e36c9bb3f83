// Faults at random while jobs run on a real Flink and people stop some of them: in the end each task had one job, which ended as its
// task did. The seed is printed; PORPOISE_SEED repeats the order of faults, PORPOISE_FAULTS makes the run longer.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import { type Cluster, type Kind, type Member, startCluster } from "../support/cluster.ts";
import { seededRandom } from "../support/seeded-random.ts";
import {
  controlledClass,
  type FlinkServer,
  type JobControl,
  jobControl,
  startFlink,
} from "../support/servers/flink.ts";
import { eventually } from "../support/worker.ts";

const leaseMs = 2_000;
const faults = Number(process.env["PORPOISE_FAULTS"] ?? 6);
const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
/** How many jobs run at a time: fewer than Flink has slots. */
const atOnce = 5;
const limitMs = 60_000;

let cluster: Cluster;
let flink: FlinkServer;
let control: JobControl;
before(async () => {
  [cluster, flink, control] = await Promise.all([
    startCluster({ slots: 1, leaseMs, registry: "database", lostLimit: 10 * faults }),
    startFlink(),
    jobControl(),
  ]);
});
after(async () => {
  await Promise.all([cluster?.close(), flink?.stop()]);
  await control?.close();
});

test("every task has one job, whoever watches over it, and every job ends as its task does", async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const members = new Map<string, Member>();
  const start = async (kind: Kind, name: string): Promise<void> =>
    void members.set(name, await cluster.start(kind, name));
  await start("api", "api");
  await Promise.all([start("master", "m1"), start("worker", "w1"), start("worker", "w2"), start("worker", "w3")]);
  await deploy();

  const pick = (kind: Kind): Member => {
    const list = [...members.values()].filter((one) => one.kind === kind);
    return list[random(list.length)] ?? assert.fail(`there is no ${kind}`);
  };
  const end = async (how: "kill" | "stop", victim: Member): Promise<string> => {
    await victim[how]();
    await start(victim.kind, victim.name);
    return `${how} ${victim.name}`;
  };
  const freeze = async (victim: Member): Promise<string> => {
    const forMs = leaseMs / 2 + random(2 * leaseMs);
    victim.signal("SIGSTOP");
    await delay(forMs);
    victim.signal("SIGCONT");
    return `freeze ${victim.name} for ${forMs} ms`;
  };
  const kinds: readonly (() => Promise<string>)[] = [
    () => end("kill", pick("worker")),
    () => end("kill", pick("worker")),
    () => end("stop", pick("worker")),
    () => freeze(pick("worker")),
    () => end("kill", pick("master")),
    async () => {
      flink.pause();
      await delay(1_500);
      flink.resume();
      return "freeze Flink for 1500 ms";
    },
  ];

  const started: string[] = [];
  const stopped = new Set<string>();
  const begin = async (): Promise<void> => {
    const { id } = await cluster.request<InstanceShape>("POST", "/projects/jobs/workflows/words/instances", {});
    started.push(id);
  };
  const stopOne = async (): Promise<void> => {
    const living = started.filter((id) => !stopped.has(id));
    const id = living[random(living.length)] ?? "";
    await cluster.request("POST", `/instances/${id}/stop`, {});
    stopped.add(id);
    await begin();
  };
  for (let count = 0; count < atOnce; count += 1) await begin();
  for (let count = 0; count < faults; count += 1) {
    const fault = kinds[random(kinds.length)];
    // Now and then two at once, and a stop in the middle of them.
    const told = await Promise.all([fault?.(), random(3) === 0 ? stopOne() : undefined, delay(random(1_500))]);
    t.diagnostic(String(told[0]));
  }

  const inTime = (is: () => boolean | Promise<boolean>, what: string): Promise<true> =>
    eventually(async () => (await is()) || undefined, what, limitMs).catch(async (error: unknown) =>
      assert.fail(`${String(error)}\n${(await Promise.all(started.map(standing))).join("\n")}`),
    );
  await inTime(() => areOver([...stopped]), "the end of the stopped ones");
  await inTime(() => control.running() === atOnce, "all other jobs");
  control.finish();
  await inTime(() => areOver(started), "the end of all");

  const states = await flink.jobs();
  let jobs = 0;
  for (const id of started) {
    const { state, tasks } = await instance(id);
    const attempts = tasks?.[0]?.attempts ?? [];
    const [job, ...others] = new Set(attempts.flatMap((one) => one.job ?? []));
    assert.equal(state, stopped.has(id) ? "stopped" : "succeeded", `${id}: ${JSON.stringify(attempts)}`);
    assert.deepEqual(others, [], `instance ${id} has had more jobs than one`);
    // One that was stopped early never had one, or nobody had heard of it.
    if (job === undefined) assert.ok(stopped.has(id), `instance ${id} had no job`);
    else {
      jobs += 1;
      assert.equal(states.get(job), stopped.has(id) ? "CANCELED" : "FINISHED", `the job of instance ${id}`);
    }
  }
  const unheard = states.size - jobs;
  assert.ok(unheard <= stopped.size, `Flink has seen ${states.size} jobs, ${jobs} are known`);
  for (const [job, state] of states) assert.ok(state === "FINISHED" || state === "CANCELED", `job ${job} is ${state}`);
  const finished = [...states.values()].filter((state) => state === "FINISHED").length;
  assert.equal(finished, started.length - stopped.size);
  t.diagnostic(`${faults} faults, ${started.length} tasks, ${states.size} jobs, ${stopped.size} stopped`);
});

async function deploy(): Promise<void> {
  await cluster.request("PUT", "/datasources/streams", { kind: "flink", host: flink.host, port: flink.port });
  const list = control.arguments.map((one) => JSON.stringify(one)).join(", ");
  const lines = ["datasource = streams", 'jar = "example.jar"', `main_class = "${controlledClass}"`];
  const body = [...lines, `arguments = [${list}]`].map((line) => `  ${line}\n`).join("");
  const jar = await readFile(flink.exampleJar, "base64");
  const files = [
    { path: "words.flow", text: `workflow jobs/words {\n}\n\ntask count: flink {\n${body}}\n` },
    { path: "example.jar", text: jar, encoding: "base64" },
  ];
  await cluster.request("POST", "/deployments", { files });
}

const instance = (id: string): Promise<InstanceShape> => cluster.request("GET", `/instances/${id}`);

async function standing(id: string): Promise<string> {
  const { state, tasks } = await instance(id);
  const attempts = (tasks?.[0]?.attempts ?? []).map((one) => [one.state, one.worker, one.job, one.reason].join(" "));
  return `instance ${id} is ${state}: ${attempts.join(" | ")}`;
}

async function areOver(ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    if (!["succeeded", "failed", "stopped"].includes((await instance(id)).state)) return false;
  }
  return true;
}
