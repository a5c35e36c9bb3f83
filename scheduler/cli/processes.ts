// Wires the processes: settings in, a running api, master or worker out. The one place where they are put together.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Api, startApi } from "../api/api.ts";
import { folderLogStore } from "../logs/folder.ts";
import { type Master, startMaster } from "../master/master.ts";
import { type Incarnation, incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Registry } from "../registry/contract.ts";
import { loadMeter } from "../registry/load.ts";
import { openRegistry } from "../registry/registries.ts";
import type { DatabaseSettings } from "../store/connect.ts";
import { connect } from "../store/connect.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { requireSchema } from "../store/migrations.ts";
import { acceptToken } from "../store/tokens.ts";
import type { WireSettings } from "../wire/contract.ts";
import { startWorker, type Worker } from "../worker/worker.ts";
import { startHealthServer } from "./health-server.ts";
import { processMetrics } from "./process-metrics.ts";
import type { ServerSettings } from "./settings.ts";

/** What has been started, and is closed in the opposite order. */
export interface Running<T> {
  readonly process: T;
  close(): Promise<void>;
}

export const newIncarnation =
  (name: string): (() => Incarnation) =>
  () =>
    incarnation(name, randomBytes(6).toString("hex"));

export const databaseSettings = ({ database }: ServerSettings): DatabaseSettings => ({ type: "mysql", ...database });

/** The command line of a program beside this one, a file of its own so that it starts small and fast: bundled, or its source. */
function programBeside(bundle: string, source: string): readonly string[] {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const bundled = path.join(here, bundle);
  return [process.execPath, existsSync(bundled) ? bundled : path.join(here, "..", "worker", source, "main.ts")];
}
export const guardCommand = (): readonly string[] => programBeside("guard.mjs", "guard");
export const sqlCommand = (): readonly string[] => programBeside("sql.mjs", "sql");

export async function runApi(settings: ServerSettings, log: Logger): Promise<Running<Api>> {
  const close = closer();
  return close.orCloseAll(async () => {
    const database = close.add(await openChecked(settings));
    if (settings.api.token !== "") await acceptToken(database, "settings", settings.api.token);
    const registry = close.add(await registryOf(settings, log));
    const metrics = processMetrics();
    metrics.watchRegistry(registry);
    const logs = close.add(folderLogStore({ folder: path.resolve(settings.api.logFolder) }));
    const api = close.add(
      await startApi({
        database,
        registry,
        logs,
        log,
        newIncarnation: newIncarnation(settings.name),
        http: { host: settings.api.host, port: settings.api.port },
        retention: settings.api.retention,
        processMetrics: metrics.text,
        load: loadMeter(),
        wire: {
          host: settings.api.wireHost,
          port: settings.api.wirePort,
          ...announced(settings.api.announcedHost),
        },
        ...secretsOf(settings),
        ...tlsOf(settings),
      }),
    );
    return { process: api, close: close.all };
  });
}

export async function runMaster(settings: ServerSettings, log: Logger): Promise<Running<Master>> {
  const close = closer();
  return close.orCloseAll(async () => {
    const database = close.add(await openChecked(settings));
    const registry = close.add(await registryOf(settings, log));
    const health = close.add(await tellHealth(settings.master, registry, log));
    const { capacity, lookEveryMs, lostLimit, misfireAfterMs, choice } = settings.master;
    const master = close.add(
      await startMaster({
        database,
        registry,
        newIncarnation: newIncarnation(settings.name),
        ...secretsOf(settings),
        mail: settings.mail,
        ...tlsOf(settings),
        log,
        meter: health.metrics.meter,
        health: health.url,
        load: loadMeter(),
        settings: { capacity, lookEveryMs, lostLimit, misfireAfterMs, choice },
      }),
    );
    health.metrics.watchMaster(master);
    health.of(master);
    return { process: master, close: close.all };
  });
}

export async function runWorker(settings: ServerSettings, log: Logger): Promise<Running<Worker>> {
  const close = closer();
  return close.orCloseAll(async () => {
    const registry = close.add(await registryOf(settings, log));
    const health = close.add(await tellHealth(settings.worker, registry, log));
    const { meter } = health.metrics;
    const worker = close.add(await startWorker({ ...workerDeps(settings, registry, log), meter, health: health.url }));
    health.metrics.watchWorker(worker);
    health.of(worker);
    await worker.joined;
    return { process: worker, close: close.all };
  });
}

