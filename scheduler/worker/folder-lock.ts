// One worker a data folder: a lock that the kernel lets go of when its holder dies, however it dies.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OperationError } from "../model/operation-error.ts";

export interface FolderLock {
  release(): void;
}

/** Node has no file locks of its own; SQLite's are `fcntl` locks, which end with the process. */
export function lockFolder(folder: string): FolderLock {
  const database = new DatabaseSync(join(folder, "lock.sqlite"));
  try {
    database.exec("pragma busy_timeout = 2000; pragma locking_mode = exclusive; begin exclusive");
  } catch (cause) {
    database.close();
    throw new OperationError(
      "conflict",
      `another worker uses the data folder ${folder}: end that one, or give this one another folder`,
      { cause },
    );
  }
  return { release: () => database.close() };
}
