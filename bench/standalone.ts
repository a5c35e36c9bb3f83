// A standalone process for benchmarks: started in a folder of its own, asked over REST, ended.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../scheduler/cli/main.ts");

/** What a benchmark asks of a server, whatever is behind it. */
export interface Target {
  readonly name: string;
  request<T>(method: string, route: string, body?: object): Promise<T>;
  close(): Promise<void>;
}

export async function startStandalone(slots: number): Promise<Target> {
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-bench-"));
  const child = spawn(process.execPath, [main, "standalone", "--port", "0", "--slots", String(slots)], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`standalone ended with ${code}`)));
  });
  const { server, token } = JSON.parse(await readFile(path.join(folder, ".porpoise", "context.json"), "utf8"));
  return {
    name: "standalone (SQLite)",
    request: async (method, route, body) => {
      const response = await fetch(`${server}/api/v1${route}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${route}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    close: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
