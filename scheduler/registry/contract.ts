// Who is alive, and who holds a lock: what every registry promises, whatever is behind it. One file each, listed in `registries.ts`.

import type { Incarnation } from "../model/ids.ts";

export const memberKinds = ["api", "master", "worker"] as const;
export type MemberKind = (typeof memberKinds)[number];

/** What a process publishes about itself. */
export interface MemberData {
  /** Where its wire listens. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** ISO 8601; for people, never compared. */
  readonly startedAt: string;
  /** 0…1. */
  readonly cpu: number;
  /** 0…1. */
  readonly memory: number;
  /** How many attempts it runs at most, and how many it has; 0 for masters and apis. */
  readonly slots: number;
  readonly slotsUsed: number;
  readonly status: "ready" | "busy" | "draining";
  /** Worker groups a worker belongs to; empty otherwise. */
  readonly groups: readonly string[];
  /** A worker's lease: masters count with their own, so it must be the same. */
  readonly leaseMs?: number;
  /** Where a master or a worker tells of its health and numbers. */
  readonly health?: string;
}

export interface Member {
  readonly kind: MemberKind;
  readonly incarnation: Incarnation;
  readonly data: MemberData;
}

export type MemberChange =
  | { readonly kind: "added" | "updated"; readonly member: Member }
  /** With the last data that was seen. */
  | { readonly kind: "removed"; readonly member: Member };

/**
 * `suspended`: nothing is known, the session may still live. `lost`: this process's membership and locks are gone for good;
 * it must join again under a new incarnation. After `lost`, `connected` follows once a new session stands.
 */
export type SessionState = "connected" | "suspended" | "lost";

export interface Lock {
  /** Aborted when the lock is lost with its session. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface Registry {
  readonly type: string;
  /** How long a silent member is still counted as alive, in milliseconds: the lease. */
  readonly leaseMs: number;
  /**
   * Announces this process; ephemeral: it goes with the session. Rejects with `OperationError` when no session stands, and
   * when the one is lost in which it was asked: nobody lives under that name in the next.
   */
  join(member: Member): Promise<void>;
  update(data: MemberData): Promise<void>;
  leave(): Promise<void>;
  /** Those that are alive, from the registry itself, not from memory. */
  members(kind: MemberKind): Promise<readonly Member[]>;
  /** Calls with `added` for everyone present, then with every change, until the returned function is called. */
  watch(kind: MemberKind, listener: (change: MemberChange) => void): () => void;
  /** Fair: in the order of asking. Rejects with code `aborted` when the signal fires first. */
  lock(name: string, signal: AbortSignal): Promise<Lock>;
  /** Calls at once with the present state, then with every change, until the returned function is called. */
  onSession(listener: (state: SessionState) => void): () => void;
  /**
   * This process's membership surely stands until `lastAckMs() + leaseMs`: `performance.now()` of the *sending* of the newest
   * message that the registry acknowledged in the present session; -Infinity while there is none.
   */
  lastAckMs(): number;
  /** Leaves and lets go of everything. Afterwards no timer, socket or listener is left. */
  close(): Promise<void>;
}
