// A master's membership: it joins the registry and begins a term. When its session is lost the term ends and another one
// begins under a new incarnation; what it owned then belongs to whoever takes it.

import { systemClock } from "../clock/system-clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { OperationError } from "../model/operation-error.ts";
import type { MemberData } from "../registry/contract.ts";
import { startTerm, type Term, type TermDeps, type Work } from "./term.ts";

export interface Master {
  readonly incarnation: () => Incarnation | undefined;
  work(): Work;
  close(): Promise<void>;
}

const joinAgainMs = 500;

/** Resolves once it is a member of the registry. */
export async function startMaster(deps: TermDeps): Promise<Master> {
  const { registry, log, clock = systemClock } = deps;
  const closing = new AbortController();
  const startedAt = new Date(clock.wallMs()).toISOString();
  let term: Term | undefined;
  let isConnected = true;
  let isStarted = false;
  let sessionsLost = 0;
  /** How many sessions had been lost when the term's began. */
  let termBeganAt = 0;
  let changing: Promise<void> = Promise.resolve();

  // One change at a time: a session that flickers must not leave two terms behind.
  const change = (work: () => Promise<void>): Promise<void> => {
    changing = changing.then(work);
    return changing;
  };

  const begin = async (): Promise<void> => {
    const fresh = startTerm(deps);
    const lostBefore = sessionsLost;
    try {
      await registry.join({ kind: "master", incarnation: fresh.incarnation, data: memberData(startedAt) });
      // Lost while it joined: nobody knows in which session this name stands now, and a name that nobody lives under must not.
      if (sessionsLost !== lostBefore) throw new OperationError("unavailable", "the session was lost while joining");
    } catch (error) {
      fresh.close();
      throw error;
    }
    term = fresh;
    termBeganAt = lostBefore;
    fresh.run();
    log.info({ master: fresh.incarnation }, "this master is a member");
  };

  const beginAgain = async (): Promise<void> => {
    while (!term && isConnected && !closing.signal.aborted) {
      try {
        await begin();
      } catch (error) {
        log.warn({ error, againInMs: joinAgainMs }, "the registry does not take this master");
        await registry.leave().catch(() => {}); // what may stand there is a name without a life
        await clock.sleep(joinAgainMs, closing.signal);
      }
    }
  };

  const end = async (): Promise<void> => {
    term?.close();
    term = undefined;
  };

  const stopSession = registry.onSession((state) => {
    isConnected = state === "connected";
    if (state === "lost") {
      sessionsLost += 1;
      log.warn({ master: term?.incarnation }, "the session is lost: what this master owned goes to others");
      // By the time it comes to it, a term of a later session may have begun.
      void change(async () => {
        if (termBeganAt !== sessionsLost) await end();
      });
    } else if (isConnected && isStarted) {
      void change(beginAgain);
    }
  });
  try {
    await change(begin);
  } catch (error) {
    stopSession();
    throw error;
  }
  isStarted = true;

  return {
    incarnation: () => term?.incarnation,
    work: () => term?.work() ?? { instances: 0, waiting: 0, placed: 0 },
    close: async () => {
      closing.abort();
      stopSession();
      await change(end);
      await registry.leave().catch(() => {}); // it goes with the session all the same
    },
  };
}

const memberData = (startedAt: string): MemberData => ({
  host: "",
  port: 0,
  pid: process.pid,
  startedAt,
  cpu: 0,
  memory: 0,
  slots: 0,
  slotsUsed: 0,
  status: "ready",
  groups: [],
});
