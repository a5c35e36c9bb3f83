// Ends attempts before anybody else may think them gone.
//
// An owner gives this worker up when its incarnation has left the registry AND one lease has passed since the owner last heard of
// it, or took the instance over. So an attempt may live while one of these holds, counted on this host's monotonic clock:
//   - registry: now < (sending of the newest message the registry acknowledged) + lease − margin, under the name that took it;
//   - owner: now < (sending of a question that the owner confirmed) − (age of the owner's own proof) + lease − margin.
// The second is asked only when the first is running out: then nothing dies because the registry is away.
// The margin is for the killing itself.

import type { Clock } from "../model/clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { type Logger, ofAttempt } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
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
  /** All open connections with masters; one master may have several, each with this worker under another name. */
  readonly masters: () => readonly Connection[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter?: Meter;
}

export interface Leases {
  /** How long the attempt may live from now on, if nothing is heard again; nothing or less: it may not. */
  leftMs(attempt: LiveAttempt): number;
  close(): void;
}

export const marginOf = (leaseMs: number): number => Math.min(1_000, leaseMs / 4);

export function keepLeases(deps: LeasesDeps): Leases {
  const { clock } = deps;
  const { leaseMs } = deps.registry;
  const termMs = leaseMs - marginOf(leaseMs);
  const confirmedUntilMs = new Map<string, number>();
  let isAsking = false;
  let askedMs = Number.NEGATIVE_INFINITY;

  /** What the registry acknowledged last under each of this worker's names: a session that is over may have been given up early. */
  const acknowledgedMs = new Map<Incarnation, number>();

  const registryUntilMs = ({ incarnation }: LiveAttempt): number => {
    const ackMs = incarnation === deps.incarnation() ? deps.registry.lastAckMs() : acknowledgedMs.get(incarnation);
    return (ackMs ?? Number.NEGATIVE_INFINITY) + termMs;
  };
  const untilMs = (attempt: LiveAttempt): number =>
    Math.max(registryUntilMs(attempt), confirmedUntilMs.get(leaseKey(attempt)) ?? Number.NEGATIVE_INFINITY);

  const tick = (): void => {
    const nowMs = clock.monotonicMs();
    const live = deps.attempts.live();
    if (live.length === 0) {
      confirmedUntilMs.clear();
      acknowledgedMs.clear();
    }
    if (deps.registry.lastAckMs() > Number.NEGATIVE_INFINITY) {
      acknowledgedMs.set(deps.incarnation(), deps.registry.lastAckMs());
    }
    if (live.length === 0) return;
    for (const attempt of live) {
      if (nowMs >= untilMs(attempt)) fence(attempt);
    }
    const inDoubt = live.filter(
      (attempt) => attempt.incarnation !== deps.incarnation() || registryUntilMs(attempt) - nowMs < termMs / 2,
    );
    if (inDoubt.length > 0 && !isAsking && nowMs - askedMs >= leaseMs / 8) {
      askedMs = nowMs;
      isAsking = true;
      void confirm(new Map(inDoubt.map((attempt) => [leaseKey(attempt), attempt]))).finally(() => {
        isAsking = false;
      });
    }
  };

  const fence = ({ key, ref }: LiveAttempt): void => {
    deps.meter?.count("attempts_fenced");
    deps.log.error(ofAttempt(ref), "neither the registry nor its owner answers in time: the attempt is ended here");
    deps.attempts.end(
      key,
      "lost",
      "its worker was cut off: neither the registry nor the owner of its workflow answered in time",
    );
  };

  const confirm = async (inDoubt: ReadonlyMap<string, LiveAttempt>): Promise<void> => {
    const questions = new Map<Connection, LiveAttempt[]>();
    for (const attempt of inDoubt.values()) {
      const owner = deps.ownership.ownerOf(attempt.instance);
      // The owner must hear of the very life of this worker that took the attempt: that is what it would give up.
      const open = deps.masters().filter((connection) => connection.self.incarnation === attempt.incarnation);
      const known = open.filter((connection) => connection.peer.incarnation === owner);
      // Its owner may have come back under another name: whoever is there says whether it is theirs.
      for (const connection of known.length > 0 ? known : open) {
        questions.set(connection, [...(questions.get(connection) ?? []), attempt]);
      }
    }
    await Promise.all([...questions].map(([connection, attempts]) => ask(connection, attempts)));
  };

  const ask = async (connection: Connection, asked: readonly LiveAttempt[]): Promise<void> => {
    const instances = asked.map(({ instance }) => ({
      id: instance,
      ownerEpoch: deps.ownership.epochOf(instance) ?? 0,
    }));
    const sentMs = clock.monotonicMs();
    try {
      const { body } = await connection.request<MasterRequests["confirm"]["response"]>(
        "confirm",
        { instances } satisfies MasterRequests["confirm"]["request"],
        { deadlineMs: Math.max(200, leaseMs / 3) },
      );
      asked.forEach((attempt, index) => {
        const agoMs = body.checkedAgoMs[index];
        if (agoMs === null || agoMs === undefined) return;
        const key = leaseKey(attempt);
        confirmedUntilMs.set(key, Math.max(confirmedUntilMs.get(key) ?? 0, sentMs - agoMs + termMs));
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.warn(
        { master: connection.peer.incarnation, reason },
        "a master did not confirm the attempts of its instances",
      );
    }
  };

  const stop = clock.every(Math.min(250, Math.max(10, leaseMs / 20)), tick);
  return {
    leftMs: (attempt) => untilMs(attempt) - clock.monotonicMs(),
    close: stop,
  };
}

/** A confirmation is for one instance's attempts under one name of this worker. */
const leaseKey = ({ instance, incarnation }: LiveAttempt): string => `${incarnation} ${instance}`;
