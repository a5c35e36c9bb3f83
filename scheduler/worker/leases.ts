// Ends attempts before anybody else may think them gone.
//
// An owner gives this worker up when its incarnation has left the registry AND one lease has passed since the owner last heard of
// it, or took the instance over. So an attempt may live while one of these holds, counted on this host's monotonic clock:
//   - registry: now < (sending of the newest message the registry acknowledged) + lease − margin, for attempts of this incarnation;
//   - owner: now < (sending of a question that the owner confirmed) − (age of the owner's own proof) + lease − margin.
// The second is asked only when the first is running out: then nothing dies because the registry is away.
// The margin is for the killing itself.

import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Registry } from "../registry/contract.ts";
import type { Connection } from "../wire/contract.ts";
import type { MasterRequests } from "../wire/messages.ts";
import type { Attempts, LiveAttempt } from "./attempts.ts";
import type { Ownership } from "./ownership.ts";

export interface LeasesDeps {
  readonly registry: Pick<Registry, "leaseMs" | "lastAckMs">;
  readonly ownership: Ownership;
  readonly attempts: Attempts;
  readonly incarnation: () => Incarnation;
  readonly master: (incarnation: Incarnation) => Connection | undefined;
  readonly masters: () => readonly Connection[];
  readonly log: Logger;
}

export interface Leases {
  close(): void;
}

export const marginOf = (leaseMs: number): number => Math.min(1_000, leaseMs / 4);

export function keepLeases(deps: LeasesDeps): Leases {
  const { leaseMs } = deps.registry;
  const termMs = leaseMs - marginOf(leaseMs);
  const confirmedUntilMs = new Map<WorkflowInstanceId, number>();
  let isAsking = false;
  let askedMs = Number.NEGATIVE_INFINITY;

  const registryUntilMs = (attempt: LiveAttempt): number =>
    attempt.incarnation === deps.incarnation() ? deps.registry.lastAckMs() + termMs : Number.NEGATIVE_INFINITY;
  const untilMs = (attempt: LiveAttempt): number =>
    Math.max(registryUntilMs(attempt), confirmedUntilMs.get(attempt.instance) ?? Number.NEGATIVE_INFINITY);

  const tick = (): void => {
    const nowMs = performance.now();
    const live = deps.attempts.live();
    if (live.length === 0) {
      confirmedUntilMs.clear();
      return;
    }
    for (const attempt of live) {
      if (nowMs >= untilMs(attempt)) fence(attempt);
    }
    const inDoubt = live.filter((attempt) => registryUntilMs(attempt) - nowMs < termMs / 2);
    if (inDoubt.length > 0 && !isAsking && nowMs - askedMs >= leaseMs / 8) {
      askedMs = nowMs;
      isAsking = true;
      void confirm(new Map(inDoubt.map((attempt) => [attempt.instance, attempt]))).finally(() => {
        isAsking = false;
      });
    }
  };

  const fence = ({ key }: LiveAttempt): void => {
    deps.log.error({ attempt: key }, "neither the registry nor its owner answers in time: the attempt is ended here");
    deps.attempts.end(
      key,
      "lost",
      "its worker was cut off: neither the registry nor the owner of its workflow answered in time",
    );
  };

  const confirm = async (inDoubt: ReadonlyMap<WorkflowInstanceId, LiveAttempt>): Promise<void> => {
    const byMaster = new Map<Connection, WorkflowInstanceId[]>();
    const all = deps.masters();
    for (const instance of inDoubt.keys()) {
      const owner = deps.ownership.ownerOf(instance);
      const known = owner === undefined ? undefined : deps.master(owner);
      // Its owner may have come back under another name: whoever is there says whether it is theirs.
      for (const connection of known === undefined ? all : [known]) {
        byMaster.set(connection, [...(byMaster.get(connection) ?? []), instance]);
      }
    }
    await Promise.all([...byMaster].map(([connection, instances]) => ask(connection, instances)));
  };

  const ask = async (connection: Connection, ids: readonly WorkflowInstanceId[]): Promise<void> => {
    const instances = ids.map((id) => ({ id, ownerEpoch: deps.ownership.epochOf(id) ?? 0 }));
    const sentMs = performance.now();
    try {
      const { body } = await connection.request<MasterRequests["confirm"]["response"]>(
        "confirm",
        { instances } satisfies MasterRequests["confirm"]["request"],
        { deadlineMs: Math.max(200, leaseMs / 3) },
      );
      ids.forEach((id, index) => {
        const agoMs = body.checkedAgoMs[index];
        if (agoMs === null || agoMs === undefined) return;
        confirmedUntilMs.set(id, Math.max(confirmedUntilMs.get(id) ?? 0, sentMs - agoMs + termMs));
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.warn(
        { master: connection.peer.incarnation, reason },
        "a master did not confirm the attempts of its instances",
      );
    }
  };

  const timer = setInterval(tick, Math.min(250, Math.max(10, leaseMs / 20)));
  return { close: () => clearInterval(timer) };
}
