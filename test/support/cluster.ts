// A cluster of real processes for tests and benchmarks: MariaDB, ZooKeeper, and `porpoise` processes that can be killed.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RegistryType } from "../../scheduler/registry/registries.ts";
import { startEtcd } from "./servers/etcd.ts";
import { type MariadbServer, startMariadb } from "./servers/mariadb.ts";
import { freePort } from "./servers/server-process.ts";
import { startZookeeper, type ZookeeperServer } from "./servers/zookeeper.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../scheduler/cli/main.ts");
const secret = "a secret of this test cluster";
const token = "pp_token-of-this-test-cluster";

export type Kind = "api" | "master" | "worker";

export interface Member {
  readonly kind: Kind;
  readonly name: string;
  /** As its ready line told it. */
  readonly ready: string;
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** What stands between it and the others, whichever of its lives it is in. */
  readonly ways?: Ways;
}

export interface Ways {
  readonly database: TcpProxy;
  readonly registry: TcpProxy;
  /** From masters to a worker. */
  readonly wire: TcpProxy;
}

export interface Cluster {
  readonly folder: string;
  readonly database: MariadbServer;
  readonly registry: RegistryServer;
  /** By member, with `smallDisksMb`: a worker's data folder, an api's logs. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  readonly server: string;
  readonly token: string;
  readonly secret: string;
  /** The process of the member that was started last under that name. */
  pidOf(name: string): number;
  /** Starts one more process and waits for its ready line. `port`: of a worker's wire, of a master's health; absent: any. */
  start(kind: Kind, name: string, port?: number): Promise<Member>;
  request<T>(method: string, route: string, body?: object, headers?: { readonly [name: string]: string }): Promise<T>;
  close(): Promise<void>;
}

/** What tests do to a registry's server, whichever it is. */
export type RegistryServer = Pick<
  ZookeeperServer,
  "connect" | "pause" | "resume" | "kill" | "restart" | "wipe" | "stop"
>;

export interface ClusterOptions {
  /** True: a proxy stands between each member and the others. */
  readonly isProxied?: boolean;
  /** Absent: ZooKeeper. */
  readonly registry?: RegistryType;
  /** The folders that members write to have small disks of their own, where this user may mount them. */
  readonly smallDisksMb?: number;
  readonly slots: number;
  /** Session timeout of the registry. */
  readonly leaseMs: number;
  /** Attempts lost with their workers until a task fails; absent: the usual. */
  readonly lostLimit?: number;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { slots, leaseMs, lostLimit = 3, registry: registryType = "zookeeper" } = options;
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-cluster-"));
  const startServer = { zookeeper: startZookeeper, etcd: startEtcd, database: async () => undefined };
  const [database, registryServer] = await Promise.all([startMariadb(), startServer[registryType]()]);
  const registry: RegistryServer = registryServer ?? registryWithin(database);
  const registryPort = Number(registry.connect.split(":")[1]);
  const ways = new Map<string, Ways & { readonly workerPort: number }>();
  const apiPort = await freePort();
  const members: { readonly name: string; readonly child: ChildProcess }[] = [];
  const disks = new Map<string, SmallDisk>();
  const environment = (name: string, port = 0): NodeJS.ProcessEnv => {
    const here = ways.get(name);
    return {
      ...process.env,
      NODE_NO_WARNINGS: "1",
      INIT_CWD: folder,
      PORPOISE_NAME: name,
      PORPOISE_SECRET: secret,
      PORPOISE_DATABASE_PORT: String(here?.database.port ?? database.port),
      PORPOISE_DATABASE_USER: database.user,
      PORPOISE_DATABASE_DATABASE: "porpoise",
      PORPOISE_REGISTRY_TYPE: registryType,
      PORPOISE_REGISTRY_CONNECT: here ? `127.0.0.1:${here.registry.port}` : registry.connect,
      PORPOISE_WORKER_PORT: String(here?.workerPort ?? port),
      PORPOISE_MASTER_HEALTH_PORT: String(port),
      PORPOISE_WORKER_ANNOUNCED_PORT: String(here?.wire.port ?? 0),
      PORPOISE_REGISTRY_LEASE_MS: String(leaseMs),
      PORPOISE_API_PORT: String(apiPort),
      PORPOISE_API_TOKEN: token,
      PORPOISE_API_LOG_FOLDER: path.join(folder, "logs"),
      PORPOISE_MASTER_LOST_LIMIT: String(lostLimit),
      PORPOISE_WORKER_SLOTS: String(slots),
      PORPOISE_WORKER_DATA_FOLDER: path.join(folder, name),
      PORPOISE_WORKER_DRAIN_MS: "2000",
      PORPOISE_WORKER_STOP_GRACE_MS: "500",
    };
  };

