// Starts a worker in a process of its own, for tests that kill or freeze it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import type { Member } from "../../scheduler/registry/contract.ts";
import { type assignment, type TestMaster, testMaster } from "./worker.ts";

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly master: TestMaster;
  readonly worker: Parameters<typeof assignment>[0];
}

/** `api`: where it sends its logs; absent: nowhere. */
export async function workerProcess(
  t: TestContext,
  folder: string,
  leaseMs: number,
  api?: Member,
): Promise<WorkerProcess> {
  const path = new URL("worker-process.ts", import.meta.url).pathname;
  const args = [path, folder, String(leaseMs), ...(api ? [JSON.stringify(api)] : [])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  assert.ok(child.stdout !== null);
  const [line] = await once(child.stdout, "data");
  const master = await testMaster(t, Number(String(line).trim()));
  return { child, master, worker: { member: { incarnation: incarnation("doomed", "1") } } };
}
