// `porpoise standalone`: api, master and worker in one process on SQLite; nothing else is needed.

import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startApi } from "../../api/api.ts";
import { folderLogStore } from "../../logs/folder.ts";
import { startMaster } from "../../master/master.ts";
import { needsOwner } from "../../model/life/workflow-instance.ts";
import { OperationError } from "../../model/operation-error.ts";
import { forgetEveryone } from "../../registry/database-tables.ts";
import { loadMeter } from "../../registry/load.ts";
import { openRegistry } from "../../registry/registries.ts";
import { openDatabase } from "../../store/database.ts";
import { migrate } from "../../store/migrations.ts";
import { countByState } from "../../store/queries.ts";
import { acceptToken } from "../../store/tokens.ts";
import { lockFolder } from "../../worker/folder-lock.ts";
import { startWorker } from "../../worker/worker.ts";
import { type ExitCode, type Io, print } from "../io.ts";
import { openLogger } from "../logger.ts";
import { processMetrics } from "../process-metrics.ts";
import { closer, newIncarnation, workerDeps } from "../processes.ts";
import { defaultSettings, readSettings, type ServerSettings } from "../settings.ts";

export interface StandaloneOptions {
  readonly port: number;
  readonly data: string;
  readonly slots?: number;
  /** Ends by itself when for so many seconds nobody has asked anything and nothing runs. */
  readonly exitWhenIdle?: number;
}

/**
 * One process: its registry only tells its own parts of each other. Long, because a blocked event loop (a large text is
 * compiled) silences all parts at once, and nobody could take over meanwhile.
 */
const leaseMs = 12_000;

export async function standalone(io: Io, options: StandaloneOptions): Promise<ExitCode> {
  const folder = path.resolve(io.cwd, options.data);
  const close = closer();
  return close.orCloseAll<ExitCode>(async () => {
    makeFolder(folder);
    // Held as long as this process lives, however it ends: whoever gets it knows that its predecessor is dead.
    const lock = lockFolder(folder);
    close.add({ close: async () => lock.release() });

    const log = openLogger("standalone", io.env["PORPOISE_LOG_LEVEL"] ?? "warn");
    const database = close.add(await openDatabase({ type: "sqlite", file: path.join(folder, "porpoise.db") }));
    await migrate(database);
    const token = keptSecret(folder, "token", "pp_");
    const encryptionKey = keptSecret(folder, "key");
    await acceptToken(database, "local", token);
    // The lock says that whoever is still listed here is dead: nobody needs to wait for its lease.
    await forgetEveryone(database.knex);
    const settings = settingsOf(folder, options);
    const metrics = processMetrics();
    const { meter } = metrics;
    const open = async () => close.add(await openRegistry({ type: "database", knex: database.knex, leaseMs, log }));
    const logs = close.add(folderLogStore({ folder: path.join(folder, "logs") }));

    let wake = (): void => {};
    const usage = { lastAskedMs: performance.now() };
    const api = close.add(
      await startApi({
        database,
        logs,
        registry: await open(),
        newIncarnation: newIncarnation("local"),
        http: { host: "127.0.0.1", port: options.port },
        wire: { host: "127.0.0.1", port: 0 },
        secret: settings.secret,
        encryptionKey,
        log,
        wake: () => wake(),
        processMetrics: metrics.text,
        load: loadMeter(),
        onRequest: () => {
          usage.lastAskedMs = performance.now();
        },
      }),
    );
    const worker = close.add(await startWorker({ ...workerDeps(settings, await open(), log), meter }));
    await worker.joined;
    const masterRegistry = await open();
    const master = close.add(
      await startMaster({
        database,
        registry: masterRegistry,
        meter,
        load: loadMeter(),
        newIncarnation: newIncarnation("local"),
        secret: settings.secret,
        encryptionKey,
        mail: readSettings(undefined, io.cwd, io.env).mail,
        log,
        onWakeable: (wakeMaster) => {
          wake = wakeMaster;
        },
      }),
    );
    metrics.watchRegistry(masterRegistry);
    metrics.watchMaster(master);
    metrics.watchWorker(worker);
    writeContext(folder, { server: api.url, token });
    print(io, `porpoise standalone is ready: ${api.url} (data in ${path.relative(io.cwd, folder) || "."})`);

    await untilAsked(io, async () => {
      if (options.exitWhenIdle === undefined) return false;
      const isQuiet = performance.now() - usage.lastAskedMs > options.exitWhenIdle * 1000;
      return (
        isQuiet && !(await countByState(database)).keys().some((state) => state === "submitted" || needsOwner(state))
      );
    });
    await close.all();
    return 0;
  });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    // It holds a token, logs and parameters: nobody else's business, and not git's either.
    chmodSync(folder, 0o700);
    const ignore = path.join(folder, ".gitignore");
    if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError("unavailable", `cannot use the data folder ${folder}: ${why}`, { cause });
  }
}

/** Made once, then the same for as long as the folder is there. */
function keptSecret(folder: string, name: "token" | "key", prefix = ""): string {
  const file = path.join(folder, name);
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const secret = `${prefix}${randomBytes(24).toString("base64url")}`;
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function writeContext(folder: string, context: { readonly server: string; readonly token: string }): void {
  const file = path.join(folder, "context.json");
  writeFileSync(file, `${JSON.stringify(context, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function settingsOf(folder: string, options: StandaloneOptions): ServerSettings {
  const defaults = defaultSettings();
  return {
    ...defaults,
    name: "local",
    secret: randomBytes(24).toString("hex"),
    worker: {
      ...defaults.worker,
      dataFolder: path.join(folder, "worker"),
      slots: options.slots ?? defaults.worker.slots,
    },
  };
}

const idleLookMs = 1_000;

/** Resolves when the user asks for the end, or when `isIdle` says so. */
function untilAsked(io: Io, isIdle: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearInterval(timer);
      io.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setInterval(() => {
      isIdle().then(
        (idle) => {
          if (idle) done();
        },
        () => {}, // the database does not answer: then nobody knows whether something runs
      );
    }, idleLookMs);
    if (io.signal.aborted) done();
    else io.signal.addEventListener("abort", done);
  });
}
