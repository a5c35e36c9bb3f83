// A command that leads an own session and process group, as the worker sees it, and how all of it is ended.

import { setTimeout as delay } from "node:timers/promises";
import type { ProcessEnd } from "./guard/messages.ts";
import { isGroupAlive, killAll, signalGroup } from "./marked-processes.ts";
import type { Environment } from "./node-environment.ts";

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Beside what every process of the worker inherits. */
  readonly environment: Environment;
  /** The file that standard output and error are appended to. */
  readonly log: string;
  /** How long its attempt may live from now on, if nobody confirms it again; nothing or less: it must not start any more. */
  readonly leaseLeftMs: () => number;
}

export interface AttemptProcess {
  /** Undefined: it never ran, and never will. */
  readonly group: Promise<number | undefined>;
  readonly ended: Promise<ProcessEnd>;
}

export interface EndOptions {
  readonly groups: readonly number[];
  readonly prefix: string;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs: number;
}

const lookAgainMs = 20;
const killLimitMs = 10_000;

/** Terminate, wait, force, sweep by marker, verify: resolves to what could not be ended, which is nothing but for a stuck kernel. */
export async function endProcesses({ groups, prefix, graceMs }: EndOptions): Promise<readonly number[]> {
  for (const group of groups) {
    signalGroup(group, "SIGTERM");
    // A stopped process acts on nothing but SIGKILL until it is continued.
    signalGroup(group, "SIGCONT");
  }
  const untilMs = performance.now() + graceMs;
  while (performance.now() < untilMs && groups.some(isGroupAlive)) await delay(lookAgainMs);
  return killAll({ groups, prefix }, killLimitMs);
}
