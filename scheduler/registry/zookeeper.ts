// A registry in ZooKeeper: an ephemeral node a member, one watch a kind, fair locks.
//
//   <root>/members/<kind>/<incarnation>   ephemeral, the member's data as JSON
//   <root>/locks/<name>/<id>-<number>     ephemeral, sequential

import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import { type Lock, type Member, type MemberData, type MemberKind, memberKinds, type Registry } from "./contract.ts";
import { heldLock } from "./lock-fence.ts";
import { memberName, memberText, readMember } from "./member-text.ts";
import { memberViews } from "./member-views.ts";
import { parseServerAddress } from "./server-address.ts";
import { sessionStates } from "./session-states.ts";
import { takePlace } from "./zookeeper-lock.ts";
import { openZookeeperSession, type ZookeeperSession } from "./zookeeper-session.ts";

export interface ZookeeperRegistryDeps {
  /** `host:port,host:port/path`; without a path everything is kept at `/porpoise`. */
  readonly connect: string;
  /** The lease. ZooKeeper keeps it between 2 and 20 of its ticks. */
  readonly sessionTimeoutMs: number;
  readonly log: Logger;
}

/** Load is told about once a second, so it is looked at as often; who comes and goes is told by a watch at once. */
const lookMs = 1_000;
const againMs = 100;

