// A whole engine in this process, for tests: real api, master and worker on a real database, asked over REST.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startApi } from "../../scheduler/api/api.ts";
import type {
  BackfillRequest,
  BackfillShape,
  DeployResponse,
  InstanceShape,
  LogChunk,
  StartRequest,
} from "../../scheduler/api/contract.ts";
import { folderLogStore } from "../../scheduler/logs/folder.ts";
import { type Master, startMaster } from "../../scheduler/master/master.ts";
import { incarnation } from "../../scheduler/model/ids.ts";
import type { Logger } from "../../scheduler/model/logger.ts";
import type { Member, Registry } from "../../scheduler/registry/contract.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Database, openDatabase } from "../../scheduler/store/database.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import { createToken } from "../../scheduler/store/tokens.ts";
import { startWorker } from "../../scheduler/worker/worker.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";
import { type MovableClock, movableClock } from "./movable-clock.ts";
import { guardCommand, sqlCommand } from "./worker.ts";

export interface Engine {
  readonly database: Database;
  readonly registry: MemoryRegistry;
  readonly folder: string;
  readonly server: string;
  readonly token: string;
  /** The masters'. */
  readonly clock: MovableClock;
  /** Sends `.flow` text as `<name>.flow`, with what else is named. */
  deploy(text: string, more?: { readonly [path: string]: string }): Promise<DeployResponse>;
  start(workflow: string, request?: StartRequest): Promise<InstanceShape>;
  /** Starts, and waits for the end. */
  run(workflow: string, request?: StartRequest): Promise<InstanceShape>;
  instance(id: string): Promise<InstanceShape>;
  ask(id: string, action: string): Promise<InstanceShape>;
  backfill(workflow: string, request: BackfillRequest): Promise<BackfillShape>;
  /** Waits until `is` holds of the instance. */
  until(id: string, is: (instance: InstanceShape) => boolean, limitMs?: number): Promise<InstanceShape>;
  over(id: string, limitMs?: number): Promise<InstanceShape>;
  log(taskInstance: string, attempt?: number): Promise<string>;
  request(
    method: string,
    route: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: never }>;
  startMaster(): Promise<Master>;
  /** It ends without a word, as by `kill -9`: the registry finds that it is gone. */
  killMaster(master: Master): Promise<void>;
  /** Waits until the instance's row has this state. */
  waitRow(id: string, state: string): Promise<{ readonly [column: string]: unknown }>;
  master(): Master;
  /** Nothing that belongs to an instance is left: no owner, no command, no attempt under way. */
  assertNothingLeft(): Promise<void>;
  close(): Promise<void>;
}

const secret = "a secret for tests";
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface EngineOptions {
  readonly database?: DatabaseSettings;
  readonly slots?: number;
  readonly leaseMs?: number;
  /** Absent: silence. */
  readonly log?: Logger;
}

