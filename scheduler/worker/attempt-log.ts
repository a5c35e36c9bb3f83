// The log file of one attempt on this worker: the attempt's processes write to it themselves, the worker adds notes and reads it.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { LogKey } from "../logs/contract.ts";
import { secretMask } from "./secret-mask.ts";

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
  /** As it was written, for the worker itself. */
  read(offset: number, length: number): Buffer;
  /** How much of it may leave this machine now; what may be the beginning of a secret stays until the rest is there. */
  shownSize(isEnded: boolean): number;
  /** As it leaves this machine: without secrets. */
  shown(offset: number, length: number): Buffer;
  /** Where more was written than the limit: cuts it off, says so at the end, and gives the new end of the file. */
  cut(): number | undefined;
  /** Nothing more will be written. The file stays and can be read. */
  close(): void;
  remove(): void;
}

/** `secrets`: values that must not be read in it. They lie beside it, for whoever sends the rest if this worker is killed. */
export function createAttemptLog(
  path: string,
  key: LogKey,
  limitBytes: number,
  secrets: readonly string[] = [],
): AttemptLog {
  if (secrets.length > 0) writeFileSync(secretsPath(path), JSON.stringify(secrets), { mode: 0o600 });
  // Appending: a script that truncates or seeks its own standard output writes at the end all the same.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
  return attemptLog({ path, key, limitBytes, secrets, opened: openSync(path, flags, 0o640) });
}

/** A log that a former life of this worker left. */
export function leftAttemptLog(path: string, key: LogKey): AttemptLog {
  const secrets = readSecrets(path);
  return attemptLog({ path, key, limitBytes: Number.POSITIVE_INFINITY, secrets, opened: undefined });
}

const secretsPath = (path: string): string => `${path}.secrets`;

function readSecrets(path: string): readonly string[] {
  const beside = secretsPath(path);
  // Written by this very file. One that cannot be read is an error: nothing may be sent unmasked.
  return existsSync(beside) ? (JSON.parse(readFileSync(beside, "utf8")) as readonly string[]) : [];
}

interface Opened {
  readonly path: string;
  readonly key: LogKey;
  readonly limitBytes: number;
  readonly secrets: readonly string[];
  readonly opened: number | undefined;
}

function attemptLog({ path, key, limitBytes, secrets, opened }: Opened): AttemptLog {
  let descriptor = opened;
  const secretsMask = secretMask(secrets);
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

  const size = (): number => Math.min(fileSize(), isCut ? cutAt : limitBytes);
  const read = (offset: number, length: number): Buffer => {
    const buffer = Buffer.allocUnsafe(Math.max(0, length));
    if (descriptor !== undefined) return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
    const once = openSync(path, "r");
    try {
      return buffer.subarray(0, readSync(once, buffer, 0, buffer.length, offset));
    } finally {
      closeSync(once);
    }
  };

  return {
    key: { taskInstance: key.taskInstance, attempt: key.attempt },
    path,
    note: (line) => write(Buffer.from(`[porpoise] ${line}\n`)),
    write,
    written: fileSize,
    size,
    read,
    shownSize(isEnded) {
      const end = size();
      if (secretsMask === undefined || isEnded) return end;
      const from = Math.max(0, end - secretsMask.reachBytes);
      return end - secretsMask.openEnd(read(from, end - from));
    },
    shown(offset, length) {
      if (secretsMask === undefined) return read(offset, length);
      const { reachBytes } = secretsMask;
      const from = Math.max(0, offset - reachBytes);
      const bytes = read(from, offset - from + length + reachBytes);
      secretsMask.mask(bytes);
      return bytes.subarray(offset - from, offset - from + length);
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
      if (secrets.length > 0) rmSync(secretsPath(path), { force: true });
    },
  };
}
