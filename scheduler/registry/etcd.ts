// A registry in etcd: all that a process has there hangs on one lease, which it keeps alive.
//
//   <root>/members/<kind>/<incarnation>   the member's data as JSON
//   <root>/locks/<name>/<random>          who waits, in the order of creation; the first one holds it
//
//   no session ─lease granted→ connected ─no answer for ⅔ of the lease→ suspended ─answer→ connected
//                                  └── the lease is over, or no answer for all of it → lost → no session

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import { knownIncarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import { type Lock, type Member, type MemberKind, memberKinds, type Registry } from "./contract.ts";
import { type EtcdKey, etcdClient } from "./etcd-client.ts";
import { lockFence } from "./lock-fence.ts";
import { memberViews } from "./member-views.ts";
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
  const { servers, root } = parseConnect(connect);
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
    const found = (await client.list(`${root}/members/`)).flatMap((one) => readMember(root, one, log));
    return new Map(memberKinds.map((kind) => [kind, found.filter((member) => member.kind === kind)]));
  };
  const standing = async (): Promise<Session> => {
    const untilMs = clock.monotonicMs() + leaseMs;
    const isOpen = (): boolean => session !== undefined && states.now() === "connected";
    while (!isOpen() && clock.monotonicMs() < untilMs && !stopped.aborted) await clock.sleep(againMs / 4, stopped);
    if (session !== undefined && isOpen() && !stopped.aborted) return session;
    throw new OperationError("unavailable", `no session with etcd at ${servers} stands: is it running there?`);
  };
  const pathOf = ({ kind, incarnation }: Member): string =>
    `${root}/members/${kind}/${encodeURIComponent(incarnation)}`;

  const lock = async (name: string, signal: AbortSignal): Promise<Lock> => {
    const givenUp = (): OperationError => new OperationError("aborted", `waiting for the lock ${name} was given up`);
    if (signal.aborted) throw givenUp();
    const on = await standing();
    const folder = `${root}/locks/${encodeURIComponent(name)}/`;
    // Its own name makes it repeatable: written once more after a lost answer it keeps its place.
    const place = `${folder}${clock.randomName(32)}`;
    const over = AbortSignal.any([signal, on.end.signal, stopped]);
    const giveBack = (): Promise<void> => remove(place, on);
    try {
      while (!over.aborted) {
        const isMine = await isFirst(folder, place, on).catch((error: unknown) => wait(error, over));
        if (over.aborted) break;
        if (isMine === true) return held(on, giveBack);
        if (isMine === false) await nextChange(over);
      }
      throw signal.aborted
        ? givenUp()
        : new OperationError("unavailable", `the session was lost while waiting for the lock ${name}`);
    } catch (error) {
      await giveBack();
      throw error;
    }
  };
  const isFirst = async (folder: string, place: string, on: Session): Promise<boolean> => {
    const queue = await client.list(folder);
    if (!queue.some(({ key }) => key === place)) {
      await client.put(place, "", on.lease);
      return (await client.list(folder))[0]?.key === place;
    }
    return queue[0]?.key === place;
  };
  const nextChange = async (over: AbortSignal): Promise<void> => {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    waiting.add(wake);
    await clock.sleep(lookMs, AbortSignal.any([woken.signal, over]));
    waiting.delete(wake);
  };
  /** Others wait for it while the lease lives, so this is tried until it is done. */
  const remove = async (key: string, on: Session): Promise<void> => {
    while (!on.end.signal.aborted && !stopped.aborted) {
      try {
        return await client.remove(key);
      } catch (error) {
        await wait(error, on.end.signal);
      }
    }
  };
  const wait = async (error: unknown, over: AbortSignal): Promise<undefined> => {
    if (!(error instanceof OperationError && error.code === "unavailable")) throw error;
    await clock.sleep(againMs, over);
    return undefined;
  };
  const held = (on: Session, giveBack: () => Promise<void>): Lock => {
    const fence = lockFence({ clock, leaseMs, ackMs: () => ackMs, ended: on.end.signal });
    return {
      lost: fence.lost,
      release: async () => {
        fence.stop();
        await giveBack();
      },
    };
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
      await client.put(pathOf(member), JSON.stringify(member.data), on.lease);
      if (session !== on) throw new OperationError("unavailable", "the session was lost while joining");
      mine = member;
      lookSoon();
    },
    update: async (data) => {
      const on = await standing();
      const known = mine;
      if (known === undefined || !(await client.replace(pathOf(known), JSON.stringify(data), on.lease))) {
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

function parseConnect(connect: string): { readonly servers: string; readonly root: string } {
  const slash = connect.indexOf("/");
  const [servers, path] =
    slash < 0 ? [connect, ""] : [connect.slice(0, slash), connect.slice(slash).replace(/\/+$/, "")];
  if (!/^[^\s,:/]+:\d+(,[^\s,:/]+:\d+)*$/.test(servers)) {
    throw new OperationError("invalid", `etcd's address is \`${connect}\`, \`host:port,host:port\` was expected`);
  }
  return { servers, root: path === "" ? "/porpoise" : path };
}

function readMember(root: string, { key, value }: EtcdKey, log: Logger): readonly Member[] {
  const [kind = "", name = ""] = key.slice(`${root}/members/`.length).split("/");
  const known = memberKinds.find((one) => one === kind);
  if (known === undefined) return [];
  try {
    return [{ kind: known, incarnation: knownIncarnation(decodeURIComponent(name)), data: JSON.parse(value) }];
  } catch (error) {
    log.warn({ kind, name, reason: text(error) }, "a member of the registry is not readable");
    return [];
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
