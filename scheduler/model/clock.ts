// What a process knows of time and chance: one record, handed to whoever waits, measures or chooses, so that a run can be repeated.

/** Calls it off; later or again it does nothing. */
export type Stop = () => void;

export interface Clock {
  /** Epoch milliseconds by this host's wall clock, which may jump: for people, and for files that this host alone reads. */
  wallMs(): number;
  /** Milliseconds that only go forward, from anywhere: what durations and leases are counted on. */
  monotonicMs(): number;
  /** Calls once, after so many milliseconds. */
  after(ms: number, act: () => void): Stop;
  /** Calls again and again. */
  every(ms: number, act: () => void): Stop;
  /** Calls in a later turn of the event loop, behind what has come in by then. */
  soon(act: () => void): Stop;
  /** Resolves after so many milliseconds, or as soon as the signal fires; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A random number from 0 up to 1. */
  random(): number;
  /** A random name in so many hexadecimal digits, to tell this from all others. */
  randomName(digits: number): string;
}
