// The worker's folder on disk: who uses it, what lies where, and what a former life left in it.

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OperationError } from "../model/operation-error.ts";
import { parseAttemptKey } from "./attempt-key.ts";
import { type AttemptLog, leftAttemptLog } from "./attempt-log.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** One directory an attempt while it runs. */
  readonly attempts: string;
  readonly logs: string;
  readonly files: string;
  readonly journal: string;
  /** What the marker of every process that was ever started from this folder begins with. */
  readonly markerPrefix: string;
  /** Logs that a former life did not send to their end. */
  leftLogs(): readonly AttemptLog[];
  release(): void;
}

const idFile = "id";

/** Rejects with an `OperationError` when another worker uses the folder or it cannot be written. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const [attempts, logs, files] = [join(folder, "attempts"), join(folder, "logs"), join(folder, "files")];
  let lock: FolderLock | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = lockFolder(folder);
    for (const each of [attempts, logs, files]) mkdirSync(each, { recursive: true });
    await clear(attempts);
    const held = lock;
    return {
      path: resolve(folder),
      attempts,
      logs,
      files,
      journal: join(folder, "journal"),
      markerPrefix: markerPrefixOf(folder) ?? newMarkerPrefix(folder),
      leftLogs: () => leftLogs(logs),
      release: () => held.release(),
    };
  } catch (cause) {
    lock?.release();
    if (cause instanceof OperationError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError("unavailable", `the worker's data folder ${folder} cannot be used: ${why}`, { cause });
  }
}

async function clear(attempts: string): Promise<void> {
  for (const name of await readdir(attempts)) await rm(join(attempts, name), { recursive: true, force: true });
}

/** What the markers of processes that a folder's workers started begin with; undefined: it is no worker's folder. */
export function markerPrefixOf(folder: string): string | undefined {
  try {
    const id = readFileSync(join(folder, idFile), "utf8").trim();
    return /^[0-9a-f]{16}$/.test(id) ? `${id}.` : undefined;
  } catch {
    return undefined;
  }
}

function newMarkerPrefix(folder: string): string {
  const id = randomBytes(8).toString("hex");
  writeFileSync(join(folder, idFile), `${id}\n`);
  return `${id}.`;
}

function leftLogs(logs: string): readonly AttemptLog[] {
  return readdirSync(logs).flatMap((name) => {
    const id = name.endsWith(".log") ? parseAttemptKey(name.slice(0, -".log".length)) : undefined;
    return id === undefined ? [] : [leftAttemptLog(join(logs, name), id)];
  });
}
