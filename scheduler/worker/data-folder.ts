// The worker's folder on disk: who uses it, what lies where, and what a former life left in it.

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../model/operation-error.ts";
import { parseAttemptKey } from "./attempt-key.ts";
import { type AttemptLog, leftAttemptLog } from "./attempt-log.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

export interface DataFolder {
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

/** Rejects with an `OperationError` when another worker uses the folder or it cannot be written. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const [attempts, logs, files] = [join(folder, "attempts"), join(folder, "logs"), join(folder, "files")];
  let lock: FolderLock | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = lockFolder(folder);
    for (const each of [attempts, logs, files]) mkdirSync(each, { recursive: true });
    await clear(attempts);
    const id = folderId(join(folder, "id"));
    const held = lock;
    return {
      attempts,
      logs,
      files,
      journal: join(folder, "journal"),
      markerPrefix: `${id}.`,
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

function folderId(path: string): string {
  try {
    const id = readFileSync(path, "utf8").trim();
    if (/^[0-9a-f]{16}$/.test(id)) return id;
  } catch {
    // A new folder has none yet.
  }
  const id = randomBytes(8).toString("hex");
  writeFileSync(path, `${id}\n`);
  return id;
}

function leftLogs(logs: string): readonly AttemptLog[] {
  return readdirSync(logs).flatMap((name) => {
    const id = name.endsWith(".log") ? parseAttemptKey(name.slice(0, -".log".length)) : undefined;
    return id === undefined ? [] : [leftAttemptLog(join(logs, name), id)];
  });
}
