// A connection between two processes: framed JSON (with an optional binary part) over TCP or TLS, both sides may ask.
// Frame: u32 length of what follows · u32 length of the JSON · JSON (UTF-8) · binary part. Numbers are big-endian.

import type { Clock } from "../model/clock.ts";
import type { OperationError } from "../model/operation-error.ts";
import type { Greeting } from "./messages.ts";

export interface Message<T> {
  readonly body: T;
  readonly binary?: Uint8Array;
}

/** Called for each request of the other side; what it rejects with is sent back as an `OperationError`. */
export type Handler = (message: Message<never>, from: Connection) => Promise<Message<object>>;
export type Handlers = { readonly [method: string]: Handler };

export interface Connection {
  /** Who is on the other side; known once the handshake (mutual proof of the cluster's secret) is done. */
  readonly peer: Greeting;
  /** As whom the other side knows this one: what it said of itself on this connection. */
  readonly self: Greeting;
  /**
   * Asks the other side. Rejects with an `OperationError`: `unavailable` when the connection ends or `deadlineMs` pass
   * (it may have been carried out all the same), or what the other side's handler rejected with.
   */
  request<Response extends object>(
    method: string,
    body: object,
    options?: { readonly deadlineMs?: number; readonly binary?: Uint8Array },
  ): Promise<Message<Response>>;
  /** By the monotonic clock, when anything was last heard of the other side, be it a heartbeat. */
  heardMs(): number;
  /** Aborted when the connection is gone; silence of the other side (no heartbeat) ends it too. */
  readonly closed: AbortSignal;
  close(): void;
}

export interface WireServer {
  readonly host: string;
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  close(): Promise<void>;
}

export interface WireSettings {
  readonly greeting: Greeting;
  /** Known to every process of the cluster; proven by both sides with an HMAC over random numbers, never sent. */
  readonly secret: string;
  readonly handlers: Handlers;
  /** Absent: the machine's. */
  readonly clock?: Clock;
  /** PEM texts; absent: plain TCP. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly settings: WireSettings;
  readonly signal: AbortSignal;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one; the server says which. */
  readonly port: number;
  readonly settings: WireSettings;
  /** Called for each peer that has proven itself. */
  readonly onConnection?: (connection: Connection) => void;
  /** Called for each that has not (another secret, no such protocol), with the reason. */
  readonly onRefused?: (error: OperationError) => void;
}

/** What carries connections between processes. */
export interface Network {
  /** Rejects with an `OperationError`: `unavailable`, `refused` (another secret), `aborted`. */
  connect(target: ConnectTarget): Promise<Connection>;
  listen(options: ListenOptions): Promise<WireServer>;
}
