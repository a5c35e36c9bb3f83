// The log file of one attempt on this worker: the attempt's processes write to it themselves, the worker adds notes and reads it.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { LogKey } from "../logs/contract.ts";

export interface AttemptLog {
  readonly key: LogKey;
  /** What the attempt's processes append to. */
  readonly path: string;
  /** A line of the worker's own. Throws what the disk says. */
  note(line: string): void;
  write(bytes: Uint8Array): void;
  /** Where the file ends now. */
  written(): number;
  /** How much of it is the log: never more than the limit and the mark that says so. */
  size(): number;
  read(offset: number, length: number): Buffer;
  /** Where more was written than the limit: cuts it off, says so at the end, and gives the new end of the file. */
  cut(): number | undefined;
  /** Nothing more will be written. The file stays and can be read. */
  close(): void;
  remove(): void;
}

export function createAttemptLog(path: string, key: LogKey, limitBytes: number): AttemptLog {
  // Appending: a script that truncates or seeks its own standard output writes at the end all the same.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
  return attemptLog(path, key, limitBytes, openSync(path, flags, 0o640));
}

/** A log that a former life of this worker left. */
export function leftAttemptLog(path: string, key: LogKey): AttemptLog {
  return attemptLog(path, key, Number.POSITIVE_INFINITY, undefined);
}

function attemptLog(path: string, key: LogKey, limitBytes: number, opened: number | undefined): AttemptLog {
  let descriptor = opened;
  const mark = Buffer.from(
    `\n[porpoise] the log is cut here: it is longer than ${limitBytes} bytes, the limit on this worker\n`,
  );
  const cutAt = limitBytes + mark.length;
  let isCut = false;

  const write = (bytes: Uint8Array): void => {
    if (descriptor === undefined) return;
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  };
  const fileSize = (): number => (descriptor === undefined ? statSync(path).size : fstatSync(descriptor).size);
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };

  return {
    key: { taskInstance: key.taskInstance, attempt: key.attempt },
    path,
    note: (line) => write(Buffer.from(`[porpoise] ${line}\n`)),
    write,
    written: fileSize,
    size: () => Math.min(fileSize(), isCut ? cutAt : limitBytes),
    read(offset, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, length));
      if (descriptor !== undefined) return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
      const once = openSync(path, "r");
      try {
        return buffer.subarray(0, readSync(once, buffer, 0, buffer.length, offset));
      } finally {
        closeSync(once);
      }
    },
    cut() {
      if (descriptor === undefined || fileSize() <= (isCut ? cutAt : limitBytes)) return undefined;
      if (!isCut) {
        ftruncateSync(descriptor, limitBytes);
        write(mark);
        isCut = true;
      }
      // Processes append: they go on behind the mark, and are cut off there again and again.
      ftruncateSync(descriptor, cutAt);
      return cutAt;
    },
    close,
    remove() {
      close();
      unlinkSync(path);
    },
  };
}