  /** A member keeps its ports over all its lives: who dies is replaced at the same address. */
  const waysOf = async (name: string): Promise<Ways | undefined> => {
    if (options.isProxied !== true) return undefined;
    const known = ways.get(name);
    if (known) return known;
    const workerPort = await freePort();
    const toDatabase = await startTcpProxy(database.port);
    const fresh = {
      database: toDatabase,
      registry: registryType === "database" ? toDatabase : await startTcpProxy(registryPort),
      wire: await startTcpProxy(workerPort),
      workerPort,
    };
    ways.set(name, fresh);
    return fresh;
  };

  /** It stays over all lives of its member. */
  const giveDisk = (kind: Kind, name: string): void => {
    if (options.smallDisksMb === undefined || kind === "master" || disks.has(name)) return;
    const disk = mountSmallDisk(path.join(folder, kind === "api" ? "logs" : name), options.smallDisksMb);
    if (disk) disks.set(name, disk);
  };

  const run = (args: readonly string[], name: string, port?: number): ChildProcess => {
    const child = spawn(process.execPath, [main, ...args], {
      env: environment(name, port),
      stdio: ["ignore", "pipe", "pipe"],
    });
    members.push({ name, child });
    child.stderr?.pipe(createWriteStream(path.join(folder, "output", `${name}.log`), { flags: "a" }));
    return child;
  };

  const start: Cluster["start"] = async (kind, name, port) => {
    const between = await waysOf(name);
    giveDisk(kind, name);
    const child = run([kind], name, port);
    const ready = await readyLine(child, name);
    return {
      kind,
      name,
      ready,
      pid: child.pid ?? 0,
      kill: async () => void (await end(child, "SIGKILL")),
      stop: () => end(child, "SIGTERM"),
      signal: (signal) => void child.kill(signal),
      ...(between ? { ways: between } : {}),
    };
  };

  await mkdir(path.join(folder, "output"), { recursive: true });
  await database.createDatabase("porpoise");
  const migration = run(["migrate"], "migrate");
  assert.equal(await new Promise((resolve) => migration.once("exit", resolve)), 0, "the schema was not created");
  const server = `http://127.0.0.1:${apiPort}`;

  return {
    folder,
    database,
    registry,
    disks,
    server,
    token,
    secret,
    pidOf: (name) => members.findLast((member) => member.name === name)?.child.pid ?? 0,
    start,
    request: async (method, route, body, headers) => {
      const response = await fetch(`${server}/api/v1${route}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${route}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    close: async () => {
      for (const { child } of members) child.kill("SIGCONT");
      await Promise.all(members.map(({ child }) => end(child, "SIGTERM")));
      for (const one of ways.values())
        await Promise.all([...new Set([one.database, one.registry, one.wire])].map((way) => way.close()));
      for (const disk of disks.values()) disk.close();
      await Promise.all([database.stop(), registry.stop()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Its server is the database; wiped are its tables alone. */
function registryWithin(database: MariadbServer): RegistryServer {
  return {
    connect: `${database.host}:${database.port}`,
    pause: database.pause,
    resume: database.resume,
    kill: database.kill,
    restart: database.restart,
    wipe: async () => {
      for (const table of ["sessions", "members", "tickets", "holders"])
        await database.run(`delete from registry_${table}`, "porpoise");
    },
    stop: async () => {},
  };
}

const readyLimitMs = 30_000;

function readyLine(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string): void => reject(new Error(`${name} ${why}: ${output}`));
    const timer = setTimeout(() => fail("is not ready in time"), readyLimitMs);
    const collect = (bytes: Buffer): void => {
      output = (output + bytes).slice(-8_000);
      const line = /^porpoise \w+ is ready: (.*)$/m.exec(output)?.[1];
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(line);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", (bytes: Buffer) => {
      output = (output + bytes).slice(-8_000);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

const endLimitMs = 15_000;

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const late = new AbortController();
  void delay(endLimitMs, undefined, { signal: late.signal }).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  const code = await gone;
  late.abort();
  return code;
}
