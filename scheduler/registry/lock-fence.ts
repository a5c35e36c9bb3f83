// Tells the holder of a lock that it is lost, before anybody else can have it: the same for every registry.

export interface LockFenceDeps {
  readonly leaseMs: number;
  /** `performance.now()` of the sending of the newest message that the registry acknowledged in this session. */
  readonly ackMs: () => number;
  /** Aborted when the session is over. */
  readonly ended: AbortSignal;
}

export interface LockFence {
  readonly lost: AbortSignal;
  /** The lock was given back. */
  stop(): void;
}

/** The rest of the lease is for the holder to stop. */
const shareOfLease = 0.9;

export function lockFence({ leaseMs, ackMs, ended }: LockFenceDeps): LockFence {
  const lost = new AbortController();
  const stop = (): void => {
    clearInterval(timer);
    ended.removeEventListener("abort", lose);
  };
  const lose = (): void => {
    stop();
    lost.abort();
  };
  const timer = setInterval(
    () => {
      if (performance.now() >= ackMs() + leaseMs * shareOfLease) lose();
    },
    Math.max(20, leaseMs / 30),
  );
  ended.addEventListener("abort", lose, { once: true });
  if (ended.aborted) lose();
  return { lost: lost.signal, stop };
}
