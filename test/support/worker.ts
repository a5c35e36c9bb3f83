// A real worker for tests, with a master and an api that are the test's own.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { folderLogStore } from "../../scheduler/logs/folder.ts";
import type { JsonValue, TaskDefinition } from "../../scheduler/model/definition.ts";
import { incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { CounterName } from "../../scheduler/model/meter.ts";
import { connect } from "../../scheduler/wire/connect.ts";
import type { Connection } from "../../scheduler/wire/contract.ts";
import { listen } from "../../scheduler/wire/listen.ts";
import type {
  ApiRequests,
  Assignment,
  AttemptRef,
  MasterRequests,
  OwnerAnswer,
  Report,
  ReportAnswer,
  WorkerRequests,
} from "../../scheduler/wire/messages.ts";
import { startWorker, type Worker } from "../../scheduler/worker/worker.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";
import { type KeptLog, keptLog } from "./wire.ts";

export const sqlCommand = [process.execPath, new URL("../../scheduler/worker/sql/main.ts", import.meta.url).pathname];
export const guardCommand = [
  process.execPath,
  new URL("../../scheduler/worker/guard/main.ts", import.meta.url).pathname,
];
export const testSecret = "a secret for tests";

export interface TestMaster {
  readonly connection: Connection;
  readonly reports: Report[];
  /** What it answers; the test may change it. */
  answer: (report: Report) => ReportAnswer;
  owner: (ref: Pick<AttemptRef, "taskInstance" | "attempt">) => OwnerAnswer;
  confirm: (instance: string) => number | null;
  ask<Method extends keyof WorkerRequests>(
    method: Method,
    request: WorkerRequests[Method]["request"],
  ): Promise<WorkerRequests[Method]["response"]>;
  dispatch(...assignments: readonly Assignment[]): Promise<readonly string[]>;
  /** The report of an attempt's end, once it is there. */
  ended(ref: AttemptRef): Promise<Extract<Report, { kind: "ended" }>>;
  started(ref: AttemptRef): Promise<Report>;
}

export interface TestApi {
  /** The whole log of an attempt, once it has ended. */
  log(ref: AttemptRef): Promise<string>;
  /** What is stored of it now. */
  soFar(ref: AttemptRef): Promise<string>;
  readonly files: Map<string, Uint8Array>;
  readonly stop: () => Promise<void>;
}

export interface TestWorker {
  readonly worker: Worker;
  readonly master: TestMaster;
  readonly api: TestApi;
  readonly registry: MemoryRegistry;
  readonly log: KeptLog;
  /** What the worker has counted. */
  readonly counted: ReadonlyMap<CounterName, number>;
  readonly dataFolder: string;
}

export interface TestWorkerOptions {
  readonly leaseMs?: number;
  readonly slots?: number;
  readonly stopGraceMs?: number;
  readonly logLimitBytes?: number;
  readonly dataFolder?: string;
  readonly registry?: MemoryRegistry;
  /** Absent: the real one. */
  readonly guardCommand?: readonly string[];
}

export async function testWorker(t: TestContext, options: TestWorkerOptions = {}): Promise<TestWorker> {
  const registry = options.registry ?? memoryRegistry(options.leaseMs);
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), "porpoise-worker-")));
  const log = keptLog();
  const counted = new Map<CounterName, number>();
  const worker = await startWorker({
    meter: { count: (what, by = 1) => void counted.set(what, (counted.get(what) ?? 0) + by) },
    incarnation: incarnation("worker", Math.random().toString(36).slice(2)),
    registry,
    wire: { host: "127.0.0.1", port: 0, secret: testSecret },
    dataFolder,
    slots: options.slots ?? 8,
    groups: ["default"],
    stopGraceMs: options.stopGraceMs ?? 2_000,
    guardCommand: options.guardCommand ?? guardCommand,
    sqlCommand,
    ...(options.logLimitBytes === undefined ? {} : { logLimitBytes: options.logLimitBytes }),
    log,
  });
  t.after(async () => {
    await worker.close();
    if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
  });
  await worker.joined;
  // After the worker, so that at the end they are still there when it closes.
  const api = await testApi(t, registry);
  const master = await testMaster(t, worker.member.data.port);
  return { worker, master, api, registry, log, counted, dataFolder };
}

export async function freshFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-worker-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function testMaster(t: TestContext, port: number, name = "master"): Promise<TestMaster> {
  const reports: Report[] = [];
  const me = incarnation(name, "1");
  const connection = await connect({
    host: "127.0.0.1",
    port,
    signal: new AbortController().signal,
    settings: {
      greeting: { role: "master", incarnation: me },
      secret: testSecret,
      handlers: {
        report: async ({ body }: { body: MasterRequests["report"]["request"] }) => {
          const answers = body.reports.map((report) => master.answer(report));
          reports.push(...body.reports);
          return { body: { answers } };
        },
        owner: async ({ body }: { body: MasterRequests["owner"]["request"] }) => ({
          body: { answers: body.attempts.map((ref) => master.owner(ref)) },
        }),
        confirm: async ({ body }: { body: MasterRequests["confirm"]["request"] }) => ({
          body: { checkedAgoMs: body.instances.map(({ id }) => master.confirm(id)) },
        }),
      },
    },
  });
  t.after(() => connection.close());
  const find = (kind: Report["kind"], ref: AttemptRef): Report | undefined =>
    reports.find((one) => one.kind === kind && one.taskInstance === ref.taskInstance && one.attempt === ref.attempt);
  const master: TestMaster = {
    connection,
    reports,
    answer: () => "kept",
    owner: () => ({ kind: "owner", master: me }),
    confirm: () => null,
    ask: async (method, request) =>
      (await connection.request<WorkerRequests[typeof method]["response"]>(method, request)).body,
    dispatch: async (...assignments) => (await master.ask("dispatch", { assignments })).answers,
    ended: async (ref) => {
      const report = await eventually(() => find("ended", ref), `the end of ${ref.taskInstance}#${ref.attempt}`);
      if (report.kind !== "ended") throw new Error("unreachable");
      return report;
    },
    started: (ref) => eventually(() => find("started", ref), `the start of ${ref.taskInstance}#${ref.attempt}`),
  };
  return master;
}

