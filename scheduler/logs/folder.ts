// A log store in a folder: one file an attempt, `<workflow instance>/<task>.<attempt>.log`, renamed to `….ended.log` at its end.
// The file is the truth, not memory: several apis may share the folder. What two of them write of one log are the same bytes at
// the same places, so they cannot harm each other.

import { constants, type Dirent } from "node:fs";
import { access, type FileHandle, mkdir, open, opendir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { splitTaskInstanceId, workflowInstanceId } from "../model/ids.ts";
import { OperationError } from "../model/operation-error.ts";
import type { LogKey, LogRead, LogStore } from "./contract.ts";

interface Log {
  readonly path: string;
  readonly endedPath: string;
  handle: FileHandle | undefined;
  isEnded: boolean;
  /** What is asked of one log is done in order. */
  tail: Promise<unknown>;
  pending: number;
}

export interface FolderLogStoreOptions {
  readonly folder: string;
  /** Files that are open at the same time, at most. */
  readonly maxOpen?: number;
}

/** Another process may have written: whoever waits looks again this often. */
const lookAgainMs = 500;

export function folderLogStore({ folder, maxOpen = 128 }: FolderLogStoreOptions): LogStore {
  const logs = new Map<string, Log>();
  const waiters = new Map<string, Set<() => void>>();
  const closing = new Set<Promise<void>>();
  let isClosed = false;

  const letGo = (log: Log): void => {
    logs.delete(log.path);
    const { handle } = log;
    if (handle === undefined) return;
    log.handle = undefined;
    const done = handle.close().catch(() => {});
    closing.add(done);
    void done.then(() => closing.delete(done));
  };

  /** Runs one piece of work on a log after those before it; the least recently used files are closed. */
  const work = async <T>(key: LogKey, act: (log: Log) => Promise<T>): Promise<T> => {
    if (isClosed) throw new OperationError("unavailable", "the log store is closed");
    const paths = pathsOf(folder, key);
    const log = logs.get(paths.path) ?? {
      ...paths,
      handle: undefined,
      isEnded: false,
      tail: Promise.resolve(),
      pending: 0,
    };
    logs.delete(log.path);
    logs.set(log.path, log);
    log.pending += 1;
    const done = log.tail.then(() => act(log));
    log.tail = done.catch(() => {});
    try {
      return await done;
    } catch (cause) {
      throw explain(cause, folder);
    } finally {
      log.pending -= 1;
      for (const other of logs.values()) {
        if (logs.size <= maxOpen) break;
        if (other.pending === 0) letGo(other);
      }
    }
  };

  const wake = (log: Log): void => {
    for (const waiter of [...(waiters.get(log.path) ?? [])]) waiter();
  };

  const stands = (key: LogKey, offset: number): Promise<boolean> =>
    work(key, async (log) => {
      const handle = await openExisting(log);
      return handle !== undefined && ((await handle.stat()).size > offset || (await hasEnded(log)));
    });

  const add = async (log: Log, offset: number, bytes: Uint8Array): Promise<number> => {
    const handle = (await openExisting(log)) ?? (await create(log));
    const { size } = await handle.stat();
    const isNew = offset <= size && offset + bytes.length > size && !(await hasEnded(log));
    if (!isNew) return size;
    await writeAll(handle, bytes.subarray(size - offset), size);
    wake(log);
    return offset + bytes.length;
  };

  const finish = async (log: Log): Promise<void> => {
    if ((await openExisting(log)) === undefined) await create(log);
    if (await hasEnded(log)) return;
    await nameAsEnded(log);
    wake(log);
  };

  return {
    append: (key, offset, bytes, isLast = false) =>
      work(key, async (log) => {
        const isWhole = isLast && offset === 0 && log.handle === undefined && !log.isEnded;
        if (isWhole && (await writeWhole(log, bytes))) {
          wake(log);
          return { end: bytes.length };
        }
        const end = await add(log, offset, bytes);
        if (isLast && end === offset + bytes.length) await finish(log);
        return { end };
      }),
    end: (key) => work(key, finish),
    read: (key, offset, limit) =>
      work(key, async (log): Promise<LogRead> => {
        const handle = await openExisting(log);
        if (handle === undefined) return { offset, nextOffset: offset, bytes: new Uint8Array(), ended: false };
        // Asked before the size is read: what is written in between is only one more read away, never after an "ended".
        const isEnded = await hasEnded(log);
        const { size } = await handle.stat();
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(limit, size - offset)));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
        const nextOffset = offset + bytesRead;
        return { offset, nextOffset, bytes: bytes.subarray(0, bytesRead), ended: isEnded && nextOffset >= size };
      }),
    changed: async (key, offset, timeoutMs, signal) => {
      const { path } = pathsOf(folder, key);
      const deadlineMs = performance.now() + timeoutMs;
      while (!signal.aborted && !isClosed) {
        // Listening starts before looking, so a change in between is not missed.
        const heard = listenOnce(waiters, path);
        try {
          if (await stands(key, offset)) return;
          const restMs = deadlineMs - performance.now();
          if (restMs <= 0) return;
          await heard.orAfter(Math.min(restMs, lookAgainMs), signal);
        } finally {
          heard.forget();
        }
      }
    },
    remove: async (instance) => {
      const within = join(folder, instance);
      for (const log of [...logs.values()]) if (dirname(log.path) === within && log.pending === 0) letGo(log);
      await rm(within, { recursive: true, force: true });
    },
    instances: async function* () {
      for await (const { name } of openFolder(folder)) if (/^\d{1,19}$/.test(name)) yield workflowInstanceId(name);
    },
    close: async () => {
      isClosed = true;
      for (const all of [...waiters.values()]) for (const waiter of [...all]) waiter();
      await Promise.all([...logs.values()].map((log) => log.tail));
      for (const log of [...logs.values()]) letGo(log);
      await Promise.all(closing);
    },
  };
}

