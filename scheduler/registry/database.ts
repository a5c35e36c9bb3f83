// A registry in the database that is there anyway: sessions that beat, and observers who count how long one has been silent.
//
//   no session ─inserted→ connected ─no answer→ suspended ─answer→ connected
//                             └──── row gone: somebody gave it up ────→ lost → no session

import type { Knex } from "knex";
import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import { type Lock, type Member, type MemberKind, memberKinds, type Registry } from "./contract.ts";
import * as tables from "./database-tables.ts";
import { heldLock } from "./lock-fence.ts";
import { memberViews } from "./member-views.ts";
import { sessionStates } from "./session-states.ts";
import { silence } from "./silence.ts";

export interface DatabaseRegistryDeps {
  readonly knex: Knex;
  /** How often this process says that it lives; absent: 1 s. */
  readonly beatMs?: number;
  /** How long a silent one is still counted as alive; absent: 3 s. */
  readonly ttlMs?: number;
  /** How often it looks who is there; absent: four times a second, or as often as it beats. */
  readonly lookMs?: number;
  /** Absent: the machine's. */
  readonly clock?: Clock;
  readonly log: Logger;
}

interface Session {
  readonly id: string;
  readonly end: AbortController;
}

export function databaseRegistry(deps: DatabaseRegistryDeps): Registry {
  const { knex, beatMs = 1_000, ttlMs = 3_000, clock = systemClock, log } = deps;
  const lookMs = deps.lookMs ?? Math.min(250, beatMs);
  const states = sessionStates(log);
  const views = memberViews(log);
  const observed = silence(lookMs);
  const stop = new AbortController();
  let session: Session | undefined;
  /** How many sessions have been lost. */
  let losses = 0;
  let ackMs = Number.NEGATIVE_INFINITY;
  /** Of the locks that are asked for or held here. */
  const places = new Set<string>();
  let mustTidy = false;
  let areTablesThere = false;
  let hasLooked = false;

  const pause = (ms: number): Promise<void> => clock.sleep(ms, stop.signal);
  const fail = (what: string, error: unknown): void => {
    if (stop.signal.aborted) return;
    if (states.now() === "connected")
      log.warn({ reason: text(error) }, `the registry's database does not answer: ${what}`);
  };
  const suspend = (what: string, error: unknown): void => {
    fail(what, error);
    if (session !== undefined && !stop.signal.aborted) states.set("suspended");
  };

  const open = async (): Promise<void> => {
    if (!areTablesThere) await tables.createTables(knex);
    areTablesThere = true;
    const id = clock.randomName(32);
    const sentMs = clock.monotonicMs();
    await tables.insertSession(knex, id);
    ackMs = sentMs;
    session = { id, end: new AbortController() };
    states.set("connected");
  };

  const lose = (lost: Session): void => {
    losses += 1;
    session = undefined;
    ackMs = Number.NEGATIVE_INFINITY;
    log.warn({ session: lost.id }, "the registry has given this process's session up");
    lost.end.abort();
    states.set("lost");
  };

  const beatOnce = async (): Promise<void> => {
    const mine = session;
    if (mine === undefined) return open();
    const sentMs = clock.monotonicMs();
    if (await tables.beat(knex, mine.id)) {
      ackMs = sentMs;
      states.set("connected");
    } else {
      lose(mine);
      await open();
    }
  };

  const keepBeating = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const startMs = clock.monotonicMs();
      await beatOnce().catch((error: unknown) => suspend("beating", error));
      await pause(Math.max(lookMs / 5, beatMs - (clock.monotonicMs() - startMs)));
    }
  };

  /** Looks at all sessions, gives the silent ones up, and tells who came and went. */
  const look = async (): Promise<ReadonlyMap<MemberKind, readonly Member[]>> => {
    const rows = await tables.readSessions(knex);
    const silentMs = observed.look(clock.monotonicMs(), new Map(rows.map((row) => [row.session, row.beat])));
    const given = new Set<string>();
    for (const { session: id, beat } of rows) {
      const isSilent = (silentMs.get(id) ?? 0) >= ttlMs;
      // Only who was taken out of the table is gone: a beat that came after this look keeps its session.
      if (isSilent && (await tables.endSession(knex, id, beat))) given.add(id);
    }
    const members = rows.filter((row) => !given.has(row.session)).flatMap((row) => memberOf(row, log));
    const byKind = new Map(
      memberKinds.map((kind) => [kind, members.filter((member) => member.kind === kind)] as const),
    );
    hasLooked = true;
    for (const [kind, all] of byKind) views.see(kind, all);
    return byKind;
  };

  const tidy = async (): Promise<void> => {
    await tables.deleteOrphans(knex);
    if (session !== undefined) await tables.givePlacesBack(knex, session.id, places);
  };

  const orphanRounds = Math.ceil((10 * ttlMs) / lookMs);
  const keepLooking = async (): Promise<void> => {
    for (let round = 0; !stop.signal.aborted; round += 1) {
      if (areTablesThere) {
        await look().catch((error: unknown) => fail("looking", error));
        if (mustTidy || round % orphanRounds === 0) {
          mustTidy = false;
          await tidy().catch((error: unknown) => {
            mustTidy = true;
            fail("cleaning up", error);
          });
        }
      }
      await pause(areTablesThere && hasLooked ? lookMs : lookMs / 5);
    }
  };

  /** A database that takes longer than a lease is as good as silent: how long no answer came, not only that an error did. */
  const stopWatchdog = clock.every(lookMs, () => {
    if (session !== undefined && clock.monotonicMs() - ackMs > beatMs + ttlMs / 2)
      suspend("no answer in time", "silence");
  });

  const standing = async (): Promise<Session> => {
    const untilMs = clock.monotonicMs() + ttlMs;
    while (session === undefined && clock.monotonicMs() < untilMs && !stop.signal.aborted) await pause(lookMs / 5);
    if (session !== undefined && !stop.signal.aborted) return session;
    throw new OperationError("unavailable", "no session with the registry's database stands: is the database running?");
  };

  const lock = async (name: string, signal: AbortSignal): Promise<Lock> => {
    const mine = await standing();
    const place = { name, session: mine.id, place: clock.randomName(32) };
    places.add(place.place);
    for (;;) {
      const isMine = signal.aborted ? false : await tryHold(place);
      if (isMine && !signal.aborted) {
        const fence = { clock, leaseMs: ttlMs, ackMs: () => ackMs, ended: mine.end.signal };
        return heldLock(fence, () => giveBack(place.place));
      }
      if (signal.aborted || mine.end.signal.aborted || stop.signal.aborted) {
        await giveBack(place.place);
        throw signal.aborted
          ? new OperationError("aborted", `waiting for the lock ${name} was given up`)
          : new OperationError("unavailable", `the session was lost while waiting for the lock ${name}`);
      }
      await clock.sleep(lookMs / 5, AbortSignal.any([signal, stop.signal, mine.end.signal]));
    }
  };

  const tryHold = async (place: tables.Place): Promise<boolean> => {
    try {
      let stands = await tables.standing(knex, place);
      if (stands === "none") {
        await tables.takeTicket(knex, place);
        stands = await tables.standing(knex, place);
      }
      return stands === "holds" || (stands === "first" && (await tables.takeHold(knex, place)));
    } catch (error) {
      fail("asking for a lock", error);
      return false;
    }
  };

  /** Others wait for it while the session lives: what cannot be given back now is by the next look. */
  const giveBack = async (place: string): Promise<void> => {
    places.delete(place);
    await tables.givePlaceBack(knex, place).catch((error: unknown) => {
      mustTidy = true;
      fail("giving a lock back", error);
    });
  };

  const running = [keepBeating(), keepLooking()];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stop.abort();
    stopWatchdog();
    await Promise.all(running);
    const mine = session;
    session = undefined;
    mine?.end.abort();
    if (mine !== undefined) {
      await tables.endSession(knex, mine.id).catch((error: unknown) => {
        log.warn({ reason: text(error) }, "the registry's session could not be ended: it ends by its silence");
      });
    }
    states.close();
    views.close();
  };

  return {
    type: "database",
    leaseMs: ttlMs,
    join: async (member) => {
      const lostBefore = losses;
      const mine = await standing();
      if (losses !== lostBefore) {
        throw new OperationError("unavailable", "the session was lost before this process could join");
      }
      await tables.insertMember(knex, mine.id, member).catch((cause: unknown) => unavailable(cause));
      await look().catch((error: unknown) => fail("looking", error));
    },
    update: async (data) => {
      const mine = await standing();
      const isThere = await tables.updateMember(knex, mine.id, data).catch((cause: unknown) => unavailable(cause));
      if (!isThere) throw new OperationError("conflict", "the registry does not know this process: it must join first");
    },
    leave: async () => {
      if (session !== undefined)
        await tables.deleteMember(knex, session.id).catch((cause: unknown) => unavailable(cause));
    },
    members: async (kind) => {
      await standing();
      return (await look().catch((cause: unknown) => unavailable(cause))).get(kind) ?? [];
    },
    watch: (kind, listener) => views.watch(kind, listener),
    lock,
    onSession: (listener) => states.listen(listener),
    lastAckMs: () => ackMs,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function memberOf(row: tables.SessionRow, log: Logger): readonly Member[] {
  if (row.member === undefined) return [];
  try {
    return [tables.readMember(row.member)];
  } catch (error) {
    log.warn({ incarnation: row.member.incarnation, reason: text(error) }, "a member of the registry is not readable");
    return [];
  }
}

function unavailable(cause: unknown): never {
  if (cause instanceof OperationError) throw cause;
  throw new OperationError("unavailable", `the registry's database does not answer: ${text(cause)}`, { cause });
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
