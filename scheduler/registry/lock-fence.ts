// Tells the holder of a lock that it is lost, before anybody else can have it: the same for every registry.

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Lock } from "./contract.ts";

export interface LockFenceDeps {
  /** Absent: the machine's. */
  readonly clock?: Clock;
  readonly leaseMs: number;
  /** By the monotonic clock, the sending of the newest message that the registry acknowledged in this session. */
  readonly ackMs: () => number;
  /** Aborted when the session is over. */
  readonly ended: AbortSignal;
}

/** The rest of the lease is for the holder to stop. */
const shareOfLease = 0.9;

/** What its holder gets; `giveBack` lets the next one in. */
export function heldLock(
  { clock = systemClock, leaseMs, ackMs, ended }: LockFenceDeps,
  giveBack: () => Promise<void>,
): Lock {
  const lost = new AbortController();
  const stop = (): void => {
    stopLooking();
    ended.removeEventListener("abort", lose);
  };
  const lose = (): void => {
    stop();
    lost.abort();
  };
  const stopLooking = clock.every(Math.max(20, leaseMs / 30), () => {
    if (clock.monotonicMs() >= ackMs() + leaseMs * shareOfLease) lose();
  });
  ended.addEventListener("abort", lose, { once: true });
  if (ended.aborted) lose();
  return {
    lost: lost.signal,
    release: async () => {
      stop();
      await giveBack();
    },
  };
}