function pathsOf(folder: string, key: LogKey): { path: string; endedPath: string } {
  const parts = splitTaskInstanceId(key.taskInstance);
  if (parts === undefined || !Number.isSafeInteger(key.attempt) || key.attempt < 0) {
    throw new OperationError(
      "invalid",
      `there is no log of task instance \`${key.taskInstance}\`, attempt ${key.attempt}`,
    );
  }
  const stem = join(folder, parts.instance, `${parts.taskIndex}.${key.attempt}`);
  return { path: `${stem}.log`, endedPath: `${stem}.ended.log` };
}

/**
 * Most logs are short and come in one piece with their end: nothing is looked at before, and nothing stays open. False: there is
 * something of it already.
 */
async function writeWhole(log: Log, bytes: Uint8Array): Promise<boolean> {
  const write = (): Promise<void> => writeFile(log.path, bytes, { flag: "wx", mode: 0o640 });
  try {
    await write().catch(async (error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(log.path), { recursive: true });
      await write();
    });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  // Where it had ended before (its sender missed the answer), the same bytes take the place of the same bytes.
  await nameAsEnded(log);
  return true;
}

async function nameAsEnded(log: Log): Promise<void> {
  try {
    await rename(log.path, log.endedPath);
  } catch (error) {
    // Another api that was sent the same may have been faster.
    if (codeOf(error) !== "ENOENT" || !(await hasEnded(log))) throw error;
  }
  log.isEnded = true;
}

async function openExisting(log: Log): Promise<FileHandle | undefined> {
  if (!log.isEnded) log.handle ??= await openIfThere(log.path);
  if (log.handle === undefined) {
    log.handle = await openIfThere(log.endedPath);
    log.isEnded = log.handle !== undefined;
  }
  return log.handle;
}

async function create(log: Log): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT;
  try {
    log.handle = await open(log.path, flags, 0o640);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(log.path), { recursive: true });
    log.handle = await open(log.path, flags, 0o640);
  }
  return log.handle;
}

async function hasEnded(log: Log): Promise<boolean> {
  log.isEnded ||= await access(log.endedPath).then(
    () => true,
    () => false,
  );
  return log.isEnded;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function* openFolder(folder: string): AsyncIterable<Dirent> {
  try {
    yield* await opendir(folder);
  } catch (error) {
    // Nothing was logged yet.
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function listenOnce(waiters: Map<string, Set<() => void>>, path: string) {
  const all = waiters.get(path) ?? new Set();
  waiters.set(path, all);
  let heard = (): void => {};
  const change = new Promise<void>((resolve) => {
    heard = resolve;
  });
  all.add(heard);
  return {
    orAfter: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted) done();
        void change.then(done);
      }),
    forget: (): void => {
      all.delete(heard);
      if (all.size === 0) waiters.delete(path);
    },
  };
}

function explain(cause: unknown, folder: string): unknown {
  switch (codeOf(cause)) {
    case "ENOSPC":
    case "EDQUOT":
      return new OperationError("exhausted", `the disk of the log folder ${folder} is full: free some space there`, {
        cause,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new OperationError(
        "refused",
        `the log folder ${folder} cannot be written to: give this process the right to`,
        { cause },
      );
    default:
      return cause;
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
