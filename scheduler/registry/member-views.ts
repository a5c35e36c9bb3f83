// Who is seen as a member, and who wants to hear of changes: from one look to the next, the same for every registry.

import type { Incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Member, MemberChange, MemberKind } from "./contract.ts";

export interface MemberViews {
  /** Replaces what is known of a kind and tells the difference. */
  see(kind: MemberKind, members: readonly Member[]): void;
  /** True where somebody watches this kind. */
  isWatched(kind: MemberKind): boolean;
  watch(kind: MemberKind, listener: (change: MemberChange) => void): () => void;
  close(): void;
}

export function memberViews(log: Logger): MemberViews {
  const views = new Map<MemberKind, ReadonlyMap<Incarnation, Member>>();
  const watchers = new Map<MemberKind, Set<(change: MemberChange) => void>>();

  const tell = (listener: (change: MemberChange) => void, change: MemberChange): void => {
    try {
      listener(change);
    } catch (error) {
      log.error({ change: change.kind, reason: String(error) }, "a listener of the registry's members failed");
    }
  };
  const tellAll = (change: MemberChange): void => {
    const all = watchers.get(change.member.kind);
    for (const listener of [...(all ?? [])]) if (all?.has(listener)) tell(listener, change);
  };

  return {
    see: (kind, members) => {
      const before = views.get(kind) ?? new Map<Incarnation, Member>();
      const now = new Map(members.map((member) => [member.incarnation, member]));
      views.set(kind, now);
      for (const [incarnation, member] of before) if (!now.has(incarnation)) tellAll({ kind: "removed", member });
      for (const [incarnation, member] of now) {
        const old = before.get(incarnation);
        if (old === undefined) tellAll({ kind: "added", member });
        else if (JSON.stringify(old.data) !== JSON.stringify(member.data)) tellAll({ kind: "updated", member });
      }
    },
    isWatched: (kind) => (watchers.get(kind)?.size ?? 0) > 0,
    watch: (kind, listener) => {
      const all = watchers.get(kind) ?? new Set();
      watchers.set(kind, all);
      all.add(listener);
      for (const member of [...(views.get(kind)?.values() ?? [])]) tell(listener, { kind: "added", member });
      return () => void all.delete(listener);
    },
    close: () => watchers.clear(),
  };
}
