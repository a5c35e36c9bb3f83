// Who owns the workflow instances that this worker has heard of: the highest epoch of each, and the master that named it.

import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";

export interface Ownership {
  /** False: somebody with a higher epoch has been here. Else remembers the epoch and whose it is. */
  accepts(instance: WorkflowInstanceId, epoch: number, master: Incarnation): boolean;
  epochOf(instance: WorkflowInstanceId): number | undefined;
  ownerOf(instance: WorkflowInstanceId): Incarnation | undefined;
  /** What another master said about who owns it; undefined: nobody knows at the moment. */
  setOwner(instance: WorkflowInstanceId, master: Incarnation | undefined): void;
}

interface Owner {
  readonly epoch: number;
  readonly master: Incarnation | undefined;
}

export function ownership(maxInstances: number, isNeeded: (instance: WorkflowInstanceId) => boolean): Ownership {
  // In the order of the last word about each; beyond the limit the oldest are forgotten, unless an attempt of theirs is here.
  const owners = new Map<WorkflowInstanceId, Owner>();

  const put = (instance: WorkflowInstanceId, owner: Owner): void => {
    owners.delete(instance);
    owners.set(instance, owner);
    if (owners.size <= maxInstances) return;
    for (const old of owners.keys()) {
      if (owners.size <= maxInstances * 0.9) break;
      if (!isNeeded(old)) owners.delete(old);
    }
  };

  return {
    accepts: (instance, epoch, master) => {
      const known = owners.get(instance);
      if (known !== undefined && known.epoch > epoch) return false;
      put(instance, { epoch, master });
      return true;
    },
    epochOf: (instance) => owners.get(instance)?.epoch,
    ownerOf: (instance) => owners.get(instance)?.master,
    setOwner: (instance, master) => {
      const known = owners.get(instance);
      put(instance, { epoch: known?.epoch ?? 0, master });
    },
  };
}
