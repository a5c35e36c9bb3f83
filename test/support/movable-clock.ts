// A clock that goes on as the machine's does and can be moved forward: where a minute is only waiting, a test need not wait.

import { systemClock } from "../../scheduler/clock/system-clock.ts";
import type { Clock, Stop } from "../../scheduler/model/clock.ts";

export interface MovableClock extends Clock {
  /** What is due by then happens now. */
  move(ms: number): void;
  movedMs(): number;
}

export function movableClock(): MovableClock {
  let movedMs = 0;
  /** What waits, and how it begins to wait anew. */
  const waiting = new Set<() => void>();
  const monotonicMs = (): number => systemClock.monotonicMs() + movedMs;

  const after = (ms: number, act: () => void): Stop => {
    const dueMs = monotonicMs() + ms;
    let stop: Stop = () => {};
    const arm = (): void => {
      stop();
      stop = systemClock.after(Math.max(0, dueMs - monotonicMs()), () => {
        waiting.delete(arm);
        act();
      });
    };
    waiting.add(arm);
    arm();
    return () => {
      stop();
      waiting.delete(arm);
    };
  };

  return {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + movedMs,
    monotonicMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          stop();
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const stop = after(ms, done);
        if (signal?.aborted) done();
        else signal?.addEventListener("abort", done);
      }),
    move: (ms) => {
      movedMs += ms;
      for (const arm of [...waiting]) arm();
    },
    movedMs: () => movedMs,
  };
}
