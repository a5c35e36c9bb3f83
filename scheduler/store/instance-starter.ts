// Starts that are asked for at the same time share a commit: whatever has gathered while one was under way is the next.

import type { WorkflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { createInstance, type NewInstance } from "./instances.ts";

export interface InstanceStarter {
  /** Resolves once it is committed: with the id, or the older one's of the same origin. */
  start(instance: NewInstance): Promise<WorkflowInstanceId>;
}

interface Entry {
  readonly instance: NewInstance;
  readonly resolve: (id: WorkflowInstanceId) => void;
  readonly reject: (error: unknown) => void;
}

const largestBatch = 100;

export function instanceStarter(database: Database): InstanceStarter {
  let queue: Entry[] = [];
  let isFlushing = false;

  const flush = async (): Promise<void> => {
    if (isFlushing) return;
    isFlushing = true;
    await Promise.resolve(); // what is asked in this turn of the event loop comes along
    while (queue.length > 0) {
      const batch = queue.slice(0, largestBatch);
      queue = queue.slice(largestBatch);
      await write(batch);
    }
    isFlushing = false;
  };

  const write = async (batch: readonly Entry[]): Promise<void> => {
    try {
      const nowMs = database.nowMs();
      const ids = await database.transact(async (transaction) => {
        const list: WorkflowInstanceId[] = [];
        for (const { instance } of batch) list.push((await createInstance(transaction, nowMs, instance)).id);
        return list;
      });
      batch.forEach((entry, index) => {
        const id = ids[index];
        if (id !== undefined) entry.resolve(id);
      });
    } catch (error) {
      // One that cannot be written must not take the others down.
      if (batch.length > 1) for (const entry of batch) await write([entry]);
      else batch[0]?.reject(error);
    }
  };

  return {
    start: (instance) =>
      new Promise((resolve, reject) => {
        queue.push({ instance, resolve, reject });
        void flush();
      }),
  };
}