export function zookeeperRegistry({ connect, sessionTimeoutMs, log }: ZookeeperRegistryDeps): Registry {
  const { servers, root } = parseServerAddress(connect, "ZooKeeper");
  const states = sessionStates(log);
  const views = memberViews(log);
  const stop = new AbortController();
  const watched = new Map<MemberKind, { isDirty: boolean; looking: Promise<void> | undefined }>();
  let session = openSession();
  let mine: Member | undefined;

  const membersOf = (kind: MemberKind): string => `${root}/members/${kind}`;
  const pathOf = (member: Member): string => `${membersOf(member.kind)}/${memberName(member)}`;

  // Fault 5: one object a session; whoever was told `lost` is told `connected` when the next one stands.
  function openSession(): ZookeeperSession {
    return openZookeeperSession({
      connect: servers,
      timeoutMs: sessionTimeoutMs,
      log,
      onState: (state) => {
        if (stop.signal.aborted) return;
        if (state === "lost") {
          mine = undefined;
          session = openSession();
        }
        if (state === "connected") warnOfTimeout();
        states.set(state);
        if (state === "connected") for (const kind of watched.keys()) lookAt(kind);
      },
    });
  }

  function warnOfTimeout(): void {
    if (session.timeoutMs() === sessionTimeoutMs) return;
    const fields = { askedMs: sessionTimeoutMs, givenMs: session.timeoutMs() };
    log.warn(
      fields,
      "ZooKeeper gives another session timeout than the one asked for: it lies between 2 and 20 of its ticks",
    );
  }

  const connected = async (): Promise<ZookeeperSession> => {
    const untilMs = performance.now() + sessionTimeoutMs;
    while (states.now() !== "connected" && performance.now() < untilMs && !stop.signal.aborted) {
      await delay(againMs / 4, undefined, { signal: stop.signal }).catch(() => {});
    }
    if (states.now() === "connected" && !stop.signal.aborted) return session;
    throw new OperationError("unavailable", `no session with ZooKeeper at ${servers} stands: is it running there?`);
  };

  /** A wiped server has lost the folders too, so they are made wherever one is missing. */
  const inFolder = async <T>(on: ZookeeperSession, folder: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof OperationError && error.code === "not_found")) throw error;
      await makeFolder(on, folder);
      return act();
    }
  };

  const read = async (on: ZookeeperSession, kind: MemberKind, watcher?: () => void): Promise<readonly Member[]> => {
    const folder = membersOf(kind);
    const names = await inFolder(on, folder, () => on.children(folder, watcher));
    const found = await Promise.all(names.map(async (name) => ({ name, node: await on.read(`${folder}/${name}`) })));
    return found.flatMap(({ name, node }) => (node === undefined ? [] : readMember(kind, name, node.text, log)));
  };

  // Fault 7: one watch a kind, always by the same function, so that the library keeps one.
  const watchers = new Map(memberKinds.map((kind) => [kind, (): void => lookAt(kind)] as const));

  function lookAt(kind: MemberKind): void {
    const one = watched.get(kind);
    if (one === undefined || stop.signal.aborted) return;
    one.isDirty = true;
    one.looking ??= look(kind, one).finally(() => {
      one.looking = undefined;
    });
  }

  const look = async (kind: MemberKind, one: { isDirty: boolean }): Promise<void> => {
    while (one.isDirty && !stop.signal.aborted && states.now() === "connected") {
      one.isDirty = false;
      try {
        views.see(kind, await read(session, kind, watchers.get(kind)));
      } catch (error) {
        // The next look, a second away, or the next connection makes up for it.
        log.debug({ kind, reason: text(error) }, "the members could not be looked at");
      }
    }
  };
  const sweep = setInterval(() => {
    for (const kind of watched.keys()) lookAt(kind);
  }, lookMs);

  const join = async (member: Member): Promise<void> => {
    const asked = session;
    const on = await connected();
    if (on !== asked) throw new OperationError("unavailable", "the session was lost before this process could join");
    const path = pathOf(member);
    const create = (): Promise<string> =>
      inFolder(on, membersOf(member.kind), () => on.create(path, memberText(member), "ephemeral"));
    try {
      await create();
    } catch (error) {
      if (!(error instanceof OperationError && error.code === "conflict")) throw error;
      // Fault 8: either this session made it and the answer was lost, or it is a former session's and will go with that.
      const node = await on.read(path);
      if (node !== undefined && !node.isOwn) await on.remove(path);
      if (node?.isOwn === true) await on.write(path, memberText(member));
      else await create();
      if ((await on.read(path))?.isOwn !== true) {
        throw new OperationError("unavailable", `ZooKeeper has ${member.incarnation} under another session`);
      }
    }
    mine = member;
    lookAt(member.kind);
  };

  const update = async (data: MemberData): Promise<void> => {
    const on = await connected();
    // Asked behind the waiting: a session that was lost meanwhile took its member along.
    const known = mine;
    if (known === undefined) {
      throw new OperationError("conflict", "the registry does not know this process: it must join first");
    }
    await on.write(pathOf(known), memberText({ data }));
    if (mine === known) mine = { ...known, data };
  };

  const lock = async (name: string, signal: AbortSignal): Promise<Lock> => {
    if (signal.aborted) throw new OperationError("aborted", `waiting for the lock ${name} was given up`);
    const on = await connected();
    const folder = `${root}/locks/${encodeURIComponent(name)}`;
    await inFolder(on, folder, () => on.children(folder));
    const place = await takePlace(on, folder, signal);
    return heldLock({ leaseMs: leaseOf(on), ackMs: on.lastAckMs, ended: on.ended }, place.release);
  };

  const leaseOf = (on: ZookeeperSession): number => Math.min(sessionTimeoutMs, on.timeoutMs());

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stop.abort();
    clearInterval(sweep);
    await Promise.all([...watched.values()].map((one) => one.looking));
    await session.close();
    states.close();
    views.close();
  };

  return {
    type: "zookeeper",
    leaseMs: sessionTimeoutMs,
    join,
    update,
    leave: async () => {
      if (mine === undefined) return;
      const path = pathOf(mine);
      mine = undefined;
      await (await connected()).remove(path);
    },
    members: async (kind) => read(await connected(), kind),
    watch: (kind, listener) => {
      const forget = views.watch(kind, listener);
      if (!watched.has(kind)) watched.set(kind, { isDirty: false, looking: undefined });
      lookAt(kind);
      return forget;
    },
    lock,
    onSession: (listener) => states.listen(listener),
    // Where the server's timeout is shorter than the lease, the membership ends that much earlier.
    lastAckMs: () => session.lastAckMs() - (sessionTimeoutMs - leaseOf(session)),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function makeFolder(session: ZookeeperSession, path: string): Promise<void> {
  const names = path.split("/").slice(1);
  for (let depth = 1; depth <= names.length; depth += 1) {
    await session.create(`/${names.slice(0, depth).join("/")}`, "", "persistent").catch((error: unknown) => {
      if (!(error instanceof OperationError && error.code === "conflict")) throw error;
    });
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
