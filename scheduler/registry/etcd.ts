// A registry in etcd: all that a process has there hangs on one lease, which it keeps alive.
//
//   <root>/members/<kind>/<incarnation>   the member's data as JSON
//   <root>/locks/<name>/<random>          who waits, in the order of creation; the first one holds it
//
//   no session ─lease granted→ connected ─no answer for ⅔ of the lease→ suspended ─answer→ connected
//                                  └── the lease is over, or no answer for all of it → lost → no session

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import { type Lock, type Member, type MemberKind, memberKinds, type Registry } from "./contract.ts";
import { type EtcdKey, etcdClient } from "./etcd-client.ts";
import { takePlace } from "./etcd-lock.ts";
import { heldLock } from "./lock-fence.ts";
import { memberName, memberText, readMember } from "./member-text.ts";
import { memberViews } from "./member-views.ts";
import { parseServerAddress } from "./server-address.ts";
import { sessionStates } from "./session-states.ts";

export interface EtcdRegistryDeps {
  /** `host:port,host:port/path`; without a path everything is kept at `/porpoise`. */
  readonly connect: string;
  /** etcd counts leases in whole seconds, from two on: it keeps a session for this, rounded up. */
  readonly leaseMs: number;
  readonly clock?: Clock;
  readonly log: Logger;
}

interface Session {
  readonly lease: string;
  readonly end: AbortController;
}

/** Behind every event there is a look. */
const lookMs = 1_000;
const againMs = 100;

