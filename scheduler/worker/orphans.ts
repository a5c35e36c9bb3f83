// Ends what dead workers left alive on this host, whatever their data folders: their guards were killed in the same moment.
// Nobody tells of it, so it is looked for.

import type { Logger } from "../model/logger.ts";
import { markerPrefixOf } from "./data-folder.ts";
import { lockIfFree } from "./folder-lock.ts";
import { killAll, markedProcesses } from "./marked-processes.ts";

export interface OrphansDeps {
  /** This worker's own, see `DataFolder.markerPrefix`. */
  readonly ownPrefix: string;
  readonly lookMs: number;
  readonly log: Logger;
}

export interface Orphans {
  /** Resolves when nothing is being ended any more. */
  close(): Promise<void>;
}

/** On a host with very many processes looking takes long: no more than this share of the time is spent on it. */
const shareOfTime = 0.02;
/** Shorter than a worker waits for its folder when it starts. */
const killLimitMs = 1_000;

export function endOrphans({ ownPrefix, lookMs, log }: OrphansDeps): Orphans {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let ending: Promise<unknown> = Promise.resolve();

  const look = (): void => {
    const startMs = performance.now();
    const strangers = markedProcesses().filter(({ marker }) => !marker.startsWith(ownPrefix));
    const folders = new Set(strangers.map(({ workerFolder }) => workerFolder).filter((folder) => folder !== ""));
    const pauseMs = Math.max(lookMs, (performance.now() - startMs) / shareOfTime);
    const isOf = (prefix: string): boolean => strangers.some(({ marker }) => marker.startsWith(prefix));
    ending = Promise.all(Array.from(folders, (folder) => endOrphansOf(folder, isOf, log))).then(() => {
      if (!isClosed) timer = setTimeout(look, pauseMs);
    });
  };
  timer = setTimeout(look, lookMs);

  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await ending;
    },
  };
}

async function endOrphansOf(folder: string, isOf: (prefix: string) => boolean, log: Logger): Promise<void> {
  // Another container's folder of the same path is not meant: its id differs.
  const prefix = markerPrefixOf(folder);
  if (prefix === undefined || !isOf(prefix)) return;
  // The lock proves that the worker is dead, and keeps its successor from starting anything meanwhile.
  const lock = lockIfFree(folder);
  if (lock === undefined) return;
  try {
    log.warn({ folder }, "a worker and its guard were killed: what they left alive is ended");
    const stuck = await killAll({ groups: [], prefix }, killLimitMs);
    if (stuck.length > 0) log.error({ folder, processes: stuck }, "processes of a dead worker cannot be ended");
  } finally {
    lock.release();
  }
}
