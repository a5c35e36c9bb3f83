// Ends processes that outlive their attempt: what it started in sessions of their own, which no group signal reaches.
// A task that means to leave a service behind starts it without the marker (`env -u PORPOISE_MARKER setsid …`).

import type { Logger } from "../model/logger.ts";
import { processesWhere } from "./marked-processes.ts";

export interface LeftoversDeps {
  /** What the markers of this worker's life begin with, and what comes behind it for each living attempt. */
  readonly prefix: string;
  readonly isLive: (attempt: string) => boolean;
  readonly log: Logger;
}

export interface Leftovers {
  /** An attempt has ended: soon all processes are looked through once, for all that ended meanwhile. */
  lookSoon(): void;
  close(): void;
}

const lookMs = 1_000;
/** On a machine with very many processes looking takes long: no more than this share of the time is spent on it. */
const shareOfTime = 0.05;

export function endLeftovers({ prefix, isLive, log }: LeftoversDeps): Leftovers {
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = lookMs;

  const look = (): void => {
    timer = undefined;
    const startMs = performance.now();
    const left = processesWhere(
      (_, marker) => marker.startsWith(prefix) && !isLive(marker.slice(prefix.length).replace(/\.$/, "")),
    );
    pauseMs = Math.max(lookMs, (performance.now() - startMs) / shareOfTime);
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    if (left.length === 0) return;
    log.warn({ processes: left }, "processes outlived their attempts and were ended");
    timer = setTimeout(look, pauseMs);
  };

  return {
    lookSoon: () => {
      timer ??= setTimeout(look, pauseMs);
    },
    close: () => clearTimeout(timer),
  };
}
