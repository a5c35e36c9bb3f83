// What this worker has promised and not yet delivered, on disk: attempts it took and ends that no master has confirmed.
// Whoever starts next in the same folder reads it and reports what is left.
//
//   {"taken": [AttemptRef…]}   {"ended": End}          kept by a master: forgotten, the line goes at the next rewriting

import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { Logger } from "../model/logger.ts";
import type { AttemptRef } from "../wire/messages.ts";
import type { AttemptEnd } from "./attempt.ts";
import { type AttemptKey, attemptKey } from "./attempt-key.ts";

export interface EndedAttempt {
  readonly ref: AttemptRef;
  readonly end: AttemptEnd;
  /** By this host's clock, which alone reads it. */
  readonly atMs: number;
}

export interface Journal {
  /** What a former life left. */
  readonly left: { readonly taken: readonly AttemptRef[]; readonly ended: readonly EndedAttempt[] };
  taken(refs: readonly AttemptRef[]): void;
  ended(ended: EndedAttempt): void;
  /** A master has it for good, or nobody wants it. */
  forget(key: AttemptKey): void;
  close(): void;
}

/** The file may hold this much that is over before it is written anew. */
const rewriteBytes = 4 * 1024 * 1024;
/** A process that dies loses nothing; a machine that dies loses at most so much. */
const syncMs = 50;

export function openJournal(path: string, log: Logger): Journal {
  const left = read(path, log);
  const open = new Map<AttemptKey, string>();
  for (const ref of left.taken) open.set(attemptKey(ref), takenLine([ref]));
  for (const ended of left.ended) open.set(attemptKey(ended.ref), endedLine(ended));
  let size = 0;
  let file = rewrite();
  let syncing: NodeJS.Timeout | undefined;
  let isFull = false;

  function rewrite(): number {
    const text = [...open.values()].join("");
    const part = `${path}.new`;
    const descriptor = openSync(part, "w", 0o600);
    writeSync(descriptor, text);
    renameSync(part, path);
    size = Buffer.byteLength(text);
    return descriptor;
  }

  const append = (line: string): void => {
    try {
      size += writeSync(file, line);
      isFull = false;
    } catch (error) {
      // Reports go on from memory; only a restart would miss them.
      if (!isFull) log.error({ path, reason: String(error) }, "the worker's journal cannot be written");
      isFull = true;
    }
    syncing ??= setTimeout(() => {
      syncing = undefined;
      fdatasync(file, () => {});
    }, syncMs);
  };

  return {
    left,
    taken: (refs) => {
      if (refs.length === 0) return;
      for (const ref of refs) open.set(attemptKey(ref), takenLine([ref]));
      append(takenLine(refs));
    },
    ended: (ended) => {
      const line = endedLine(ended);
      open.set(attemptKey(ended.ref), line);
      append(line);
    },
    forget: (key) => {
      open.delete(key);
      if (open.size === 0 && size > 64 * 1024) {
        ftruncateSync(file, 0);
        size = 0;
      } else if (size > rewriteBytes && open.size < 10_000) {
        closeSync(file);
        file = rewrite();
      }
    },
    close: () => {
      clearTimeout(syncing);
      if (open.size === 0) ftruncateSync(file, 0);
      closeSync(file);
    },
  };
}

const refOf = ({ taskInstance, attempt, ownerEpoch }: AttemptRef): AttemptRef => ({
  taskInstance,
  attempt,
  ownerEpoch,
});
const takenLine = (refs: readonly AttemptRef[]): string => `${JSON.stringify({ taken: refs.map(refOf) })}\n`;
const endedLine = ({ ref, end, atMs }: EndedAttempt): string =>
  `${JSON.stringify({ ended: { ref: refOf(ref), end, atMs } })}\n`;

type Line = { readonly taken?: readonly AttemptRef[]; readonly ended?: EndedAttempt };

function read(path: string, log: Logger): Journal["left"] {
  const taken = new Map<AttemptKey, AttemptRef>();
  const ended = new Map<AttemptKey, EndedAttempt>();
  for (const text of readLines(path)) {
    try {
      // Written by this very file; a line that a dying machine cut in half is no JSON.
      const line = JSON.parse(text) as Line;
      for (const ref of line.taken ?? []) taken.set(attemptKey(ref), ref);
      if (line.ended !== undefined) {
        taken.delete(attemptKey(line.ended.ref));
        ended.set(attemptKey(line.ended.ref), line.ended);
      }
    } catch {
      log.warn({ path, bytes: text.length }, "a line of the worker's journal is damaged and passed over");
    }
  }
  return { taken: [...taken.values()], ended: [...ended.values()] };
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
