// A master's membership: it joins the registry, and joins again whenever a session was lost. Its term goes on in between: what it
// owns it owns by the database, whose epochs tell it when somebody else does.

import { systemClock } from "../clock/system-clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { withFields } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { MemberData } from "../registry/contract.ts";
import { type Load, noLoad } from "../registry/load.ts";
import { tellLoad } from "../registry/tell-load.ts";
import { startTerm, type TermDeps, type Work } from "./term.ts";

export interface Master {
  readonly incarnation: Incarnation;
  /** Whether the registry knows it; if not, it works on what it owns and takes nothing new. */
  isMember(): boolean;
  work(): Work;
  /** Undefined: it takes and keeps work as it should. */
  whyNotReady(): string | undefined;
  close(): Promise<void>;
}

export interface MasterDeps extends Omit<TermDeps, "isMember"> {
  /** Of its host, for people; absent: nothing is told. */
  readonly load?: () => Load;
}

const joinAgainMs = 500;

/** Resolves once it is a member of the registry. */
export async function startMaster(deps: MasterDeps): Promise<Master> {
  const { registry, clock = systemClock, load = () => noLoad } = deps;
  const closing = new AbortController();
  const startedAt = new Date(clock.wallMs()).toISOString();
  let isConnected = true;
  let isMember = false;
  let sessionsLost = 0;
  let joining: Promise<void> | undefined;
  const term = startTerm({ ...deps, isMember: () => isMember });
  const { incarnation } = term;
  const log = withFields(deps.log, () => ({ master: incarnation }));

  const data = (now: Load): MemberData => memberData(startedAt, deps.health, now);
  const join = async (): Promise<void> => {
    const lostBefore = sessionsLost;
    await registry.join({ kind: "master", incarnation, data: data(load()) });
    // Lost while it joined: the session in which it stands now may be gone.
    if (sessionsLost !== lostBefore) throw new OperationError("unavailable", "the session was lost while joining");
    isMember = true;
    log.info({}, "this master is a member");
  };
  const joinAgain = async (): Promise<void> => {
    while (!isMember && isConnected && !closing.signal.aborted) {
      try {
        await join();
      } catch (error) {
        log.warn({ error, againInMs: joinAgainMs }, "the registry does not take this master");
        await clock.sleep(joinAgainMs, closing.signal);
      }
    }
  };
  let isStarted = false;
  const stopSession = registry.onSession((state) => {
    isConnected = state === "connected";
    if (state === "lost") {
      sessionsLost += 1;
      isMember = false;
      log.warn({}, "the session is lost: this master takes nothing new until it has joined again");
    } else if (isConnected && isStarted) {
      joining ??= joinAgain().finally(() => {
        joining = undefined;
      });
    }
  });
  try {
    await join();
  } catch (error) {
    stopSession();
    term.close();
    throw error;
  }
  isStarted = true;
  term.run();
  const stopTelling = tellLoad({ registry, isMember: () => isMember, data, load, clock, log });

  return {
    incarnation,
    isMember: () => isMember,
    work: () => term.work(),
    whyNotReady: () => {
      if (!isConnected) return "the registry does not answer: this master takes nothing new";
      if (!isMember) return "the registry does not know this master yet: it takes nothing new";
      const { provenAgoMs } = term.work();
      if (provenAgoMs < registry.leaseMs) return undefined;
      return Number.isFinite(provenAgoMs)
        ? `the database has not answered for ${Math.round(provenAgoMs / 1_000)} s: nothing can be decided`
        : "the database has not answered yet: nothing can be decided";
    },
    close: async () => {
      closing.abort();
      stopTelling();
      stopSession();
      await joining;
      term.close();
      await registry.leave().catch(() => {}); // it goes with the session all the same
    },
  };
}

/** Nobody connects to a master but those who ask for its health. */
const memberData = (startedAt: string, health: string | undefined, load: Load): MemberData => ({
  host: health === undefined ? "" : new URL(health).hostname,
  port: health === undefined ? 0 : Number(new URL(health).port),
  pid: process.pid,
  startedAt,
  ...load,
  slots: 0,
  slotsUsed: 0,
  status: "ready",
  groups: [],
  ...(health === undefined ? {} : { health }),
});