/** From before its process is there to after it is gone. */
async function tellHealth(
  { healthHost: host, healthPort: port }: { readonly healthHost: string; readonly healthPort: number },
  registry: Registry,
  log: Logger,
) {
  const metrics = processMetrics();
  metrics.watchRegistry(registry);
  let whyNotReady: () => string | undefined = () =>
    "it is starting: neither the registry nor its own parts are there yet";
  const server = await startHealthServer({ host, port, metrics, whyNotReady: () => whyNotReady() });
  log.info({ url: server.url }, "answers /healthz, /readyz and /metrics here");
  return {
    ...server,
    metrics,
    of: (process: Pick<Master | Worker, "whyNotReady">): void => {
      whyNotReady = process.whyNotReady;
    },
  };
}

export const workerDeps = (
  settings: ServerSettings,
  registry: Registry,
  log: Logger,
): Parameters<typeof startWorker>[0] => ({
  incarnation: newIncarnation(settings.name)(),
  registry,
  wire: {
    host: settings.worker.host,
    port: settings.worker.port,
    secret: secretOf(settings),
    ...announced(settings.worker.announcedHost),
    ...(settings.worker.announcedPort === 0 ? {} : { announcedPort: settings.worker.announcedPort }),
    ...tlsOf(settings),
  },
  dataFolder: path.resolve(settings.worker.dataFolder),
  slots: settings.worker.slots,
  groups: settings.worker.groups,
  stopGraceMs: settings.worker.stopGraceMs,
  guardCommand: guardCommand(),
  sqlCommand: sqlCommand(),
  logLimitBytes: settings.worker.logLimitMb * 1024 * 1024,
  log,
});

function secretOf({ secret }: ServerSettings): string {
  if (secret !== "") return secret;
  throw new OperationError(
    "invalid",
    "the cluster's secret is not set: give every process the same one (`secret` in porpoise-server.json, or PORPOISE_SECRET)",
  );
}

const secretsOf = (settings: ServerSettings): { readonly secret: string; readonly encryptionKey: string } => {
  const secret = secretOf(settings);
  return { secret, encryptionKey: settings.encryptionKey || secret };
};

const announced = (host: string): { readonly announcedHost?: string } => (host === "" ? {} : { announcedHost: host });

function tlsOf({ tls }: ServerSettings): { readonly tls?: NonNullable<WireSettings["tls"]> } {
  const { key, cert, ca } = tls;
  if (key === "" && cert === "" && ca === "") return {};
  if (key === "" || cert === "" || ca === "") {
    throw new OperationError("invalid", "tls needs all three of key, cert and ca: paths of PEM files");
  }
  try {
    return { tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8"), ca: readFileSync(ca, "utf8") } };
  } catch (cause) {
    throw new OperationError("invalid", `cannot read the files of tls: ${(cause as Error).message}`, { cause }); // readFileSync throws errors
  }
}

async function openChecked(settings: ServerSettings): Promise<Database> {
  const database = await openDatabase(databaseSettings(settings));
  try {
    await requireSchema(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** In the database it has connections of its own: whatever else waits for one, this process goes on saying that it lives. */
async function registryOf(settings: ServerSettings, log: Logger): Promise<Registry> {
  const { type, connect: address, leaseMs } = settings.registry;
  if (type !== "database") return openRegistry({ type, connect: address, leaseMs, log });
  const knex = await connect({ ...databaseSettings(settings), poolSize: 2 } as DatabaseSettings); // the same kind, with fewer connections
  const registry = await openRegistry({ type, knex, leaseMs, log });
  return {
    ...registry,
    close: async () => {
      await registry.close();
      await knex.destroy();
    },
  };
}

interface Closer {
  add<T extends { close(): Promise<void> }>(thing: T): T;
  readonly all: () => Promise<void>;
  /** Runs it; when it fails, what it had opened is closed. */
  orCloseAll<T>(work: () => Promise<T>): Promise<T>;
}

export function closer(): Closer {
  const open: { close(): Promise<void> }[] = [];
  const all = async (): Promise<void> => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  };
  return {
    add: (thing) => {
      open.push(thing);
      return thing;
    },
    all,
    orCloseAll: async (work) => {
      try {
        return await work();
      } catch (error) {
        await all();
        throw error;
      }
    },
  };
}