export async function testApi(t: TestContext, registry: MemoryRegistry, name = "api"): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-api-"));
  const store = folderLogStore({ folder });
  const files = new Map<string, Uint8Array>();
  const me = incarnation(name, Math.random().toString(36).slice(2));
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    settings: {
      greeting: { role: "api", incarnation: me },
      secret: testSecret,
      handlers: {
        logs: async ({
          body,
          binary = new Uint8Array(),
        }: {
          body: ApiRequests["logs"]["request"];
          binary?: Uint8Array;
        }) => {
          const ends: number[] = [];
          let at = 0;
          for (const chunk of body.chunks) {
            const bytes = binary.subarray(at, at + chunk.length);
            const { end } = await store.append(chunk, chunk.offset, bytes, chunk.ended);
            at += chunk.length;
            ends.push(end);
          }
          return { body: { ends } };
        },
        file: async ({ body }: { body: { sha256: string } }) => {
          const binary = files.get(body.sha256) ?? new Uint8Array();
          return { body: { size: binary.length }, binary };
        },
      },
    },
  });
  const data = {
    host: "127.0.0.1",
    port: server.port,
    pid: 1,
    startedAt: "",
    cpu: 0,
    memory: 0,
    slots: 0,
    slotsUsed: 0,
  };
  registry.add({ kind: "api", incarnation: me, data: { ...data, status: "ready", groups: [] } });
  const stop = async (): Promise<void> => {
    registry.remove(me);
    await server.close();
  };
  t.after(async () => {
    await stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  /** Everything from the start, read on from where the reading before ended. */
  const reader = (ref: AttemptRef) => {
    const parts: Uint8Array[] = [];
    let offset = 0;
    return {
      /** True once the log has ended and all of it is read. */
      more: async (): Promise<boolean> => {
        const { bytes, nextOffset, ended } = await store.read(ref, offset, 4 * 1024 * 1024);
        parts.push(bytes);
        offset = nextOffset;
        return ended;
      },
      text: () => Buffer.concat(parts).toString(),
    };
  };
  return {
    files,
    stop,
    soFar: async (ref) => {
      const log = reader(ref);
      await log.more();
      return log.text();
    },
    log: async (ref) => {
      const log = reader(ref);
      await eventually(
        async () => ((await log.more()) ? true : undefined),
        `the end of the log of ${ref.taskInstance}#${ref.attempt}`,
        20_000,
      );
      return log.text();
    },
  };
}

export interface TaskText {
  readonly type?: string;
  readonly language?: string;
  readonly raw?: boolean;
  readonly outputs?: readonly string[];
  readonly attributes?: { readonly [name: string]: JsonValue };
  readonly scope?: { readonly [name: string]: string };
  readonly environment?: { readonly [name: string]: string };
  readonly files?: Assignment["files"];
  readonly attempt?: number;
  readonly ownerEpoch?: number;
  readonly instance?: number;
  readonly task?: number;
  readonly datasource?: Assignment["datasource"];
  readonly job?: Assignment["job"];
}

/** An assignment of a script to a worker, under a task instance of its own. */
export function assignment(
  worker: { readonly member: Pick<Worker["member"], "incarnation"> },
  script: string | undefined,
  text: TaskText = {},
): Assignment {
  const instance = workflowInstanceId(text.instance ?? Math.floor(Math.random() * 1e12));
  const task: TaskDefinition = {
    name: "t",
    type: text.type ?? "shell",
    enabled: true,
    retries: 0,
    retryIntervalMs: 0,
    delayMs: 0,
    priority: "medium",
    files: [],
    inputs: [],
    outputs: (text.outputs ?? []).map((name) => ({ name, type: "string" })),
    attributes: text.attributes ?? {},
    ...(script === undefined
      ? {}
      : { script: { language: text.language ?? "", raw: text.raw ?? false, text: script } }),
  };
  return {
    taskInstance: taskInstanceId(instance, text.task ?? 0),
    attempt: text.attempt ?? 1,
    ownerEpoch: text.ownerEpoch ?? 1,
    workflowInstance: instance,
    worker: worker.member.incarnation,
    project: "p",
    workflow: "w",
    task,
    scope: text.scope ?? {},
    baseTimeMs: Date.UTC(2026, 0, 31, 2),
    zone: "UTC",
    environment: text.environment ?? {},
    files: text.files ?? [],
    ...(text.datasource === undefined ? {} : { datasource: text.datasource }),
    ...(text.job === undefined ? {} : { job: text.job }),
  };
}

/** Waits until it is there; fails after ten seconds. */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  limitMs = 10_000,
): Promise<T> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`${what} did not come within ${limitMs} ms`);
    await delay(5);
  }
}

/** The ids of living processes that have this in their environment or command line. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
};

/** The process id of the guard that this process started. */
export async function guardOf(parent: number): Promise<number> {
  for (const name of await readdir("/proc")) {
    const stat = await readFile(`/proc/${name}/stat`, "latin1").catch(() => "");
    const [, above] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = Number(above) === parent ? await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "") : "";
    if (command.includes("guard/main.ts")) return Number(name);
  }
  throw new Error("there is no guard");
}
