// Faults of every kind, at random, while instances run: in the end each has succeeded, and no attempt ran beside another of
// its task. The seed is printed; PORPOISE_SEED repeats the order of faults, PORPOISE_FAULTS makes the run longer.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, LogChunk, Page } from "../../scheduler/api/contract.ts";
import { type Cluster, type Kind, type Member, startCluster } from "../support/cluster.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { doubled, readWitness, witnessScript } from "../support/witness.ts";

const leaseMs = 4_000;
const faults = Number(process.env["PORPOISE_FAULTS"] ?? 8);
const registry =
  (["etcd", "database"] as const).find((type) => type === process.env["PORPOISE_REGISTRY"]) ?? "zookeeper";
const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
const instancesAFault = 12;
const beats = 4;

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({
    slots: 24,
    leaseMs,
    lostLimit: faults * 2,
    isProxied: true,
    smallDisksMb: 16,
    registry,
  });
});
after(() => cluster?.close());

test("every instance succeeds and no attempt runs twice, whatever is killed, frozen or restarted", async (t) => {
  t.diagnostic(`seed ${seed}, ${registry}`);
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
  /** What a fault has its hands on: several at once never share one. */
  const busy = new Set<string>();
  const whileBusy = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    busy.add(name);
    try {
      return await act();
    } finally {
      busy.delete(name);
    }
  };
  const onMember = (kinds: readonly Kind[], act: (victim: Member) => Promise<string>): Promise<string> => {
    const free = [...members.values()].filter(({ kind, name }) => kinds.includes(kind) && !busy.has(name));
    const victim = pick(free);
    return whileBusy(victim.name, () => act(victim));
  };
  const onServer = async (kind: "registry" | "database", act: () => Promise<string>): Promise<string> => {
    const name = registry === "database" ? "database" : kind;
    return busy.has(name) ? `nothing more to the ${kind}` : whileBusy(name, act);
  };

  const kill = (signal: "SIGKILL" | "SIGTERM", kinds: readonly Kind[]): Promise<string> =>
    onMember(kinds, async (victim) => {
      await (signal === "SIGKILL" ? victim.kill() : victim.stop());
      // On its old folder and ports: what it left there is its successor's. A registry that is away may not take it at once.
      await patiently(() => start(victim.kind, victim.name));
      return `${signal} ${victim.name}`;
    });
  const freeze = (forMs: number): Promise<string> =>
    onMember(["master", "worker"], async (victim) => {
      victim.signal("SIGSTOP");
      await delay(forMs);
      victim.signal("SIGCONT");
      return `froze ${victim.name} for ${forMs} ms`;
    });
  /** One member's way to the database, the registry or its masters, or all at once, for up to two leases. */
  const obstruct = (what: string, act: (way: TcpProxy) => void): Promise<string> =>
    onMember(["master", "worker"], async (victim) => {
      assert.ok(victim.ways);
      const { database, registry: toRegistry, wire } = victim.ways;
      const [name, ways] = pick([
        victim.kind === "worker" ? ["masters", [wire]] : ["the database", [database]],
        ["the registry", [toRegistry]],
        ["all", [database, toRegistry, wire]],
      ] as const);
      for (const way of ways) act(way);
      await delay(500 + random(leaseMs * 2));
      for (const way of ways) way.open();
      return `${what} ${victim.name} to ${name}`;
    });
  const fillDisk = (): Promise<string> =>
    onMember(["worker", "api"], async ({ name }) => {
      const disk = cluster.disks.get(name);
      if (!disk) return `${name} has no disk of its own to fill`;
      disk.fill();
      await delay(500 + random(leaseMs));
      disk.empty();
      return `filled the disk of ${name}`;
    });
  const kinds: readonly (() => Promise<string>)[] = [
    () => kill("SIGKILL", ["master", "worker", "api"]),
    () => kill("SIGKILL", ["master", "worker"]),
    () => kill("SIGTERM", ["master", "worker"]),
    () => freeze(1_000),
    () => freeze(leaseMs * 2),
    fillDisk,
    () => obstruct("cut", (way) => way.cut()),
    () => obstruct("held", (way) => way.hold()),
    () => obstruct("swallowed the replies of", (way) => way.swallowReplies()),
    () => obstruct("delayed", (way) => way.delay(300)),
    () =>
      onServer("registry", async () => {
        await cluster.registry.kill();
        await delay(random(2) * leaseMs);
        await cluster.registry.restart();
        return "restarted the registry";
      }),
    () =>
      onServer("registry", async () => {
        cluster.registry.pause();
        await delay(leaseMs);
        cluster.registry.resume();
        return "froze the registry";
      }),
    () =>
      onServer("registry", async () => {
        await cluster.registry.wipe();
        return "wiped the registry";
      }),
    () =>
      onServer("database", async () => {
        await cluster.database.kill();
        await delay(500 + random(2_000));
        await cluster.database.restart();
        return "restarted MariaDB";
      }),
    () =>
      onServer("database", async () => {
        cluster.database.pause();
        await delay(2_000);
        cluster.database.resume();
        return "froze MariaDB";
      }),
  ];

  const ids: string[] = [];
  let struck = 0;
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
    // Every fourth time two at once.
    const atOnce = random(4) === 0 ? 2 : 1;
    const told = await Promise.all(Array.from({ length: atOnce }, () => pick(kinds)()));
    t.diagnostic(told.join(", and "));
    struck += told.length;
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
  t.diagnostic(`${ids.length} instances, ${tasks.length} tasks, ${attempts} attempts, ${struck} faults`);
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

/** a → b, c, each bearing witness of its attempts. What cannot write its output, the disk being full, fails and is tried again. */
function flow(witness: string): string {
  const tasks = ["a", "b", "c"].map(
    (name) =>
      `task ${name}: shell {\n  retries = 100 every 1s\n  \`\`\`bash raw\n  set -e\n${witnessScript(witness, beats, "0.2")}\n  \`\`\`\n}\n`,
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
