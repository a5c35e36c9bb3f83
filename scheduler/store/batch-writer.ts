// The one writer of a master (group commit): whatever has gathered while a batch was being committed is the next batch.

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { type Database, isPassing } from "./database.ts";
import { saveTransitions, type Transition } from "./transitions.ts";

export interface BatchWriter {
  /**
   * Resolves once it is committed: true, or false when the instance has another owner now. Waits out a database that is
   * away, however long; rejects when this transition itself cannot be written, or the writer is closed.
   */
  save(transition: Transition): Promise<boolean>;
  /** Ends without waiting for the database; what is not committed rejects. */
  close(): void;
}

export interface BatchWriterDeps {
  readonly database: Database;
  /** Absent: the machine's. */
  readonly clock?: Clock;
  readonly owner: Incarnation;
  readonly onTrouble: (error: unknown) => void;
}

interface Entry {
  readonly transition: Transition;
  readonly resolve: (saved: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const largestBatch = 400;
const retryAfterMs = 250;

export function batchWriter({ database, clock = systemClock, owner, onTrouble }: BatchWriterDeps): BatchWriter {
  let queue: Entry[] = [];
  let isFlushing = false;
  let isClosed = false;
  const closing = new AbortController();

  const flush = async (): Promise<void> => {
    if (isFlushing) return;
    isFlushing = true;
    while (queue.length > 0 && !isClosed) {
      const batch = queue.slice(0, largestBatch);
      queue = queue.slice(largestBatch);
      await write(batch);
    }
    isFlushing = false;
  };

  const write = async (batch: readonly Entry[]): Promise<void> => {
    while (!isClosed) {
      try {
        const saved = await saveTransitions(
          database,
          owner,
          batch.map((entry) => entry.transition),
        );
        batch.forEach((entry, index) => {
          entry.resolve(saved[index] === true);
        });
        return;
      } catch (error) {
        onTrouble(error);
        // A commit whose answer was lost may have happened: the same rows written once more are the same rows.
        if (isPassing(error)) await clock.sleep(retryAfterMs, closing.signal);
        else return await split(batch, error);
      }
    }
    for (const entry of batch) entry.reject(new Error("the writer is closed"));
  };

  // One entry that cannot be written must not take the others down: halves are tried until it stands alone.
  const split = async (batch: readonly Entry[], error: unknown): Promise<void> => {
    if (batch.length === 1) {
      batch[0]?.reject(error);
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    await write(batch.slice(0, middle));
    await write(batch.slice(middle));
  };

  return {
    save: (transition) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(new Error("the writer is closed"));
          return;
        }
        queue.push({ transition, resolve, reject });
        // The rest of this turn of the event loop may add more to the same commit.
        if (queue.length === 1) clock.soon(() => void flush());
      }),
    close: () => {
      isClosed = true;
      closing.abort();
      for (const entry of queue) entry.reject(new Error("the writer is closed"));
      queue = [];
    },
  };
}
