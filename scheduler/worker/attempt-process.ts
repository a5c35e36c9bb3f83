// Runs a command as the leader of an own session and process group, and ends all of it.

import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Guard } from "./guard-process.ts";
import { isGroupAlive, killAll, signalGroup } from "./marked-processes.ts";
import type { Environment } from "./node-environment.ts";

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
  /** Standard output and error. */
  readonly output: number;
}

export type ProcessEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  /** It never ran. */
  | { readonly kind: "not_started"; readonly code: string; readonly message: string };

export interface AttemptProcess {
  readonly group: number | undefined;
  readonly ended: Promise<ProcessEnd>;
}

/** The guard watches over the group from its first moment; the caller says when nothing of it lives any more. */
export function startProcess(what: ProcessCommand, guard: Guard): AttemptProcess {
  try {
    const child = spawn(what.command, [...what.args], {
      cwd: what.directory,
      env: what.environment,
      // The file itself, no pipe: what was written is there even when this worker dies in between.
      stdio: ["ignore", what.output, what.output],
      detached: true,
    });
    const group = child.pid;
    if (group !== undefined) guard.watch(group);
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => resolve(notStarted(error)));
      child.once("exit", (exitCode, signal) => {
        resolve(exitCode === null ? { kind: "signalled", signal: signal ?? "SIGKILL" } : { kind: "exited", exitCode });
      });
    });
    return { group, ended };
  } catch (error) {
    // A null character in a value, an environment that is too large: some are thrown, some are told by an event.
    return { group: undefined, ended: Promise.resolve(notStarted(error)) };
  }
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

function notStarted(error: unknown): ProcessEnd {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return { kind: "not_started", code, message: error instanceof Error ? error.message : String(error) };
}
