// A fair lock in ZooKeeper: an ephemeral sequential node each, and everyone watches the one before.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { OperationError } from "../model/operation-error.ts";
import type { ZookeeperSession } from "./zookeeper-session.ts";

export interface LockPlace {
  release(): Promise<void>;
}

/** Behind every event there is a look. */
const lookMs = 1_000;
const againMs = 100;

/** Resolves when it is held. Rejects with `aborted`, or `unavailable` when the session is over. */
export async function takePlace(session: ZookeeperSession, folder: string, signal: AbortSignal): Promise<LockPlace> {
  const id = randomUUID();
  const over = AbortSignal.any([signal, session.ended]);
  const release = (): Promise<void> => giveBack(session, folder, id);
  try {
    for (;;) {
      if (over.aborted) throw overError(signal);
      const before = await standing(session, folder, id).catch((error: unknown) => retry(error, over));
      if (before === "first") return { release };
      if (before !== undefined) await waitFor(session, `${folder}/${before}`, over);
    }
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
}

/** "first", or the node before ours; makes ours where it is not there. */
async function standing(session: ZookeeperSession, folder: string, id: string): Promise<string | undefined> {
  const all = await waiting(session, folder);
  const at = all.findIndex((name) => name.startsWith(id));
  if (at >= 0) return all[at - 1] ?? "first";
  // Fault 9: after a lost connection nobody knows whether it was made; so it is looked for first, by its own id.
  await session.create(`${folder}/${id}-`, "", "ephemeral_sequential");
  return undefined;
}

async function waiting(session: ZookeeperSession, folder: string): Promise<readonly string[]> {
  const names = await session.children(folder);
  const number = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));
  return [...names].sort((a, b) => number(a) - number(b));
}

async function waitFor(session: ZookeeperSession, path: string, over: AbortSignal): Promise<void> {
  const gone = new AbortController();
  try {
    if (!(await session.exists(path, () => gone.abort()))) return;
    await delay(lookMs, undefined, { signal: AbortSignal.any([gone.signal, over]) }).catch(() => {});
  } catch (error) {
    await retry(error, over);
  }
}

async function giveBack(session: ZookeeperSession, folder: string, id: string): Promise<void> {
  // The node goes with the session in any case; while that lives, others wait for it, so this is tried until it is done.
  while (!session.ended.aborted) {
    try {
      for (const name of await session.children(folder))
        if (name.startsWith(id)) await session.remove(`${folder}/${name}`);
      return;
    } catch (error) {
      await retry(error, session.ended);
    }
  }
}

async function retry(error: unknown, over: AbortSignal): Promise<undefined> {
  const isAway = error instanceof OperationError && error.code === "unavailable";
  if (!isAway) throw error;
  await delay(againMs, undefined, { signal: over }).catch(() => {});
  return undefined;
}

const overError = (signal: AbortSignal): OperationError =>
  signal.aborted
    ? new OperationError("aborted", "waiting for a lock was given up")
    : new OperationError("unavailable", "the session was lost while waiting for a lock");
