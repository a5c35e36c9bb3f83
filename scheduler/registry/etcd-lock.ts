// A fair lock in etcd: a key each on its session's lease, and the one that was created first holds it.

import type { Clock } from "../model/clock.ts";
import { OperationError } from "../model/operation-error.ts";
import type { EtcdClient } from "./etcd-client.ts";

export interface EtcdLockDeps {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly lease: string;
  /** The session is over. */
  readonly ended: AbortSignal;
  /** Those that wait, and look again when something changes. */
  readonly waiting: Set<() => void>;
}

export interface LockPlace {
  release(): Promise<void>;
}

/** Behind every event there is a look. */
const lookMs = 1_000;
const againMs = 100;

/** Resolves when it is held. Rejects with `aborted`, or `unavailable` when the session is over. */
export async function takePlace(deps: EtcdLockDeps, folder: string, signal: AbortSignal): Promise<LockPlace> {
  const { clock, ended } = deps;
  // Its own name makes it repeatable: written once more after a lost answer it keeps its place.
  const place = `${folder}${clock.randomName(32)}`;
  const over = AbortSignal.any([signal, ended]);
  const release = (): Promise<void> => remove(deps, place);
  try {
    while (!over.aborted) {
      const isMine = await isFirst(deps, folder, place).catch((error: unknown) => wait(clock, error, over));
      if (over.aborted) break;
      if (isMine === true) return { release };
      if (isMine === false) await nextChange(deps, over);
    }
    throw signal.aborted
      ? new OperationError("aborted", "waiting for a lock was given up")
      : new OperationError("unavailable", "the session was lost while waiting for a lock");
  } catch (error) {
    await release();
    throw error;
  }
}

async function isFirst({ client, lease }: EtcdLockDeps, folder: string, place: string): Promise<boolean> {
  const queue = await client.list(folder);
  if (queue.some(({ key }) => key === place)) return queue[0]?.key === place;
  await client.put(place, "", lease);
  return (await client.list(folder))[0]?.key === place;
}

async function nextChange({ clock, waiting }: EtcdLockDeps, over: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  waiting.add(wake);
  await clock.sleep(lookMs, AbortSignal.any([woken.signal, over]));
  waiting.delete(wake);
}

/** Others wait for it while the lease lives, so this is tried until it is done. */
async function remove({ client, clock, ended }: EtcdLockDeps, key: string): Promise<void> {
  while (!ended.aborted) {
    try {
      return await client.remove(key);
    } catch (error) {
      await wait(clock, error, ended);
    }
  }
}

async function wait(clock: Clock, error: unknown, over: AbortSignal): Promise<undefined> {
  if (!(error instanceof OperationError && error.code === "unavailable")) throw error;
  await clock.sleep(againMs, over);
  return undefined;
}
