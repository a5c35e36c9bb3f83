// Keeps this worker a member of the registry: joins when a session stands, tells its load, joins anew when the session was lost.

import type { Clock, Stop } from "../model/clock.ts";
import { type Incarnation, incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Member, MemberData, Registry } from "../registry/contract.ts";

export interface MembershipDeps {
  readonly registry: Registry;
  readonly incarnation: () => Incarnation;
  /** The session was lost: from now on this worker has this name. */
  readonly rename: (next: Incarnation) => void;
  readonly data: () => MemberData;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Membership {
  /** Resolves when the registry has this worker for the first time. */
  readonly joined: Promise<void>;
  /** Something worth telling has changed. */
  changed(): void;
  /** Undefined: the registry has this worker. */
  whyNotMember(): string | undefined;
  close(): Promise<void>;
}

const updateMs = 1_000;
const againMs = 500;

export function keepMembership(deps: MembershipDeps): Membership {
  const { registry, log, clock } = deps;
  let state: "out" | "joining" | "in" = "out";
  let isConnected = false;
  let isClosed = false;
  let again: Stop | undefined;
  let told = "";
  let telling: Promise<void> = Promise.resolve();
  const joined = Promise.withResolvers<void>();

  const join = async (): Promise<void> => {
    if (state !== "out" || isClosed || !isConnected) return;
    state = "joining";
    const mine: Member = { kind: "worker", incarnation: deps.incarnation(), data: deps.data() };
    try {
      await registry.join(mine);
      // The session may have been lost meanwhile, and with it this name.
      if (deps.incarnation() !== mine.incarnation) return;
      state = "in";
      told = JSON.stringify(mine.data);
      log.info({}, "the registry knows this worker");
      joined.resolve();
    } catch (error) {
      state = "out";
      if (isClosed) return;
      log.warn({ reason: text(error), againInMs: againMs }, "the registry does not take this worker");
      again = clock.after(againMs, () => void join());
    }
  };

  const tell = async (): Promise<void> => {
    const data = deps.data();
    const news = JSON.stringify(data);
    if (state !== "in" || news === told) return;
    try {
      await registry.update(data);
      told = news;
    } catch (error) {
      log.warn({ reason: text(error) }, "the registry was not told this worker's load");
    }
  };
  const stopTelling = clock.every(updateMs, () => {
    telling = telling.then(tell);
  });

  const forget = registry.onSession((session) => {
    isConnected = session === "connected";
    if (session === "lost") {
      const old = deps.incarnation();
      // A fresh name, so that nobody takes what comes back for what was given up.
      const next = incarnation(old.slice(0, old.lastIndexOf("#")), clock.randomName(12));
      deps.rename(next);
      state = "out";
      log.warn({ former: old }, "the registry's session is lost: this worker joins again under another name");
    }
    again?.();
    if (isConnected) void join();
  });

  return {
    joined: joined.promise,
    whyNotMember: () => {
      if (!isConnected)
        return "the registry does not answer: masters give this worker nothing new once its lease is over";
      return state === "in" ? undefined : "the registry does not know this worker yet: it gets no work";
    },
    changed: () => {
      // Only a change of status is worth a message of its own; slots and load wait for the next second.
      if (state === "in" && !told.includes(`"status":"${deps.data().status}"`)) telling = telling.then(tell);
    },
    close: async () => {
      isClosed = true;
      stopTelling();
      again?.();
      forget();
      await telling;
      if (state === "in")
        await registry
          .leave()
          .catch((error: unknown) => log.warn({ reason: text(error) }, "leaving the registry failed"));
    },
  };
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
