// Finds and kills processes by the marker in their environment: it survives `setsid`, double forks and the death of whoever started
// them. Only Linux shows other processes' environments; elsewhere process groups alone must do.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export const markerName = "PORPOISE_MARKER";
/** Beside the marker: the data folder of the worker that started the process. */
export const workerFolderName = "PORPOISE_WORKER_FOLDER";

/** The ids of all living processes whose marker starts with `prefix`. */
export function processesMarked(prefix: string): readonly number[] {
  return processesWhere((_, marker) => marker.startsWith(prefix));
}

/** The ids of all living processes with a marker that `isMeant` says yes to. */
export function processesWhere(isMeant: (pid: number, marker: string) => boolean): readonly number[] {
  return markedProcesses().flatMap(({ pid, marker }) => (isMeant(pid, marker) ? [pid] : []));
}

export interface MarkedProcess {
  readonly pid: number;
  readonly marker: string;
  /** Empty: it was started without. */
  readonly workerFolder: string;
}

/** All living processes with a marker, but for this one. */
export function markedProcesses(): readonly MarkedProcess[] {
  return processNames().flatMap((name) => {
    const pid = Number(name);
    const environment = pid === process.pid ? undefined : environmentOf(pid);
    const marker = environment && variableOf(environment, markerName);
    if (marker === undefined) return [];
    return [{ pid, marker, workerFolder: (environment && variableOf(environment, workerFolderName)) ?? "" }];
  });
}

export interface Doomed {
  /** Process groups to end. */
  readonly groups: readonly number[];
  /** And every process whose marker starts so. */
  readonly prefix: string;
}

/** SIGKILLs until nothing of it lives; resolves to the ids that are still there after `limitMs` (stuck in the kernel). */
export async function killAll({ groups, prefix }: Doomed, limitMs: number): Promise<readonly number[]> {
  const untilMs = performance.now() + limitMs;
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 100)) {
    for (const group of groups) signalGroup(group, "SIGKILL");
    // Whoever forks faster than one look finds is met again by the next one.
    const marked = processesMarked(prefix);
    for (const pid of marked) signal(pid, "SIGKILL");
    const left = [...marked, ...groups.flatMap(livingOfGroup)];
    if (left.length === 0 || performance.now() > untilMs) return left;
    await delay(waitMs);
  }
}

/** False: no such group (any more). */
export function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  // Group 0 and 1 would mean ourselves or everyone.
  return group > 1 && signal(-group, name);
}

export function isGroupAlive(group: number): boolean {
  return signalGroup(group, 0) && livingOfGroup(group).length > 0;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

// A group of dead processes that nobody reaps still answers to signal 0; only `/proc` tells the dead from the living.
function livingOfGroup(group: number): readonly number[] {
  if (!signalGroup(group, 0)) return [];
  const names = processNames();
  if (names.length === 0) return [group];
  return names.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // `pid (name) state parent group …`: the name may hold anything, also brackets.
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(processGroup) === group && state !== "Z" && state !== "X";
    } catch {
      return false;
    }
  });
}

function environmentOf(pid: number): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return undefined;
  }
}

function variableOf(environment: Buffer, variable: string): string | undefined {
  const name = `${variable}=`;
  let at = environment.indexOf(name);
  while (at > 0 && environment[at - 1] !== 0) at = environment.indexOf(name, at + 1);
  if (at < 0) return undefined;
  const end = environment.indexOf(0, at);
  return environment.toString("utf8", at + name.length, end < 0 ? environment.length : end);
}

function processNames(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
