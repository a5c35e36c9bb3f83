// A small disk of its own at a folder, to be filled up and freed again; needs the right to mount.

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

export interface SmallDisk {
  /** Nothing more fits, also what others free meanwhile, until it is emptied. */
  fill(): void;
  empty(): void;
  /** Takes it away; what lay on it is gone. */
  close(): void;
}

const refillMs = 20;

/** Undefined where this user may not mount. */
export function mountSmallDisk(folder: string, sizeMb: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${Math.round(sizeMb * 1024)}k`, "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  const ballast = path.join(folder, "ballast");
  let refilling: NodeJS.Timeout | undefined;
  const empty = (): void => {
    clearInterval(refilling);
    refilling = undefined;
    rmSync(ballast, { force: true });
  };
  return {
    fill: () => {
      addUntilFull(ballast);
      refilling ??= setInterval(() => addUntilFull(ballast), refillMs);
    },
    empty,
    close: () => {
      empty();
      execFileSync("umount", ["--lazy", folder]);
    },
  };
}

function addUntilFull(file: string): void {
  const descriptor = openSync(file, "a");
  try {
    // Pages first, then the rest of the last one.
    for (const size of [64 * 1024, 4096, 1]) while (hasWritten(descriptor, size));
  } finally {
    closeSync(descriptor);
  }
}

function hasWritten(descriptor: number, size: number): boolean {
  try {
    return writeSync(descriptor, Buffer.alloc(size)) === size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}
