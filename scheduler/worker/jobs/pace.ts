// How often another system is asked about a job, and for how long.

import { setTimeout as delay } from "node:timers/promises";

export interface JobPace {
  /** Between two looks: at first, and at most. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** How long a first submission may find nobody who takes it. */
  readonly beginLimitMs: number;
  /** How long a killed attempt tries to end its job. */
  readonly endLimitMs: number;
  /** How long the system must say that it has no such job, of one that was there. */
  readonly forgottenMs: number;
  /** For one answer; for the answer to a submission. */
  readonly answerMs: number;
  readonly submitAnswerMs: number;
}

export const usualPace: JobPace = {
  firstMs: 500,
  longestMs: 10_000,
  beginLimitMs: 300_000,
  endLimitMs: 120_000,
  forgottenMs: 30_000,
  answerMs: 30_000,
  submitAnswerMs: 120_000,
};

export interface Limit {
  leftMs(): number;
}

export function limit(ms: number): Limit {
  const untilMs = performance.now() + ms;
  return { leftMs: () => untilMs - performance.now() };
}

export interface Pauses {
  next(): number;
  restart(): void;
}

export function growing({ firstMs, longestMs }: JobPace): Pauses {
  let ms = firstMs;
  return {
    next: () => {
      const now = ms;
      ms = Math.min(longestMs, ms * 1.5);
      return now;
    },
    restart: () => {
      ms = firstMs;
    },
  };
}

export const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal });

/** Not `AbortSignal.any`: a signal that lives for weeks keeps something of each that was made of it. */
export async function withLimit<T>(
  signal: AbortSignal,
  ms: number,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const either = new AbortController();
  const end = (): void => either.abort(signal.reason);
  const timer = setTimeout(() => either.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await act(either.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