export function etcdRegistry({ connect, leaseMs, clock = systemClock, log }: EtcdRegistryDeps): Registry {
  const { servers, root } = parseServerAddress(connect, "etcd");
  const client = etcdClient({ servers, limitMs: Math.max(500, leaseMs / 3) });
  const states = sessionStates(log);
  const views = memberViews(log);
  const stop = new AbortController();
  const { signal: stopped } = stop;
  /** Those that wait for a lock, and look again when something changes. */
  const waiting = new Set<() => void>();
  let session: Session | undefined;
  /** How many sessions have been lost. */
  let losses = 0;
  let mine: Member | undefined;
  let ackMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let mustLook = false;

  const open = async (): Promise<void> => {
    const sentMs = clock.monotonicMs();
    const lease = await client.grant(Math.ceil(leaseMs / 1_000));
    if (stopped.aborted) return;
    ackMs = sentMs;
    session = { lease, end: new AbortController() };
    states.set("connected");
    lookSoon();
  };
  const lose = (why: string): void => {
    const lost = session;
    losses += 1;
    session = undefined;
    mine = undefined;
    ackMs = Number.NEGATIVE_INFINITY;
    log.warn({ lease: lost?.lease, why }, "the registry's session is over");
    lost?.end.abort();
    states.set("lost");
  };
  const beatOnce = async (): Promise<void> => {
    const on = session;
    if (on === undefined) return open();
    const sentMs = clock.monotonicMs();
    const isAlive = await client.keepAlive(on.lease);
    if (session !== on) return;
    if (!isAlive) {
      lose("etcd knows nothing of its lease any more");
      return open();
    }
    ackMs = sentMs;
    states.set("connected");
  };
  const keepBeating = async (): Promise<void> => {
    while (!stopped.aborted) {
      const startMs = clock.monotonicMs();
      await beatOnce().catch((error: unknown) => log.debug({ reason: text(error) }, "etcd does not answer"));
      await clock.sleep(Math.max(againMs, leaseMs / 5 - (clock.monotonicMs() - startMs)), stopped);
    }
  };
  // Not by an answer's error but by the time without one: a frozen server says nothing at all.
  const stopWatchdog = clock.every(Math.max(20, leaseMs / 30), () => {
    if (session === undefined) return;
    const silentMs = clock.monotonicMs() - ackMs;
    if (silentMs >= leaseMs) lose("etcd has not answered for a whole lease");
    else if (silentMs >= (leaseMs * 2) / 3) states.set("suspended");
  });

  const lookSoon = (): void => {
    mustLook = true;
    looking ??= look().finally(() => {
      looking = undefined;
    });
  };
  const look = async (): Promise<void> => {
    while (mustLook && !stopped.aborted && states.now() === "connected") {
      mustLook = false;
      try {
        const all = await read();
        for (const kind of memberKinds) views.see(kind, all.get(kind) ?? []);
      } catch (error) {
        // The next look, a second away, makes up for it.
        log.debug({ reason: text(error) }, "the members could not be looked at");
      }
    }
  };
  const keepWatching = async (): Promise<void> => {
    while (!stopped.aborted) {
      await client.watch(`${root}/`, hear, stopped).catch((error: unknown) => {
        log.debug({ reason: text(error) }, "the watch on etcd ended");
      });
      await clock.sleep(againMs * 3, stopped);
    }
  };
  const hear = (key: string | undefined): void => {
    if (key === undefined || key.startsWith(`${root}/members/`)) lookSoon();
    if (key === undefined || key.startsWith(`${root}/locks/`)) for (const wake of [...waiting]) wake();
  };
  const stopSweeping = clock.every(lookMs, () => {
    if (memberKinds.some((kind) => views.isWatched(kind))) lookSoon();
  });

  const read = async (): Promise<ReadonlyMap<MemberKind, readonly Member[]>> => {
    const found = (await client.list(`${root}/members/`)).flatMap((one) => membersAt(root, one, log));
    return new Map(memberKinds.map((kind) => [kind, found.filter((member) => member.kind === kind)]));
  };
  const standing = async (): Promise<Session> => {
    const untilMs = clock.monotonicMs() + leaseMs;
    const isOpen = (): boolean => session !== undefined && states.now() === "connected";
    while (!isOpen() && clock.monotonicMs() < untilMs && !stopped.aborted) await clock.sleep(againMs / 4, stopped);
    if (session !== undefined && isOpen() && !stopped.aborted) return session;
    throw new OperationError("unavailable", `no session with etcd at ${servers} stands: is it running there?`);
  };
  const pathOf = (member: Member): string => `${root}/members/${member.kind}/${memberName(member)}`;

  const lock = async (name: string, signal: AbortSignal): Promise<Lock> => {
    if (signal.aborted) throw new OperationError("aborted", `waiting for the lock ${name} was given up`);
    const { lease, end } = await standing();
    const ended = AbortSignal.any([end.signal, stopped]);
    const folder = `${root}/locks/${encodeURIComponent(name)}/`;
    const place = await takePlace({ client, clock, lease, ended, waiting }, folder, signal);
    return heldLock({ clock, leaseMs, ackMs: () => ackMs, ended: end.signal }, place.release);
  };

  const running = [keepBeating(), keepWatching()];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const last = session;
    stop.abort();
    stopWatchdog();
    stopSweeping();
    last?.end.abort();
    if (last !== undefined) {
      await client.revoke(last.lease).catch((error: unknown) => {
        log.warn({ reason: text(error) }, "the registry's session could not be ended: it ends by its silence");
      });
    }
    client.close();
    await Promise.all([...running, looking]);
    states.close();
    views.close();
  };

  return {
    type: "etcd",
    leaseMs,
    join: async (member) => {
      const lostBefore = losses;
      const on = await standing();
      if (losses !== lostBefore) {
        throw new OperationError("unavailable", "the session was lost before this process could join");
      }
      await client.put(pathOf(member), memberText(member), on.lease);
      if (session !== on) throw new OperationError("unavailable", "the session was lost while joining");
      mine = member;
      lookSoon();
    },
    update: async (data) => {
      const on = await standing();
      const known = mine;
      if (known === undefined || !(await client.replace(pathOf(known), memberText({ data }), on.lease))) {
        throw new OperationError("conflict", "the registry does not know this process: it must join first");
      }
      mine = { ...known, data };
    },
    leave: async () => {
      if (mine === undefined) return;
      const path = pathOf(mine);
      mine = undefined;
      await standing();
      await client.remove(path);
    },
    members: async (kind) => {
      const on = await standing();
      const found = (await read()).get(kind) ?? [];
      // Anybody may read, also one whose lease a wiped server has forgotten; that one knows nothing of who lives.
      if (session === on && !(await client.keepAlive(on.lease))) {
        lose("etcd knows nothing of its lease any more");
        throw new OperationError("unavailable", "the session with etcd is over");
      }
      return found;
    },
    watch: (kind, listener) => {
      const forget = views.watch(kind, listener);
      lookSoon();
      return forget;
    },
    lock,
    onSession: (listener) => states.listen(listener),
    lastAckMs: () => ackMs,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function membersAt(root: string, { key, value }: EtcdKey, log: Logger): readonly Member[] {
  const [kind = "", name = ""] = key.slice(`${root}/members/`.length).split("/");
  const known = memberKinds.find((one) => one === kind);
  return known === undefined ? [] : readMember(known, name, value, log);
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
