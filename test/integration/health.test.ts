// What each process of a cluster tells of itself while it is hurt: /healthz, /readyz and the numbers, asked by HTTP.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterShape, InstanceShape } from "../../scheduler/api/contract.ts";
import { type Cluster, type Member, startCluster } from "../support/cluster.ts";

const leaseMs = 3_000;
const limitMs = 40_000;

describe("the health of a cluster's processes", () => {
  let cluster: Cluster;
  let members: Record<"m1" | "m2" | "w1" | "w2", Member>;
  before(async () => {
    cluster = await startCluster({ slots: 8, leaseMs, isProxied: true });
    await cluster.start("api", "api");
    const [m1, m2, w1, w2] = await Promise.all([
      cluster.start("master", "m1"),
      cluster.start("master", "m2"),
      cluster.start("worker", "w1"),
      cluster.start("worker", "w2"),
    ]);
    members = { m1, m2, w1, w2 };
    const task = (more: string) => `task a: shell {\n${more}  \`\`\`bash\n  sleep 600\n  \`\`\`\n}\n`;
    const text = `workflow t/long {\n}\n\n${task("")}`;
    const nowhere = `workflow t/nowhere {\n}\n\n${task('  worker_group = "nobody"\n')}`;
    const files = [
      { path: "long.flow", text },
      { path: "nowhere.flow", text: nowhere },
    ];
    await cluster.request("POST", "/deployments", { files });
  });
  after(() => cluster?.close());

  const healthOf = async ({ ready }: Member): Promise<string> => {
    const { items } = await cluster.request<ClusterShape>("GET", "/cluster");
    const found = items.find(({ incarnation }) => incarnation === ready)?.health;
    assert.ok(found, `${ready} does not tell where it can be asked`);
    return found;
  };
  const numbers = async (url: string): Promise<ReadonlyMap<string, number>> => {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith("porpoise_"));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
  };
  const reaches = async (url: string, name: string, least: number): Promise<void> => {
    await until(async () => ((await numbers(url)).get(name) ?? 0) >= least, `${name} of ${url} reaches ${least}`);
  };
  const readiness = async (url: string): Promise<{ status: number; reason: string }> => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const { reason = "" }: { reason?: string } = JSON.parse(await response.text());
    return { status: response.status, reason };
  };
  const start = (count: number, workflow = "long"): Promise<readonly InstanceShape[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        cluster.request<InstanceShape>("POST", `/projects/t/workflows/${workflow}/instances`, {}),
      ),
    );
  const runningOn = async (started: readonly InstanceShape[]): Promise<readonly InstanceShape[]> => {
    const shown = () => Promise.all(started.map(({ id }) => cluster.request<InstanceShape>("GET", `/instances/${id}`)));
    await until(async () => (await shown()).every(({ tasks }) => tasks?.[0]?.state === "running"), "all run");
    return shown();
  };
  const workerOf = ({ tasks }: InstanceShape): string | null | undefined => tasks?.[0]?.attempts.at(-1)?.worker;

  test("every kind answers /healthz and /readyz, and says in one line why it is not ready", async () => {
    const urls = [cluster.server, ...(await Promise.all(Object.values(members).map(healthOf)))];
    for (const url of urls) {
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      await until(async () => (await readiness(url)).status === 200, `${url} is ready`);
    }
    const [, m1 = "", , w1 = ""] = urls;
    cluster.registry.pause();
    for (const url of urls) {
      await until(async () => (await readiness(url)).status === 503, `${url} is not ready`);
      assert.match((await readiness(url)).reason, /^[^\n]*registry[^\n]*$/);
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    }
    await reaches(m1, "porpoise_sessions_lost_total", 1);
    await reaches(w1, "porpoise_sessions_lost_total", 1);
    assert.equal((await numbers(w1)).get("porpoise_registry_session"), 0);
    cluster.registry.resume();
    for (const url of urls) await until(async () => (await readiness(url)).status === 200, `${url} is ready again`);

    cluster.database.pause();
    for (const url of [cluster.server, m1]) {
      await until(async () => (await readiness(url)).status === 503, `${url} misses the database`);
      assert.match((await readiness(url)).reason, /database/);
    }
    assert.equal((await readiness(w1)).status, 200, "a worker needs no database");
    cluster.database.resume();
    for (const url of urls) await until(async () => (await readiness(url)).status === 200, `${url} is ready again`);
    // Both have other names since.
    const { items } = await cluster.request<ClusterShape>("GET", "/cluster");
    for (const member of Object.values(members)) {
      const [name] = member.ready.split("#");
      const now = items.find(({ incarnation }) => incarnation.split("#")[0] === name);
      members = { ...members, [member.name]: { ...member, ready: now?.incarnation ?? "" } };
    }
  });

  test("a lost guard, a fenced attempt and a frozen master's writes are counted where they happen", async () => {
    const started = await runningOn(await start(6));
    const { w1, w2, m1 } = members;
    const [first, second, master] = await Promise.all([w1, w2, m1].map(healthOf));
    assert.ok(first && second && master);
    assert.ok(started.some((one) => workerOf(one) === w1.ready) && started.some((one) => workerOf(one) === w2.ready));
    assert.ok(((await numbers(first)).get("porpoise_worker_running_attempts") ?? 0) > 0);

    process.kill(guardOf(w1), "SIGKILL");
    await reaches(first, "porpoise_guards_lost_total", 1);
    await reaches(first, "porpoise_attempts_lost_with_guards_total", 1);

    assert.ok(w2.ways);
    w2.ways.registry.hold();
    w2.ways.wire.hold();
    await reaches(second, "porpoise_attempts_fenced_total", 1);
    assert.ok(((await numbers(second)).get("porpoise_worker_report_lag_seconds") ?? 0) > 0);
    w2.ways.registry.open();
    w2.ways.wire.open();
    await runningOn(started);

    assert.ok(
      (await runningOn(started)).some(({ owner }) => owner === m1.ready),
      "the first master owns nothing",
    );
    m1.signal("SIGSTOP");
    const m2 = await healthOf(members.m2);
    await reaches(m2, "porpoise_takeovers_total", 1);
    await reaches(m2, "porpoise_instances_freed_total", 1);
    m1.signal("SIGCONT");
    await until(async () => ((await numbers(master)).get("porpoise_master_instances") ?? -1) === 0, "it owns nothing");
    for (const { id } of started) await cluster.request("POST", `/instances/${id}/stop`, {});
    await until(
      async () => (await cluster.request<{ items: [] }>("GET", "/instances?state=running,stopping")).items.length === 0,
      "all are stopped",
    );
  });

  test("what waits is told by worker group, and a worker that is gone by its owner", async () => {
    const waiting = await start(3, "nowhere");
    const all = await Promise.all([members.m1, members.m2].map(healthOf));
    const sum = async (name: string): Promise<number> =>
      (await Promise.all(all.map(numbers))).reduce((total, one) => total + (one.get(name) ?? 0), 0);
    const name = 'porpoise_master_waiting_tasks{group="nobody"}';
    await until(async () => (await sum(name)) === 3, "three wait for a worker of their group");
    for (const { id } of waiting) await cluster.request("POST", `/instances/${id}/stop`, {});
    await until(async () => (await sum(name)) === 0, "nobody waits any more");

    const started = await runningOn(await start(6));
    const before = await sum("porpoise_attempts_lost_with_workers_total");
    const lostWith = ({ ready }: Member): number => started.filter((one) => workerOf(one) === ready).length;
    const victim = lostWith(members.w1) > 0 ? members.w1 : members.w2;
    const lost = lostWith(victim);
    await victim.kill();
    await until(
      async () => (await sum("porpoise_attempts_lost_with_workers_total")) === before + lost,
      `its ${lost} attempts are lost`,
    );
    const again = await cluster.start("worker", victim.name);
    await reaches(await healthOf(again), "porpoise_attempts_left_total", lost);
    for (const { id } of started) await cluster.request("POST", `/instances/${id}/stop`, {});
  });
});

const guardOf = (worker: Member): number => {
  const children = execFileSync("ps", ["--ppid", String(worker.pid), "-o", "pid=,args="], { encoding: "utf8" });
  const line = children.split("\n").find((one) => one.includes("guard"));
  assert.ok(line, `no guard among: ${children}`);
  return Number(line.trim().split(" ")[0]);
};

async function until(is: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; await delay(100)) {
    if (await is().catch(() => false)) return;
  }
  assert.fail(`not in time: ${what}`);
}
