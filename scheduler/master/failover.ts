// What a dead master owned goes to the living: told by the registry, and found by a sweep whatever was missed.

import type { Incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import type { Registry } from "../registry/contract.ts";
import type { Database } from "../store/database.ts";
import { owners, releaseInstancesOf, rescueStranded } from "../store/ownership.ts";

export interface FailoverDeps {
  readonly database: Database;
  readonly registry: Registry;
  readonly self: Incarnation;
  readonly log: Logger;
  readonly meter?: Meter;
  readonly signal: AbortSignal;
  /** Instances wait to be taken. */
  readonly onFreed: () => void;
}

const atOnce = 100;

/** Frees what nobody owns although somebody must. */
export async function sweepStranded(deps: FailoverDeps): Promise<void> {
  if ((await rescueStranded(deps.database, atOnce)) > 0) deps.onFreed();
}

/** Frees what owners that are no members own. */
export async function sweepOwners(deps: FailoverDeps): Promise<void> {
  // The owners first: one that joins and takes something after this list was read is not on it.
  const found = await owners(deps.database);
  const alive = new Set((await deps.registry.members("master")).map((member) => member.incarnation));
  for (const owner of found) {
    if (owner !== deps.self && !alive.has(owner)) await takeOver(deps, owner);
  }
}

/** Frees all that a master owned which has left the registry for good. Another rescuer may go on where this one stopped. */
export async function takeOver(deps: FailoverDeps, gone: Incarnation): Promise<void> {
  const lock = await deps.registry.lock(`failover/${gone}`, deps.signal);
  let freed = 0;
  try {
    // A master that had only lost its session may have joined again since that was seen.
    const members = await deps.registry.members("master");
    if (members.some((member) => member.incarnation === gone)) return;
    for (;;) {
      if (lock.lost.aborted || deps.signal.aborted) return;
      const count = await releaseInstancesOf(deps.database, gone, atOnce);
      freed += count;
      if (count > 0) deps.onFreed();
      if (count < atOnce) return;
    }
  } finally {
    if (freed > 0) {
      deps.log.warn({ gone, instances: freed }, "took over the instances of a master that is gone");
      deps.meter?.count("takeovers");
      deps.meter?.count("instances_freed", freed);
    }
    await lock.release().catch(() => {}); // a lost session has let go of it already
  }
}
