// A registry in memory, for tests of what stands on one: members are what the test says, and the session is in its hands.

import type { Incarnation } from "../../scheduler/model/ids.ts";
import type { Member, MemberChange, MemberKind, Registry, SessionState } from "../../scheduler/registry/contract.ts";

export interface MemoryRegistry extends Registry {
  readonly joined: ReadonlyMap<Incarnation, Member>;
  add(member: Member): void;
  remove(incarnation: Incarnation): void;
  /** Everyone who listens hears it; `lost` takes what joined through this registry with it. */
  say(state: SessionState): void;
  /** From now on nothing is acknowledged, as when the registry is away. */
  fallSilent(): void;
  speakAgain(): void;
}

export function memoryRegistry(leaseMs = 60_000): MemoryRegistry {
  const joined = new Map<Incarnation, Member>();
  const watchers = new Set<{ kind: MemberKind; listener: (change: MemberChange) => void }>();
  const sessions = new Set<(state: SessionState) => void>();
  let state: SessionState = "connected";
  let silentSinceMs: number | undefined;
  let mine: Member | undefined;

  const tell = (change: MemberChange): void => {
    for (const { kind, listener } of [...watchers]) if (kind === change.member.kind) listener(change);
  };
  const put = (member: Member): void => {
    const kind = joined.has(member.incarnation) ? "updated" : "added";
    joined.set(member.incarnation, member);
    tell({ kind, member });
  };
  const remove = (incarnation: Incarnation): void => {
    const member = joined.get(incarnation);
    joined.delete(incarnation);
    if (member !== undefined) tell({ kind: "removed", member });
  };

  return {
    type: "memory",
    leaseMs,
    joined,
    add: put,
    remove,
    say: (next) => {
      state = next;
      if (next === "lost" && mine !== undefined) remove(mine.incarnation);
      for (const listener of [...sessions]) listener(next);
    },
    fallSilent: () => {
      silentSinceMs = performance.now();
    },
    speakAgain: () => {
      silentSinceMs = undefined;
    },
    join: async (member) => {
      mine = member;
      put(member);
    },
    update: async (data) => {
      if (mine === undefined) return;
      mine = { ...mine, data };
      put(mine);
    },
    leave: async () => {
      if (mine !== undefined) remove(mine.incarnation);
    },
    members: async (kind) => [...joined.values()].filter((member) => member.kind === kind),
    watch: (kind, listener) => {
      const watcher = { kind, listener };
      watchers.add(watcher);
      for (const member of joined.values()) if (member.kind === kind) listener({ kind: "added", member });
      return () => void watchers.delete(watcher);
    },
    lock: async () => ({ lost: new AbortController().signal, release: async () => {} }),
    onSession: (listener) => {
      sessions.add(listener);
      listener(state);
      return () => void sessions.delete(listener);
    },
    lastAckMs: () => silentSinceMs ?? performance.now(),
    close: async () => {},
  };
}
