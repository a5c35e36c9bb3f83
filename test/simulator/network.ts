// The simulated network: connections that delay, hold back, break and are cut, under the real requests and heartbeats.

import { OperationError } from "../../scheduler/model/operation-error.ts";
import { connectionOver } from "../../scheduler/wire/connection.ts";
import type { Connection, ListenOptions, Network, WireServer } from "../../scheduler/wire/contract.ts";
import type { FrameSocket } from "../../scheduler/wire/frame-socket.ts";
import type { Frame } from "../../scheduler/wire/frames.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

export interface SimulatedNetwork {
  /** The network as one process sees it. */
  of(process: SimulatedProcess): Network;
  /** Nothing goes from `from` to `to` any more, until it is healed: it waits, as TCP does. */
  block(from: string, to: string): void;
  isBlocked(from: string, to: string): boolean;
  /** Heals this way alone. */
  unblock(from: string, to: string): void;
  heal(): void;
  /** Breaks every connection of a process; what is under way is lost. */
  cut(name: string): void;
  /** From now on a message takes up to so long. */
  setDelay(mostMs: number): void;
  /** From now on such a share of requests arrives once more, later, as one does that was sent again. */
  setRepeats(share: number): void;
}

export interface NetworkOptions {
  /** Hears each message when it leaves; `link` tells one connection from another. */
  readonly onMessage: (from: SimulatedProcess, json: object, link: object) => void;
}

interface Listener {
  readonly process: SimulatedProcess;
  readonly options: ListenOptions;
  readonly connections: Set<Connection>;
}

interface Link {
  readonly ends: readonly [End, End];
}

interface End {
  readonly process: SimulatedProcess;
  readonly closed: AbortController;
  listener: ((frame: Frame) => void) | undefined;
  readonly early: Frame[];
  heardMs: number;
  sentMs: number;
  /** When the last frame to the other side arrives: none overtakes another. */
  lastArrivalMs: number;
  /** Frames that the network holds back while the way is blocked. */
  readonly stuck: (() => void)[];
}

const connectLimitMs = 5_000;

