// The `porpoise` command as a user calls it, in a process of its own.

import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../scheduler/cli/main.ts");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  readonly limitMs?: number;
}

/** Resolves when it has ended; it is ended by force at the limit (absent: 30 s). */
export function porpoise(args: readonly string[], { cwd, env = {}, limitMs = 30_000 }: CallOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...process.env, NODE_NO_WARNINGS: "1", INIT_CWD: cwd, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => {
      stdout += bytes;
    });
    child.stderr.on("data", (bytes: Buffer) => {
      stderr += bytes;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}
