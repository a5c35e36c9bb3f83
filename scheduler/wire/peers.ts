// Keeps one connection to every member of a kind that the registry shows.
//
//   member added → connect, again and again with growing pauses while it is a member → connected → (closed → connect …)
//   member removed → no new tries. An open connection stays as long as it lives: whoever still answers is not gone, whatever
//   became of its session in the registry.

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Connection, Network, WireSettings } from "./contract.ts";
import type { Greeting } from "./messages.ts";
import { tcpNetwork } from "./tcp-network.ts";

type MemberKind = Greeting["role"];

/** What is needed of a registry's member. */
interface Member {
  readonly incarnation: Incarnation;
  readonly data: { readonly host: string; readonly port: number };
}

interface MemberSource {
  watch(
    kind: MemberKind,
    listener: (change: { readonly kind: "added" | "updated" | "removed"; readonly member: Member }) => void,
  ): () => void;
}

export interface PeersDeps {
  readonly registry: MemberSource;
  /** Absent: the machine's. */
  readonly clock?: Clock;
  readonly network?: Network;
  readonly kind: MemberKind;
  readonly settings: WireSettings;
  readonly log: Logger;
}

export interface Peers {
  get(incarnation: Incarnation): Connection | undefined;
  /** One of the open connections, chosen at random. */
  any(): Connection | undefined;
  all(): readonly Connection[];
  /** Called for each open connection now and later, until the returned function is called. */
  onConnection(listener: (connection: Connection) => void): () => void;
  close(): void;
}

const firstPauseMs = 100;
const longestPauseMs = 3_000;

export function peers(deps: PeersDeps): Peers {
  const { clock = systemClock } = deps;
  const open = new Map<Incarnation, Connection>();
  const tries = new Map<Incarnation, { readonly stop: AbortController; member: Member }>();
  const listeners = new Set<(connection: Connection) => void>();

  const keepConnected = async (
    incarnation: Incarnation,
    tried: { stop: AbortController; member: Member },
  ): Promise<void> => {
    const { signal } = tried.stop;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      try {
        const connection = await connectTo(deps, tried.member, signal);
        pauseMs = firstPauseMs;
        open.set(incarnation, connection);
        for (const listener of [...listeners]) listener(connection);
        await ended(connection);
        if (open.get(incarnation) === connection) open.delete(incarnation);
        if (!signal.aborted)
          deps.log.info(
            { incarnation, reason: reason(connection.closed.reason) },
            `lost the connection to a ${deps.kind}`,
          );
      } catch (error) {
        if (signal.aborted) return;
        deps.log.warn({ incarnation, reason: reason(error), againInMs: pauseMs }, `cannot connect to a ${deps.kind}`);
      }
      // A random half keeps many processes from knocking at the same moment.
      await clock.sleep(pauseMs * (0.5 + clock.random() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };

  const stopWatching = deps.registry.watch(deps.kind, ({ kind, member }) => {
    const known = tries.get(member.incarnation);
    if (kind === "removed") {
      known?.stop.abort();
      tries.delete(member.incarnation);
    } else if (known === undefined) {
      const tried = { stop: new AbortController(), member };
      tries.set(member.incarnation, tried);
      void keepConnected(member.incarnation, tried);
    } else {
      known.member = member;
    }
  });

  return {
    get: (incarnation) => open.get(incarnation),
    any: () => {
      const all = [...open.values()];
      return all[Math.floor(clock.random() * all.length)];
    },
    all: () => [...open.values()],
    onConnection: (listener) => {
      listeners.add(listener);
      for (const connection of open.values()) listener(connection);
      return () => void listeners.delete(listener);
    },
    close: () => {
      stopWatching();
      listeners.clear();
      for (const { stop } of tries.values()) stop.abort();
      tries.clear();
      for (const connection of [...open.values()]) connection.close();
      open.clear();
    },
  };
}

async function connectTo(
  { kind, network = tcpNetwork, settings }: PeersDeps,
  member: Member,
  signal: AbortSignal,
): Promise<Connection> {
  const { host, port } = member.data;
  const connection = await network.connect({ host, port, settings, signal });
  if (connection.peer.role === kind && connection.peer.incarnation === member.incarnation) return connection;
  connection.close();
  const { role, incarnation } = connection.peer;
  throw new OperationError(
    "unavailable",
    `${host}:${port} answers as ${role} ${incarnation}, ${member.incarnation} was expected`,
  );
}

const ended = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (connection.closed.aborted) resolve();
    else connection.closed.addEventListener("abort", () => resolve(), { once: true });
  });

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
