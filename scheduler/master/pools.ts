// Tasks of this master that wait for a slot of their task group: they are told when rows say that they have one.

import type { Clock, Stop } from "../model/clock.ts";
import type { TaskInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Database } from "../store/database.ts";
import { grantedAmong, grantSlots } from "../store/task-groups.ts";

export interface Pools {
  /** `onGranted` is called once, with the database's time of the grant, unless the task is forgotten before. */
  wait(task: TaskInstanceId, group: string, onGranted: (atMs: number) => void): void;
  forget(task: TaskInstanceId): void;
  /** Somebody waits or a slot may have become free: looks soon. */
  changed(): void;
  waitingCount(): number;
  close(): void;
}

export interface PoolsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Slots that other masters give back are found by looking. */
const lookEveryMs = 250;

export function pools({ database, clock, log }: PoolsDeps): Pools {
  const waiting = new Map<TaskInstanceId, { readonly group: string; readonly onGranted: (atMs: number) => void }>();
  let isLooking = false;
  let mustLook = false;
  let isClosed = false;
  let stopSoon: Stop | undefined;

  const look = async (): Promise<void> => {
    if (isLooking) {
      mustLook = true;
      return;
    }
    isLooking = true;
    try {
      do {
        mustLook = false;
        await grant();
      } while (mustLook && !isClosed);
    } catch (error) {
      log.warn({ error }, "cannot look after task groups now, the next look does");
    } finally {
      isLooking = false;
    }
  };

  const grant = async (): Promise<void> => {
    if (waiting.size === 0 || isClosed) return;
    for (const group of new Set([...waiting.values()].map((one) => one.group))) await grantSlots(database, group);
    for (const [task, atMs] of await grantedAmong(database, [...waiting.keys()])) {
      const found = waiting.get(task);
      waiting.delete(task);
      found?.onGranted(atMs);
    }
  };

  const changed = (): void => {
    if (stopSoon || isClosed) return;
    stopSoon = clock.soon(() => {
      stopSoon = undefined;
      void look();
    });
  };
  const stopTimer = clock.every(lookEveryMs, () => void look());

  return {
    wait: (task, group, onGranted) => {
      waiting.set(task, { group, onGranted });
      changed();
    },
    forget: (task) => void waiting.delete(task),
    changed,
    waitingCount: () => waiting.size,
    close: () => {
      isClosed = true;
      stopTimer();
      stopSoon?.();
      waiting.clear();
    },
  };
}
