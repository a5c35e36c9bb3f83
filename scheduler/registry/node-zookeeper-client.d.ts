// The part of node-zookeeper-client 1.1.3 that is used, insides included: it has no types of its own.

declare module "node-zookeeper-client" {
  import type { Socket } from "node:net";

  export interface Stat {
    readonly version: number;
    /** The session that an ephemeral node lives with; eight zero bytes for others. */
    readonly ephemeralOwner: Buffer;
  }

  export interface ZookeeperException extends Error {
    readonly code: number;
  }

  type Done<Results extends readonly unknown[] = []> = (
    error: ZookeeperException | null | undefined,
    ...results: Results
  ) => void;

  export interface Packet {
    readonly callback?: (error: ZookeeperException) => void;
  }

  export interface ConnectionManager {
    state: number;
    socket: Socket | undefined;
    xid: number;
    pendingBuffer: Buffer | null;
    sessionTimeout: number;
    connectTimeout: number;
    connectTimeoutHandler: NodeJS.Timeout | null;
    readonly servers: readonly { readonly host: string; readonly port: string | number }[];
    nextServerIndex: number;
    readonly packetQueue: { queue: Packet[] };
    getSessionId(): Buffer;
    connect(): void;
    findNextServer(callback: (server: { readonly host: string; readonly port: string | number }) => void): void;
    updateTimeout(sessionTimeoutMs: number): void;
    onSocketConnected(): void;
    onSocketClosed(hasError: boolean): void;
    onSocketData(bytes: Buffer): void;
  }

  export interface Client {
    readonly connectionManager: ConnectionManager;
    on(event: "connected" | "disconnected" | "expired", listener: () => void): this;
    removeAllListeners(): this;
    connect(): void;
    close(): void;
    create(path: string, data: Buffer, mode: number, done: Done<[path: string]>): void;
    remove(path: string, version: number, done: Done): void;
    setData(path: string, data: Buffer, version: number, done: Done<[stat: Stat]>): void;
    getData(path: string, done: Done<[data: Buffer | undefined, stat: Stat]>): void;
    exists(path: string, watcher: (() => void) | undefined, done: Done<[stat: Stat | null]>): void;
    getChildren(path: string, watcher: (() => void) | undefined, done: Done<[children: string[], stat: Stat]>): void;
  }

  export function createClient(
    connect: string,
    options: { readonly sessionTimeout: number; readonly spinDelay: number; readonly retries: number },
  ): Client;

  export const CreateMode: {
    readonly PERSISTENT: number;
    readonly EPHEMERAL: number;
    readonly EPHEMERAL_SEQUENTIAL: number;
  };

  export const Exception: {
    readonly CONNECTION_LOSS: number;
    readonly NO_NODE: number;
    readonly NODE_EXISTS: number;
    readonly SESSION_EXPIRED: number;
    create(code: number): ZookeeperException;
  };
}
