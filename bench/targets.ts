// What is measured: a standalone process, or a cluster on MariaDB and ZooKeeper; both are asked over REST.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { InstanceShape, Page } from "../scheduler/api/contract.ts";
import { type Cluster, type ClusterOptions, startCluster } from "../test/support/cluster.ts";

const here = path.dirname(fileURLToPath(import.meta.url));
const main = path.resolve(here, "../scheduler/cli/main.ts");

export interface Target {
  readonly name: string;
  request<T>(method: string, route: string, body?: object): Promise<T>;
  close(): Promise<void>;
}

export async function startStandalone(slots: number, nodeOptions: readonly string[] = []): Promise<Target> {
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-bench-"));
  const args = [...nodeOptions, main, "standalone", "--port", "0", "--slots", String(slots)];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`standalone ended with ${code}`)));
  });
  const { server, token } = JSON.parse(await readFile(path.join(folder, ".porpoise", "context.json"), "utf8"));
  return {
    name: "standalone (SQLite)",
    request: async (method, route, body) => {
      const response = await fetch(`${server}/api/v1${route}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${route}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    close: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface ClusterTarget extends Target {
  readonly cluster: Cluster;
}

/** One api, so many masters, one worker: a real one, or one that runs nothing. */
export async function startClusterTarget(
  options: ClusterOptions & { readonly masters?: number; readonly runsNothing?: boolean },
): Promise<ClusterTarget> {
  const cluster = await startCluster(options);
  await cluster.start("api", "api");
  const masters = Array.from({ length: options.masters ?? 1 }, (_, index) => `m${index + 1}`);
  await Promise.all(masters.map((name) => cluster.start("master", name)));
  const nothing = options.runsNothing ? await startNoOpWorker(cluster, options) : undefined;
  if (!nothing) await cluster.start("worker", "w1");
  const many = masters.length === 1 ? "1 master" : `${masters.length} masters`;
  return {
    name: `cluster (MariaDB + ZooKeeper, 1 api, ${many}, 1 worker)`,
    cluster,
    request: cluster.request,
    close: async () => {
      nothing?.kill("SIGKILL");
      await cluster.close();
    },
  };
}

async function startNoOpWorker(cluster: Cluster, { slots, leaseMs }: ClusterOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, [path.join(here, "no-op-worker.ts"), "nothing", String(slots)], {
    env: {
      ...process.env,
      PORPOISE_SECRET: cluster.secret,
      PORPOISE_REGISTRY_CONNECT: cluster.registry.connect,
      PORPOISE_REGISTRY_LEASE_MS: String(leaseMs),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the worker that runs nothing ended with ${code}`)));
  });
  return child;
}

export const deploy = (target: Target, ...files: readonly { readonly path: string; readonly text: string }[]) =>
  target.request<object>("POST", "/deployments", { files });

export const start = (target: Target, workflow: string, body: object = {}): Promise<InstanceShape> =>
  target.request("POST", `/projects/bench/workflows/${workflow}/instances`, body);

/** Milliseconds from the start of an instance to its end, by the database's clock. */
export async function run(target: Target, workflow: string, lookEveryMs = 200): Promise<number> {
  const { id } = await start(target, workflow);
  for (;;) {
    const found = await target.request<InstanceShape>("GET", `/instances/${id}`);
    if (found.endedAt !== null && found.startedAt !== null) {
      assert.equal(found.state, "succeeded");
      return Date.parse(found.endedAt) - Date.parse(found.startedAt);
    }
    await delay(lookEveryMs);
  }
}

/** Milliseconds from the first start to the last end of so many instances that are started together. */
export async function runTogether(target: Target, workflow: string, count: number): Promise<number> {
  return endOfAll(target, workflow, await startTogether(target, workflow, count));
}

export async function startTogether(target: Target, workflow: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const batch = Array.from({ length: Math.min(20, count - ids.length) }, () => start(target, workflow));
    for (const { id } of await Promise.all(batch)) ids.push(id);
  }
  return ids;
}

/** Waits until all have succeeded; milliseconds from the first start to the last end. */
export async function endOfAll(target: Target, workflow: string, ids: readonly string[]): Promise<number> {
  const open = new Set(ids);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (let cursor: string | null = ""; open.size > 0; ) {
    const query: string = `state=succeeded,failed,stopped&limit=500${cursor ? `&cursor=${cursor}` : ""}`;
    const page: Page<InstanceShape> = await target.request(
      "GET",
      `/instances?project=bench&workflow=${workflow}&${query}`,
    );
    for (const one of page.items) {
      if (!open.delete(one.id)) continue;
      assert.equal(one.state, "succeeded");
      first = Math.min(first, Date.parse(one.startedAt ?? ""));
      last = Math.max(last, Date.parse(one.endedAt ?? ""));
    }
    cursor = page.next;
    if (cursor === null && open.size > 0) {
      await delay(200);
      cursor = "";
    }
  }
  return last - first;
}
