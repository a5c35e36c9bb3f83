// One worker a data folder: a lock that the kernel lets go of when its holder dies, however it dies.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OperationError } from "../model/operation-error.ts";

export interface FolderLock {
  release(): void;
}

/** A worker that starts waits so long: another one may just be looking whether it lives (see `lockIfFree`). */
const patienceMs = 2_000;

/** Throws when another worker has it. */
export function lockFolder(folder: string): FolderLock {
  try {
    return locked(folder, patienceMs);
  } catch (cause) {
    throw new OperationError(
      "conflict",
      `another worker uses the data folder ${folder}: end that one, or give this one another folder`,
      { cause },
    );
  }
}

/** The lock, or undefined where a living worker has it or the folder cannot be used. */
export function lockIfFree(folder: string): FolderLock | undefined {
  try {
    return locked(folder, 0);
  } catch {
    return undefined;
  }
}

/** Node has no file locks of its own; SQLite's are `fcntl` locks, which end with the process. */
function locked(folder: string, waitMs: number): FolderLock {
  const database = new DatabaseSync(join(folder, "lock.sqlite"));
  try {
    database.exec(`pragma busy_timeout = ${waitMs}; pragma locking_mode = exclusive; begin exclusive`);
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}