export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-engine-"));
  const log = process.env["PORPOISE_TEST_LOG"] ? loud : (options.log ?? silent);
  const database = await openDatabase(options.database ?? { type: "sqlite", file: path.join(folder, "test.db") });
  await migrate(database);
  const token = (await createToken(database, { name: "test" })).token;
  const registry = memoryRegistry(options.leaseMs);
  const newIncarnation = (name: string) => () => incarnation(name, randomBytes(4).toString("hex"));
  const logs = folderLogStore({ folder: path.join(folder, "logs") });
  let wake = (): void => {};
  const api = await startApi({
    database,
    logs,
    registry: seatIn(registry),
    newIncarnation: newIncarnation("api"),
    http: { host: "127.0.0.1", port: 0 },
    wire: { host: "127.0.0.1", port: 0 },
    secret,
    log,
    wake: () => wake(),
  });
  const worker = await startWorker({
    incarnation: newIncarnation("worker")(),
    registry: seatIn(registry),
    wire: { host: "127.0.0.1", port: 0, secret },
    dataFolder: path.join(folder, "worker"),
    slots: options.slots ?? 16,
    groups: ["default"],
    stopGraceMs: 500,
    guardCommand,
    sqlCommand,
    log,
  });
  await worker.joined;
  const masters: Master[] = [];
  const clock = movableClock();
  const mastersDatabase = { ...database, nowMs: () => database.nowMs() + Math.round(clock.movedMs()) };
  const newMaster = async (): Promise<Master> => {
    const master = await startMaster({
      database: mastersDatabase,
      clock,
      registry: seatIn(registry),
      newIncarnation: newIncarnation("master"),
      secret,
      log,
      settings: { lookEveryMs: 50, sweepEveryMs: 200, fireEveryMs: 200 },
      onWakeable: (wakeMaster) => {
        wake = wakeMaster;
      },
    });
    masters.push(master);
    return master;
  };
  await newMaster();

  const request: Engine["request"] = async (method, route, body, headers) => {
    const response = await fetch(`${api.url}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as never }; // the test knows the route
  };
  const good = async <T>(method: string, route: string, body?: object): Promise<T> => {
    const answer = await request(method, route, body);
    assert.ok(answer.status < 300, `${method} ${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const routeOf = (workflow: string): string =>
    `/projects/${workflow.split("/")[0]}/workflows/${workflow.split("/")[1]}`;
  const instance = (id: string): Promise<InstanceShape> => good("GET", `/instances/${id}`);
  const until: Engine["until"] = async (id, is, limitMs = 30_000) => {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = await instance(id);
      if (is(found)) return found;
      assert.ok(performance.now() < end, `instance ${id} is still ${JSON.stringify(found)}`);
      await delay(20);
    }
  };
  const over: Engine["over"] = (id, limitMs) =>
    until(id, (one) => ["succeeded", "failed", "stopped", "paused"].includes(one.state), limitMs);
  const start: Engine["start"] = (workflow, body = {}) => good("POST", `${routeOf(workflow)}/instances`, body);

  return {
    database,
    registry,
    folder,
    server: api.url,
    token,
    clock,
    deploy: (text, more = {}) => {
      const name = /^workflow\s+(?:\S+\/)?([\w-]+)/m.exec(text)?.[1] ?? "test";
      const files = [
        { path: `${name}.flow`, text },
        ...Object.entries(more).map(([file, content]) => ({ path: file, text: content })),
      ];
      return good("POST", "/deployments", { files });
    },
    start,
    run: async (workflow, body) => over((await start(workflow, body)).id),
    instance,
    ask: (id, action) => good("POST", `/instances/${id}/${action}`, {}),
    backfill: (workflow, body) => good("POST", `${routeOf(workflow)}/backfills`, body),
    until,
    over,
    log: async (taskInstance, attempt) => {
      const query = attempt === undefined ? "" : `&attempt=${attempt}`;
      const end = performance.now() + 10_000;
      for (;;) {
        const chunk: LogChunk = await good("GET", `/task-instances/${taskInstance}/logs?limit=1048576${query}`);
        if (chunk.ended) return chunk.text;
        assert.ok(performance.now() < end, `the log of ${taskInstance} has not ended: ${chunk.text.slice(-200)}`);
        await delay(20);
      }
    },
    request,
    startMaster: newMaster,
    // What closing does beyond dying is to leave the registry; the rows stay as they were either way.
    killMaster: (master) => master.close(),
    waitRow: async (id, state) => {
      const end = performance.now() + 20_000;
      for (;;) {
        const row = await database.knex("workflow_instance").where({ id }).first();
        if (row?.state === state) return row;
        assert.ok(performance.now() < end, `instance ${id} is still ${row?.state}`);
        await delay(20);
      }
    },
    master: () => {
      const last = masters.at(-1);
      assert.ok(last);
      return last;
    },
    assertNothingLeft: async () => {
      const { knex } = database;
      const end = performance.now() + 5_000;
      for (;;) {
        const owned = await knex("workflow_instance").whereNotNull("owner").select("id", "state");
        const commands = await knex("command").select("kind", "workflow_instance_id");
        // A paused task of a sub-workflow keeps its attempt, as its child is paused.
        const open = await knex("attempt as a")
          .join("task_instance as t", (join) => {
            join.on("t.workflow_instance_id", "a.workflow_instance_id").andOn("t.task_index", "a.task_index");
          })
          .whereIn("a.state", ["dispatched", "running"])
          .whereNot("t.state", "paused")
          .select("a.*");
        const running = worker.running();
        const processes = await taskProcesses(folder);
        const slots = await knex("task_group_slot").select();
        const master = masters.at(-1)?.work() ?? { instances: 0, waiting: 0, placed: 0 };
        const kept = master.instances + master.waiting + master.placed;
        const left = { owned, commands, open, running, processes, slots, master };
        if (owned.length + commands.length + open.length + running + processes.length + slots.length + kept === 0) {
          return;
        }
        assert.ok(performance.now() < end, `something is left: ${JSON.stringify(left)}`);
        await delay(20);
      }
    },
    close: async () => {
      for (const master of masters) await master.close();
      await worker.close();
      await api.close();
      await logs.close();
      await registry.close();
      await database.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** One process's own membership in a registry that all of them share. */
function seatIn(shared: MemoryRegistry): Registry {
  let mine: Member | undefined;
  const leave = async (): Promise<void> => {
    if (mine) shared.remove(mine.incarnation);
    mine = undefined;
  };
  return {
    ...shared,
    join: async (member) => {
      mine = member;
      shared.add(member);
    },
    update: async (data) => {
      if (mine) shared.add({ ...mine, data });
    },
    leave,
    close: leave,
  };
}

/** Processes whose working directory lies in the folder. */
async function taskProcesses(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes("PORPOISE_TASK_INSTANCE=") && environment.includes(folder)) found.push(pid);
  }
  return found;
}

const loud: Logger = {
  debug: () => {},
  info: (fields, message) => console.error(message, fields),
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};
