// Starts and stops the scheduler that comes with the extension, for one folder. It outlives the window and is shared by all of them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, createClient, RequestError } from "./client.ts";

const startLimitMs = 30_000;
const stopLimitMs = 20_000;
const lookMs = 100;
/** It ends so long after the last window has left, if nothing runs. An open window asks every few seconds. */
const idleSeconds = "60";

/** Where the scheduler of a folder keeps its data, and where what it says goes. */
const dataFolderOf = (folder: string): string => path.join(folder, ".porpoise");
const logFileOf = (folder: string): string => path.join(dataFolderOf(folder), "standalone.log");

export class LocalSchedulerError extends Error {
  /** The last lines that the process wrote before it ended. */
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.name = "LocalSchedulerError";
    this.output = output;
  }
}

/** The connection that a scheduler of this folder wrote down, whether or not it still runs. */
export async function readContext(folder: string): Promise<Connection | undefined> {
  const text = await readFile(path.join(dataFolderOf(folder), "context.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("server" in value) || !("token" in value)) return undefined;
    const url = String(value.server).replace(/\/+$/, "");
    return isOnThisMachine(url) ? { url, token: String(value.token) } : undefined;
  } catch {
    // Half-written, or not ours: as good as none.
    return undefined;
  }
}

/** The connection to the scheduler that runs for this folder, or undefined when none answers. */
export async function runningLocalScheduler(folder: string): Promise<Connection | undefined> {
  const connection = await readContext(folder);
  return connection !== undefined && (await answers(connection)) ? connection : undefined;
}

/** A folder from elsewhere may bring a context along: it must not lead workflows and tokens to another machine. */
function isOnThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

export interface LaunchOptions {
  readonly folder: string;
  /** The bundled `porpoise` program. */
  readonly program: string;
  readonly signal: AbortSignal;
}

/** Starts the scheduler, or joins the one that runs already. Resolves when it answers. */
export async function startLocalScheduler(options: LaunchOptions): Promise<Connection> {
  const running = await runningLocalScheduler(options.folder);
  if (running !== undefined) return running;
  await mkdir(dataFolderOf(options.folder), { recursive: true });
  const log = await open(logFileOf(options.folder), "w");
  try {
    const child = launch(options, log.fd);
    return await untilReady(child, options);
  } finally {
    await log.close();
  }
}

/**
 * Output goes to a file and not into a pipe, because the process lives on when this one is gone. Port 0: two folders, or a
 * scheduler started by hand, never get in each other's way.
 */
function launch(options: LaunchOptions, output: number): ChildProcess {
  const child = spawn(
    process.execPath,
    [
      options.program,
      "standalone",
      "--port",
      "0",
      "--data",
      dataFolderOf(options.folder),
      "--exit-when-idle",
      idleSeconds,
    ],
    {
      cwd: options.folder,
      env: { ...ownEnvironment(), ELECTRON_RUN_AS_NODE: "1" },
      detached: true,
      stdio: ["ignore", output, output],
    },
  );
  child.unref();
  return child;
}

/** Without what belongs to the editor: tasks see the user's environment, not ours. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|PORPOISE_)/.test(name),
  );
  return Object.fromEntries(own);
}

async function untilReady(child: ChildProcess, options: LaunchOptions): Promise<Connection> {
  const limit = AbortSignal.any([options.signal, AbortSignal.timeout(startLimitMs)]);
  let ended: string | undefined;
  once(child, "exit", { signal: limit }).then(
    ([code, signal]) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
    },
    (error: unknown) => {
      // An aborted wait is handled below; anything else means that the program could not be started at all.
      if (!limit.aborted) ended = error instanceof Error ? error.message : String(error);
    },
  );
  while (!limit.aborted) {
    const connection = await runningLocalScheduler(options.folder);
    if (connection !== undefined) return connection;
    if (ended !== undefined) {
      throw new LocalSchedulerError(
        `The local scheduler ended before it was ready (${ended})`,
        await tailOf(options.folder),
      );
    }
    await pause(lookMs);
  }
  if (child.pid !== undefined && ended === undefined) child.kill("SIGTERM");
  const why = options.signal.aborted ? "its start was cancelled" : `it was not ready within ${startLimitMs / 1000} s`;
  throw new LocalSchedulerError(`The local scheduler was ended: ${why}`, await tailOf(options.folder));
}

async function tailOf(folder: string): Promise<string> {
  const text = await readFile(logFileOf(folder), "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-20).join("\n");
}

/** Asks the process to end and waits until it has. Running tasks end with it. */
export async function stopLocalScheduler(connection: Connection): Promise<void> {
  const { items } = await createClient(connection).cluster();
  // Only a scheduler on this machine can be found in a folder's context, and this one has just answered with its own pid.
  const pids = new Set(items.map((member) => member.pid));
  for (const pid of pids) {
    if (pid !== process.pid) end(pid);
  }
  const limit = AbortSignal.timeout(stopLimitMs);
  while (await answers(connection)) {
    if (limit.aborted)
      throw new Error(`The local scheduler still answers ${stopLimitMs / 1000} s after it was asked to end`);
    await pause(lookMs);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ESRCH") throw error;
  }
}

async function answers(connection: Connection): Promise<boolean> {
  try {
    await createClient(connection).projects(AbortSignal.timeout(2_000));
    return true;
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}
