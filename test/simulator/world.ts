// Simulated time: what is to happen stands in one queue, and the clock moves from one event to the next. Everything that is
// random comes from one seed, so the same seed is the same run.

import type { Stop } from "../../scheduler/model/clock.ts";

export interface World {
  /** Milliseconds since the beginning, as every monotonic clock counts them. */
  nowMs(): number;
  /** What the database's clock and the hosts' wall clocks show beyond that: idle time that was skipped. */
  skippedMs(): number;
  skip(ms: number): void;
  after(ms: number, act: () => void): Stop;
  /** A random number from 0 up to 1. */
  random(): number;
  /** Whole, from 0 up to `below`. */
  pick(below: number): number;
  chance(share: number): boolean;
  note(line: string): void;
  /** A number that every event and note so far has gone into: equal traces, equal numbers. */
  fingerprint(): string;
  readonly notes: readonly string[];
  events(): number;
  /** Lets events happen until `isDone`, or until nothing is left to happen. */
  run(isDone: () => boolean): Promise<void>;
}

interface Entry {
  readonly atMs: number;
  readonly seq: number;
  act: (() => void) | undefined;
}

const stepsARound = 200;

export function world(seed: number, keepNotes: boolean): World {
  const random = generator(seed);
  const queue: Entry[] = [];
  const notes: string[] = [];
  let nowMs = 0;
  let skippedMs = 0;
  let seq = 0;
  let events = 0;
  let print = 2_166_136_261;

  const mix = (text: string): void => {
    for (let index = 0; index < text.length; index += 1) print = Math.imul(print ^ text.charCodeAt(index), 16_777_619);
  };

  const happenNext = (): boolean => {
    for (let entry = pop(queue); entry !== undefined; entry = pop(queue)) {
      if (entry.act === undefined) continue;
      nowMs = entry.atMs;
      events += 1;
      entry.act();
      return true;
    }
    return false;
  };

  return {
    nowMs: () => nowMs,
    skippedMs: () => skippedMs,
    skip: (ms) => {
      skippedMs += ms;
    },
    after: (ms, act) => {
      seq += 1;
      const entry: Entry = { atMs: nowMs + Math.max(0, ms), seq, act };
      push(queue, entry);
      return () => {
        entry.act = undefined;
      };
    },
    random,
    pick: (below) => Math.floor(random() * below),
    chance: (share) => random() < share,
    note: (line) => {
      const text = `${((nowMs + skippedMs) / 1_000).toFixed(3)} ${line}`;
      mix(text);
      if (keepNotes) notes.push(text);
    },
    fingerprint: () => `${(print >>> 0).toString(16)}-${events}`,
    notes,
    events: () => events,
    run: (isDone) =>
      new Promise((resolve, reject) => {
        let isOver = false;
        const end = (finish: () => void): void => {
          isOver = true;
          finish();
        };
        const step = (): void => {
          if (isOver) return;
          try {
            if (isDone() || !happenNext()) end(resolve);
          } catch (error) {
            end(() => reject(error));
          }
        };
        // Between two immediates runs all that follows from an event without waiting for time: promises, and the statements of
        // the database. Many are queued at once, because each round of the event loop asks the kernel for news that never come.
        const round = (): void => {
          if (isOver) return;
          for (let count = 0; count < stepsARound; count += 1) setImmediate(step);
          setImmediate(round);
        };
        round();
      }),
  };
}

/** Source: sfc32. */
function generator(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9, 0x243f6a88, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.seq < other.seq);

function push(heap: Entry[], entry: Entry): void {
  heap.push(entry);
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  let at = 0;
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined) return first;
    const child = b !== undefined && isBefore(b, a) ? right : left;
    if (!swapIfBefore(heap, child, at)) return first;
    at = child;
  }
}

function swapIfBefore(heap: Entry[], lower: number, upper: number): boolean {
  const [a, b] = [heap[lower], heap[upper]];
  if (a === undefined || b === undefined || !isBefore(a, b)) return false;
  heap[lower] = b;
  heap[upper] = a;
  return true;
}
