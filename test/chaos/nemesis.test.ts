// Faults of every kind, at random, while instances run: in the end each has succeeded, and no attempt ran beside another of
// its task. The seed is printed; PORPOISE_SEED repeats the order of faults, PORPOISE_FAULTS makes the run longer.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, LogChunk, Page } from "../../scheduler/api/contract.ts";
import { type Cluster, type Kind, type Member, startCluster } from "../support/cluster.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { doubled, readWitness, witnessScript } from "../support/witness.ts";

const leaseMs = 4_000;
const faults = Number(process.env["PORPOISE_FAULTS"] ?? 8);
const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
const instancesAFault = 12;
const beats = 4;

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ slots: 24, leaseMs, lostLimit: faults });
});
after(() => cluster?.close());

test("every instance succeeds and no attempt runs twice, whatever is killed, frozen or restarted", async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const witness = path.join(cluster.folder, "witness");
  const members = new Map<string, Member>();
  const start = async (kind: Kind, name: string): Promise<void> =>
    void members.set(name, await cluster.start(kind, name));
  await start("api", "api");
  await Promise.all(["m1", "m2"].map((name) => start("master", name)));
  await Promise.all(["w1", "w2"].map((name) => start("worker", name)));
  await patiently(() =>
    cluster.request("POST", "/deployments", { files: [{ path: "three.flow", text: flow(witness) }] }),
  );

  const pick = <T>(list: readonly T[]): T => {
    const one = list[random(list.length)];
    assert.ok(one !== undefined);
    return one;
  };
  const victims = (kinds: readonly Kind[]): readonly Member[] =>
    [...members.values()].filter(({ kind }) => kinds.includes(kind));
  const kill = async (signal: "SIGKILL" | "SIGTERM", kinds: readonly Kind[]): Promise<string> => {
    const victim = pick(victims(kinds));
    await (signal === "SIGKILL" ? victim.kill() : victim.stop());
    await start(victim.kind, victim.name); // a worker on its old folder: what it left there is its successor's
    return `${signal} ${victim.name}`;
  };
  const freeze = async (forMs: number): Promise<string> => {
    const victim = pick(victims(["master", "worker"]));
    victim.signal("SIGSTOP");
    await delay(forMs);
    victim.signal("SIGCONT");
    return `froze ${victim.name} for ${forMs} ms`;
  };
  const kinds: readonly (() => Promise<string>)[] = [
    () => kill("SIGKILL", ["master", "worker", "api"]),
    () => kill("SIGKILL", ["master", "worker"]),
    () => kill("SIGTERM", ["master", "worker"]),
    () => freeze(1_000),
    () => freeze(leaseMs * 2),
    async () => {
      await cluster.zookeeper.kill();
      await delay(random(2) * leaseMs);
      await cluster.zookeeper.restart();
      return "restarted ZooKeeper";
    },
    async () => {
      cluster.zookeeper.pause();
      await delay(leaseMs);
      cluster.zookeeper.resume();
      return "froze ZooKeeper";
    },
    async () => {
      await cluster.database.kill();
      await delay(500 + random(2_000));
      await cluster.database.restart();
      return "restarted MariaDB";
    },
    async () => {
      cluster.database.pause();
      await delay(2_000);
      cluster.database.resume();
      return "froze MariaDB";
    },
  ];

  const ids: string[] = [];
  for (let fault = 0; fault < faults; fault += 1) {
    for (let count = 0; count < instancesAFault; count += 1) {
      const key = `${fault}-${count}`;
      const { id } = await patiently(() =>
        cluster.request<InstanceShape>(
          "POST",
          "/projects/chaos/workflows/three/instances",
          {},
          { "Idempotency-Key": key },
        ),
      );
      ids.push(id);
    }
    t.diagnostic(await pick(kinds)());
    await delay(500);
  }
  assert.equal(new Set(ids).size, faults * instancesAFault);
  await settled(ids.length);

  const all = await Promise.all(
    ids.map((id) => patiently(() => cluster.request<InstanceShape>("GET", `/instances/${id}`))),
  );
  const seen = await readWitness(witness);
  const twice = doubled(seen);
  if (twice.length > 0) await tellOf(twice, seen);
  assert.deepEqual(twice, []);
  const unsuccessful = all.filter((one) => one.state !== "succeeded");
  assert.equal(unsuccessful.length, 0, JSON.stringify(unsuccessful.slice(0, 2), undefined, 1));
  const tasks = all.flatMap((one) => one.tasks ?? []);
  for (const task of tasks) {
    assert.equal(task.state, "succeeded");
    assert.ok(seen.get(task.id)?.at(-1)?.hasEnded, `${task.id} succeeded without having ended`);
    const log = await cluster.request<LogChunk>("GET", `/task-instances/${task.id}/logs`);
    assert.match(log.text, /^begin\n(beat \d\n)*end\n$/);
  }
  const attempts = tasks.reduce((sum, task) => sum + task.attempts.length, 0);
  t.diagnostic(`${ids.length} instances, ${tasks.length} tasks, ${attempts} attempts, ${faults} faults`);
});

/** What is known of tasks that ran twice, for whoever has to find out why. */
async function tellOf(twice: readonly string[], seen: Awaited<ReturnType<typeof readWitness>>): Promise<void> {
  for (const text of twice.slice(0, 5)) {
    const id = text.split("#")[0] ?? "";
    const { tasks = [] } = await cluster.request<InstanceShape>("GET", `/instances/${id.split(".")[0]}`);
    console.error(
      text,
      seen.get(id),
      JSON.stringify(
        tasks.find((task) => task.id === id),
        undefined,
        1,
      ),
    );
  }
}

/** a → b, c, each bearing witness of its attempts. */
function flow(witness: string): string {
  const tasks = ["a", "b", "c"].map(
    (name) => `task ${name}: shell {\n  \`\`\`bash raw\n${witnessScript(witness, beats, "0.2")}\n  \`\`\`\n}\n`,
  );
  return `workflow chaos/three {\n}\n\n${tasks.join("\n")}\na >> [b, c]\n`;
}

/** Asks again while the api or its database is away. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + 60_000; ; await delay(200)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}

async function settled(count: number): Promise<void> {
  for (const end = performance.now() + 180_000; ; await delay(500)) {
    const page = await patiently(() =>
      cluster.request<Page<InstanceShape>>(
        "GET",
        "/instances?limit=500&state=submitted,running,pausing,stopping,serial_wait",
      ),
    );
    if (page.items.length === 0) return;
    const told = page.items.slice(0, 3).map((one) => JSON.stringify(one));
    assert.ok(performance.now() < end, `${page.items.length} of ${count} instances have not ended: ${told.join("\n")}`);
  }
}
