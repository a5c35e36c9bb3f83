// What this worker has promised and not yet delivered, on disk: attempts it took and ends that no master has confirmed.
// Whoever starts next in the same folder reads it and reports what is left.
//
//   {"taken": [AttemptRef…]}   {"ended": End}          kept by a master: forgotten, the line goes at the next rewriting

import {
  closeSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
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

/** It is written anew when it has grown to twice what was kept the last time, and by so much. */
const rewriteBytes = 4 * 1024 * 1024;
/** One in which nothing is open is emptied from this size on. */
const emptyBytes = 64 * 1024;
const repairEveryMs = 1_000;
/** A process that dies loses nothing; a machine that dies loses at most so much. */
const syncMs = 50;

/** Throws when the file cannot be read or written. */
export function openJournal(path: string, log: Logger): Journal {
  const left = read(path, log);
  const open = new Map<AttemptKey, string>();
  for (const ref of left.taken) open.set(attemptKey(ref), takenLine([ref]));
  for (const ended of left.ended) open.set(attemptKey(ended.ref), endedLine(ended));
  let file: number | undefined;
  let size = 0;
  let keptSize = 0;
  let syncing: NodeJS.Timeout | undefined;
  /** The file lacks something, or may end in half a line: it is written anew as soon as that can be done. */
  let isBroken = false;
  let repairing: NodeJS.Timeout | undefined;

  /** What is open, in a new file; the old one stays as it is until the new one is complete. */
  const rewrite = (): void => {
    const text = [...open.values()].join("");
    writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    // Appending: a file that was emptied must not begin with a hole where the last line ended.
    const next = openSync(path, "a", 0o600);
    if (file !== undefined) closeSync(file);
    file = next;
    keptSize = size = Buffer.byteLength(text);
  };
  rewrite();

  const repair = (): void =>
    tryTo(() => {
      rewrite();
      isBroken = false;
      log.info({ path }, "the worker's journal can be written again");
    });
  /** Reports go on from memory; only a restart would miss what could not be written. */
  const tryTo = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!isBroken) log.error({ path, reason: String(error) }, "the worker's journal cannot be written");
      isBroken = true;
      repairing = setTimeout(repair, repairEveryMs);
    }
  };

  const append = (line: string): void => {
    if (isBroken || file === undefined) return; // it is among what will be written anew
    const written = writeSync(file, line);
    size += written;
    if (written < Buffer.byteLength(line)) throw new Error(`only ${written} bytes of a line could be written`);
    syncing ??= setTimeout(() => {
      syncing = undefined;
      if (file !== undefined) fdatasync(file, () => {});
    }, syncMs);
  };

  return {
    left,
    taken: (refs) => {
      if (refs.length === 0) return;
      for (const ref of refs) open.set(attemptKey(ref), takenLine([ref]));
      tryTo(() => append(takenLine(refs)));
    },
    ended: (ended) => {
      const line = endedLine(ended);
      open.set(attemptKey(ended.ref), line);
      tryTo(() => append(line));
    },
    forget: (key) => {
      open.delete(key);
      const isEmpty = open.size === 0 && size > emptyBytes;
      const isLarge = size > 2 * keptSize + rewriteBytes;
      if (isBroken || !(isEmpty || isLarge)) return;
      tryTo(() => {
        if (isLarge) return rewrite();
        if (file !== undefined) ftruncateSync(file, 0);
        keptSize = size = 0;
      });
    },
    close: () => {
      clearTimeout(syncing);
      clearTimeout(repairing);
      if (file === undefined) return;
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