export function simulatedNetwork(world: World, options: NetworkOptions): SimulatedNetwork {
  const listeners = new Map<number, Listener>();
  const links = new Set<Link>();
  const blocked = new Set<string>();
  let mostMs = 2;
  let repeats = 0;
  let lastPort = 1_000;

  const way = (from: string, to: string): string => `${from}>${to}`;
  const delay = (): number => 0.2 + world.random() * mostMs;

  const end = (process: SimulatedProcess): End => ({
    process,
    closed: new AbortController(),
    listener: undefined,
    early: [],
    heardMs: process.clock.monotonicMs(),
    sentMs: process.clock.monotonicMs(),
    lastArrivalMs: 0,
    stuck: [],
  });

  /** Carries it to the other side in order; while the way is blocked it waits. */
  const carry = (from: End, to: End, arrive: () => void): void => {
    const send = (): void => {
      const arrivalMs = Math.max(from.lastArrivalMs + 0.001, world.nowMs() + delay());
      from.lastArrivalMs = arrivalMs;
      world.after(arrivalMs - world.nowMs(), () => to.process.deliver(arrive));
    };
    if (blocked.has(way(from.process.name, to.process.name))) from.stuck.push(send);
    else send();
  };

  const socketOf = (mine: End, other: End, link: Link): FrameSocket => ({
    address: other.process.name,
    send: (json, binary) => {
      if (mine.closed.signal.aborted) return 0;
      mine.sentMs = mine.process.clock.monotonicMs();
      options.onMessage(mine.process, json, link);
      const text = JSON.stringify(json);
      const arrive = (): void => {
        if (other.closed.signal.aborted) return;
        other.heardMs = other.process.clock.monotonicMs();
        const frame: Frame = { json: JSON.parse(text), ...(binary ? { binary } : {}) } as Frame;
        if (other.listener === undefined) other.early.push(frame);
        else other.listener(frame);
      };
      carry(mine, other, arrive);
      const isRequest = "kind" in json && json.kind === "request";
      if (isRequest && world.chance(repeats)) {
        world.after(world.random() * 5_000, () => carry(mine, other, arrive));
      }
      return text.length;
    },
    receive: (next) => {
      mine.listener = next;
      while (mine.listener !== undefined) {
        const frame = mine.early.shift();
        if (frame === undefined) break;
        mine.listener(frame);
      }
    },
    trust: () => {},
    onDrain: () => {},
    waitingBytes: () => 0,
    heardMs: () => mine.heardMs,
    sentMs: () => mine.sentMs,
    closed: mine.closed.signal,
    end: (reason) => {
      if (mine.closed.signal.aborted) return;
      mine.closed.abort(reason);
      carry(mine, other, () => other.closed.abort(gone("ended the connection")));
      links.delete(link);
    },
  });

  const breakLink = (link: Link): void => {
    links.delete(link);
    for (const one of link.ends) {
      if (!one.process.isAlive()) continue;
      one.process.deliver(() => {
        if (!one.closed.signal.aborted) one.closed.abort(gone("is not connected any more"));
      });
    }
  };

  /** What it sent before it died still arrives, and may be late. */
  const hangUp = (link: Link, dead: End, other: End): void => {
    carry(dead, other, () => {
      links.delete(link);
      if (!other.closed.signal.aborted) other.closed.abort(gone("is not connected any more"));
    });
  };

  const gone = (what: string): OperationError => new OperationError("unavailable", `the other side ${what}`);

  const connectFrom =
    (process: SimulatedProcess): Network["connect"] =>
    ({ host, port, settings, signal }) =>
      new Promise((resolve, reject) => {
        const { clock } = process;
        const fail = (why: string): void => {
          stopLimit();
          reject(new OperationError(signal.aborted ? "aborted" : "unavailable", `cannot connect to ${host}: ${why}`));
        };
        const stopLimit = clock.after(connectLimitMs, () => fail("no answer in time"));
        signal.addEventListener("abort", () => fail("given up"), { once: true });
        let isOver = false;
        const [mine, theirs] = [end(process), undefined as End | undefined];
        world.after(delay(), () => {
          const listener = listeners.get(port);
          if (listener === undefined || !listener.process.isAlive()) {
            process.deliver(() => fail("connection refused"));
            return;
          }
          if (blocked.has(way(process.name, listener.process.name))) return; // silence: the limit ends it
          listener.process.deliver(() => {
            if (isOver || blocked.has(way(listener.process.name, process.name))) return;
            const other = theirs ?? end(listener.process);
            const link: Link = { ends: [mine, other] };
            links.add(link);
            const greetings = { client: settings.greeting, server: listener.options.settings.greeting };
            const accepted = connectionOver(
              socketOf(other, mine, link),
              { self: greetings.server, peer: greetings.client },
              listener.options.settings,
            );
            listener.connections.add(accepted);
            accepted.closed.addEventListener("abort", () => listener.connections.delete(accepted), { once: true });
            listener.options.onConnection?.(accepted);
            carry(other, mine, () => {
              if (isOver || signal.aborted || mine.closed.signal.aborted) return;
              isOver = true;
              stopLimit();
              mine.heardMs = clock.monotonicMs();
              resolve(
                connectionOver(
                  socketOf(mine, other, link),
                  { self: greetings.client, peer: greetings.server },
                  settings,
                ),
              );
            });
          });
        });
      });

  const listenAt =
    (process: SimulatedProcess): Network["listen"] =>
    async (listening) => {
      let { port } = listening;
      if (port === 0) {
        lastPort += 1;
        port = lastPort;
      }
      const listener: Listener = { process, options: listening, connections: new Set() };
      listeners.set(port, listener);
      const server: WireServer = {
        host: process.name,
        port,
        connections: listener.connections,
        close: async () => {
          if (listeners.get(port) === listener) listeners.delete(port);
          for (const connection of [...listener.connections]) connection.close();
        },
      };
      return server;
    };

  /** What may go now. */
  const sendStuck = (): void => {
    for (const { ends } of links) {
      const [first, second] = ends;
      for (const [from, to] of [
        [first, second],
        [second, first],
      ] as const) {
        if (!blocked.has(way(from.process.name, to.process.name))) for (const send of from.stuck.splice(0)) send();
      }
    }
  };

  return {
    of: (process) => {
      // The kernel of its host closes what a dead process had open.
      process.onDeath(() => {
        for (const link of [...links]) {
          const [first, second] = link.ends;
          if (first.process === process) hangUp(link, first, second);
          else if (second.process === process) hangUp(link, second, first);
        }
        for (const [port, one] of [...listeners]) if (one.process === process) listeners.delete(port);
      });
      return { connect: connectFrom(process), listen: listenAt(process) };
    },
    block: (from, to) => void blocked.add(way(from, to)),
    isBlocked: (from, to) => blocked.has(way(from, to)),
    unblock: (from, to) => {
      blocked.delete(way(from, to));
      sendStuck();
    },
    heal: () => {
      blocked.clear();
      sendStuck();
    },
    cut: (name) => {
      for (const link of [...links]) if (link.ends.some((one) => one.process.name === name)) breakLink(link);
    },
    setDelay: (ms) => {
      mostMs = ms;
    },
    setRepeats: (share) => {
      repeats = share;
    },
  };
}
