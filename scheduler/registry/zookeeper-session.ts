// One session with ZooKeeper, from its first connection to its end: operations with a limit, and a watchdog of our own.
//
//   connecting ─→ connected ⇄ suspended ─→ lost (said by the server, or no answer for a whole timeout)

import { CreateMode, Exception, type Stat, type ZookeeperException } from "node-zookeeper-client";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import { safeClient } from "./zookeeper-client.ts";

export interface ZookeeperSessionDeps {
  readonly connect: string;
  readonly timeoutMs: number;
  /** Told in this order: `connected`, `suspended`, `connected` …, at last `lost`; nothing after it. */
  readonly onState: (state: "connected" | "suspended" | "lost") => void;
  readonly log: Logger;
}

export interface Node {
  readonly text: string;
  readonly version: number;
  /** Belongs to this very session. */
  readonly isOwn: boolean;
}

export type NodeKind = "persistent" | "ephemeral" | "ephemeral_sequential";

/** All reject with an `OperationError`: `unavailable` (may have been carried out all the same), `not_found`, `conflict` (exists). */
export interface ZookeeperSession {
  readonly ended: AbortSignal;
  /** What the server made of the timeout that was asked for. */
  timeoutMs(): number;
  /** `performance.now()` of the sending of the newest request that a majority has acknowledged; -Infinity at first. */
  lastAckMs(): number;
  create(path: string, text: string, kind: NodeKind): Promise<string>;
  /** Removing what is not there is no error. */
  remove(path: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<Node | undefined>;
  exists(path: string, watcher?: () => void): Promise<boolean>;
  children(path: string, watcher?: () => void): Promise<readonly string[]>;
  /** Ends the session at the server too, where it can be reached. */
  close(): Promise<void>;
}

/** A name that never exists: asking to remove it goes through the leader and a majority, and changes nothing. */
const nothing = "/porpoise-beat";
const closeLimitMs = 1_000;

export function openZookeeperSession(deps: ZookeeperSessionDeps): ZookeeperSession {
  const safe = safeClient(deps.connect, deps.timeoutMs);
  const { client } = safe;
  const manager = client.connectionManager;
  const ended = new AbortController();
  let isStanding = false;
  let ackMs = Number.NEGATIVE_INFINITY;
  let isBeating = false;

  const timeoutMs = (): number => manager.sessionTimeout;
  const stillHas = (ms: number): number => ackMs + ms - performance.now();

  const end = (state: "lost" | undefined): void => {
    if (ended.signal.aborted) return;
    clearInterval(watchdog);
    // Fault 5: the object of a session that is over is of no use any more.
    safe.kill();
    ended.abort();
    if (state !== undefined) deps.onState(state);
  };

  const call = <T>(
    act: (done: (error: ZookeeperException | null | undefined, result: T) => void) => void,
  ): Promise<T> => {
    // Fault 4: what is asked while not connected would wait for ever, or be carried out when nobody expects it any more.
    if (!safe.isConnected()) return Promise.reject(new OperationError("unavailable", "ZooKeeper is not connected"));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(
      () => reject(new OperationError("unavailable", `ZooKeeper did not answer within ${timeoutMs()} ms`)),
      timeoutMs(),
    );
    ended.signal.addEventListener("abort", onEnd, { once: true });
    function onEnd(): void {
      reject(new OperationError("unavailable", "the session with ZooKeeper is over"));
    }
    try {
      act((error, result) => {
        if (error === null || error === undefined) resolve(result);
        else reject(explain(error));
      });
    } catch (error) {
      reject(error);
    }
    return promise.finally(() => {
      clearTimeout(timer);
      ended.signal.removeEventListener("abort", onEnd);
    });
  };

  const beat = async (): Promise<void> => {
    isBeating = true;
    const sentMs = performance.now();
    try {
      // Not `exists`: a server that has lost its leader answers reads for a while, although the leader may end the session.
      await call<void>((done) => client.remove(nothing, -1, (error) => done(error, undefined)));
      ackMs = sentMs;
    } catch (error) {
      if (error instanceof OperationError && error.code === "not_found") ackMs = sentMs;
    } finally {
      isBeating = false;
    }
  };

  // Fault 1: a frozen server says nothing, and neither does the library.
  const watch = (): void => {
    safe.checkConnecting();
    // Fault 5: a wiped server never says that the session is over; ours is when nobody can have kept it.
    if (isStanding && stillHas(timeoutMs()) <= 0) {
      deps.log.warn(
        { timeoutMs: timeoutMs() },
        "ZooKeeper has not answered for a whole session timeout: the session is lost",
      );
      end("lost");
      return;
    }
    if (!safe.isConnected()) return;
    if (isStanding && stillHas((timeoutMs() * 2) / 3) <= 0) safe.reconnect();
    else if (!isBeating) void beat();
  };
  const watchdog = setInterval(watch, Math.max(50, deps.timeoutMs / 6));

  client.on("connected", () => {
    if (ended.signal.aborted) return;
    // The server counts anew from the connection on; that is as good as an answer to a request that was sent with it.
    void beat().then(() => {
      if (ended.signal.aborted || !safe.isConnected() || ackMs === Number.NEGATIVE_INFINITY) return;
      isStanding = true;
      deps.onState("connected");
    });
  });
  client.on("disconnected", () => {
    if (isStanding && !ended.signal.aborted) deps.onState("suspended");
  });
  client.on("expired", () => end("lost"));
  client.connect();

  return {
    ended: ended.signal,
    timeoutMs,
    lastAckMs: () => ackMs,
    create: (path, text, kind) => call((done) => client.create(path, Buffer.from(text), modes[kind], done)),
    remove: async (path) => {
      await call<void>((done) => client.remove(path, -1, (error) => done(error, undefined))).catch((error: unknown) => {
        if (!(error instanceof OperationError && error.code === "not_found")) throw error;
      });
    },
    write: async (path, text) => {
      await call<Stat>((done) => client.setData(path, Buffer.from(text), -1, done));
    },
    read: async (path) => {
      try {
        return await call<Node>((done) =>
          client.getData(path, (error, data, stat) => {
            if (error !== null && error !== undefined) return done(error, { text: "", version: 0, isOwn: false });
            const isOwn = stat.ephemeralOwner.equals(manager.getSessionId());
            done(null, { text: data?.toString() ?? "", version: stat.version, isOwn });
          }),
        );
      } catch (error) {
        if (error instanceof OperationError && error.code === "not_found") return undefined;
        throw error;
      }
    },
    exists: async (path, watcher) => (await call<Stat | null>((done) => client.exists(path, watcher, done))) !== null,
    children: (path, watcher) => call<readonly string[]>((done) => client.getChildren(path, watcher, done)),
    close: async () => {
      if (ended.signal.aborted) return;
      if (safe.isConnected()) await closeAtServer();
      end(undefined);
    },
  };

  function closeAtServer(): Promise<void> {
    clearInterval(watchdog);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, closeLimitMs);
      manager.socket?.once("close", done);
      client.close();
    });
  }
}

const modes: { readonly [Kind in NodeKind]: number } = {
  persistent: CreateMode.PERSISTENT,
  ephemeral: CreateMode.EPHEMERAL,
  ephemeral_sequential: CreateMode.EPHEMERAL_SEQUENTIAL,
};

function explain(error: ZookeeperException): OperationError {
  switch (error.code) {
    case Exception.NO_NODE:
      return new OperationError("not_found", `ZooKeeper has no such node: ${error.message}`, { cause: error });
    case Exception.NODE_EXISTS:
      return new OperationError("conflict", `ZooKeeper has that node already: ${error.message}`, { cause: error });
    default:
      return new OperationError("unavailable", `ZooKeeper did not carry it out: ${error.message}`, { cause: error });
  }
}
