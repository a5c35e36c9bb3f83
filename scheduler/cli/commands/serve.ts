// `porpoise api | master | worker`: one process of a cluster. `porpoise migrate`: its schema.

import type { Logger } from "../../model/logger.ts";
import { openDatabase } from "../../store/database.ts";
import { migrate } from "../../store/migrations.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";
import { openLogger } from "../logger.ts";
import { databaseSettings, runApi, runMaster, runWorker } from "../processes.ts";
import { readSettings, type ServerSettings, withoutSecrets } from "../settings.ts";

export interface ServeOptions {
  readonly config?: string;
  readonly printConfig?: boolean;
}

export async function serve(kind: "api" | "master" | "worker", io: Io, options: ServeOptions): Promise<ExitCode> {
  const settings = readSettings(options.config, io.cwd, io.env);
  if (options.printConfig) {
    printJson(io, withoutSecrets(settings));
    return 0;
  }
  const log = openLogger(kind, settings.logLevel);
  const close = await starters[kind](settings, log, io);
  await until(io.signal);
  await close();
  return 0;
}

const starters = {
  api: async (settings: ServerSettings, log: Logger, io: Io) => {
    const { process, close } = await runApi(settings, log);
    print(io, `porpoise api is ready: ${process.url}`);
    return close;
  },
  master: async (settings: ServerSettings, log: Logger, io: Io) => {
    const { process, close } = await runMaster(settings, log);
    print(io, `porpoise master is ready: ${process.incarnation}`);
    return close;
  },
  worker: async (settings: ServerSettings, log: Logger, io: Io) => {
    const { process, close } = await runWorker(settings, log);
    print(io, `porpoise worker is ready: ${process.member.incarnation}`);
    return async () => {
      if (process.running() > 0) say(io, `waiting for ${process.running()} running attempts`);
      await process.drain(AbortSignal.timeout(settings.worker.drainMs));
      await close();
    };
  },
};

const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

export async function migrateCommand(io: Io, options: { readonly config?: string }): Promise<ExitCode> {
  const database = await openDatabase(databaseSettings(readSettings(options.config, io.cwd, io.env)));
  try {
    const { from, to } = await migrate(database);
    print(io, from === to ? `the schema is at ${to} already` : `the schema went from ${from} to ${to}`);
    return 0;
  } finally {
    await database.close();
  }
}
