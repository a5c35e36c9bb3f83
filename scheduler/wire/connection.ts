// Requests and answers over a socket that carries frames: ids, deadlines, heartbeats, a window against floods.

import type { Socket } from "node:net";
import { systemClock } from "../clock/system-clock.ts";
import type { Clock, Stop } from "../model/clock.ts";
import { OperationError, type OperationErrorCode } from "../model/operation-error.ts";
import type { Connection, Message, WireSettings } from "./contract.ts";
import { type FrameSocket, frameSocket } from "./frame-socket.ts";
import type { Frame } from "./frames.ts";
import { type Greetings, handshake } from "./handshake.ts";
import type { Greeting } from "./messages.ts";

/** How often something is said at least, and how long the other side may be silent. */
const beatMs = 1_000;
const silenceMs = 5_000;
const defaultDeadlineMs = 10_000;
/** The window: as many requests may be under way, as many bytes may wait to leave; what is beyond waits its turn here. */
const maxOpenRequests = 4_096;
const maxWaitingBytes = 16 * 1024 * 1024;

export type Envelope =
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly body: object }
  | { readonly kind: "response"; readonly id: number; readonly body: object }
  | { readonly kind: "failure"; readonly id: number; readonly code: OperationErrorCode; readonly message: string }
  | { readonly kind: "beat" };

interface Call {
  readonly method: string;
  readonly body: object;
  readonly binary: Uint8Array | undefined;
  readonly resolve: (message: Message<never>) => void;
  readonly reject: (error: unknown) => void;
  /** Undefined: its deadline has passed. */
  deadline: Stop | undefined;
}

/** Proves both sides to each other over a fresh socket, then answers and asks over it. */
export async function openConnection(
  socket: Socket,
  address: string,
  side: "client" | "server",
  settings: WireSettings,
): Promise<Connection> {
  const frames = frameSocket(socket, address);
  const greetings = await handshake(frames, side, settings);
  frames.trust();
  return connectionOver(frames, greetings, settings);
}

/** Over whatever carries frames between two that have proven themselves. */
export function connectionOver(frames: FrameSocket, { self, peer }: Greetings, settings: WireSettings): Connection {
  const { clock = systemClock } = settings;
  const calls = outgoingCalls(frames, peer, clock);
  const connection: Connection = {
    peer,
    self,
    request: (method, body, options) => calls.ask(method, body, options),
    heardMs: () => frames.heardMs(),
    closed: frames.closed,
    close: () => frames.end(new OperationError("unavailable", `the connection with ${name(peer)} was closed`)),
  };

  frames.receive((frame) => {
    // Checked field by field where used: the other side has proven the secret, but may be another build.
    const said = frame.json as Envelope;
    switch (said?.kind) {
      case "request":
        void answer(frames, connection, settings, said, frame);
        return;
      case "response":
      case "failure":
        calls.settle(said, frame);
        return;
      case "beat":
        return;
      default:
        frames.end(new OperationError("invalid", `${name(peer)} sent a frame of an unknown kind`));
    }
  });
  keepBeating(frames, peer, clock);
  return connection;
}

async function answer(
  frames: FrameSocket,
  connection: Connection,
  settings: WireSettings,
  said: Extract<Envelope, { kind: "request" }>,
  frame: Frame,
): Promise<void> {
  const { id, method } = said;
  try {
    const handler = Object.hasOwn(settings.handlers, method) ? settings.handlers[method] : undefined;
    if (handler === undefined) {
      throw new OperationError("invalid", `a ${settings.greeting.role} does not answer \`${method}\``);
    }
    // Each handler declares the body it expects; both sides are compiled from `messages.ts`.
    const body = said.body as never;
    const message = await handler(frame.binary === undefined ? { body } : { body, binary: frame.binary }, connection);
    frames.send({ kind: "response", id, body: message.body } satisfies Envelope, message.binary);
  } catch (error) {
    const { code, message } = describe(error);
    frames.send({ kind: "failure", id, code, message } satisfies Envelope);
  }
}

function describe(error: unknown): { code: OperationErrorCode; message: string } {
  if (error instanceof OperationError) return { code: error.code, message: error.message };
  return {
    code: "unavailable",
    message: `the other side failed inside: ${error instanceof Error ? error.message : String(error)}`,
  };
}

function outgoingCalls(frames: FrameSocket, peer: Greeting, clock: Clock) {
  const open = new Map<number, Call>();
  const waiting: Call[] = [];
  let lastId = 0;

  const transmit = (call: Call): void => {
    lastId += 1;
    try {
      frames.send(
        { kind: "request", id: lastId, method: call.method, body: call.body } satisfies Envelope,
        call.binary,
      );
      open.set(lastId, call);
    } catch (error) {
      call.deadline?.();
      call.reject(error);
    }
  };
  const mayTransmit = (): boolean => open.size < maxOpenRequests && frames.waitingBytes() < maxWaitingBytes;
  const pump = (): void => {
    while (waiting.length > 0 && mayTransmit()) {
      const call = waiting.shift();
      // One whose deadline passed while it waited has no timer any more and is not sent at all.
      if (call?.deadline !== undefined) transmit(call);
    }
  };
  frames.onDrain(pump);
  frames.closed.addEventListener("abort", () => {
    for (const call of [...open.values(), ...waiting]) {
      call.deadline?.();
      call.reject(frames.closed.reason);
    }
    open.clear();
    waiting.length = 0;
  });

  const ask = <Response extends object>(
    method: string,
    body: object,
    options: { readonly deadlineMs?: number; readonly binary?: Uint8Array } = {},
  ): Promise<Message<Response>> => {
    if (frames.closed.aborted) return Promise.reject(frames.closed.reason);
    const { deadlineMs = defaultDeadlineMs, binary } = options;
    return new Promise<Message<Response>>((resolve, reject) => {
      const call: Call = { method, body, binary, resolve, reject, deadline: undefined };
      call.deadline = clock.after(deadlineMs, () => {
        call.deadline = undefined;
        for (const [id, other] of open) if (other === call) open.delete(id);
        reject(new OperationError("unavailable", `${name(peer)} did not answer \`${method}\` within ${deadlineMs} ms`));
        pump();
      });
      if (waiting.length === 0 && mayTransmit()) transmit(call);
      else waiting.push(call);
    });
  };

  const settle = (said: Extract<Envelope, { kind: "response" | "failure" }>, frame: Frame): void => {
    const call = open.get(said.id);
    // An answer after its deadline: nobody waits for it any more.
    if (call === undefined) return;
    open.delete(said.id);
    call.deadline?.();
    if (said.kind === "failure") {
      call.reject(new OperationError(said.code, said.message));
    } else {
      // The caller names the response's type; both sides are compiled from `messages.ts`.
      const body = said.body as never;
      call.resolve(frame.binary === undefined ? { body } : { body, binary: frame.binary });
    }
    if (waiting.length > 0) pump();
  };
  return { ask, settle };
}

function keepBeating(frames: FrameSocket, peer: Greeting, clock: Clock): void {
  let lastTickMs = clock.monotonicMs();
  const stop = clock.every(beatMs, () => {
    const nowMs = clock.monotonicMs();
    // After a freeze of this very process the other side's bytes may lie unread in the kernel: read first, judge later.
    const wasFrozen = nowMs - lastTickMs > 2 * beatMs;
    lastTickMs = nowMs;
    if (!wasFrozen && nowMs - frames.heardMs() > silenceMs) {
      frames.end(new OperationError("unavailable", `${name(peer)} has been silent for ${silenceMs} ms`));
      return;
    }
    if (nowMs - frames.sentMs() >= beatMs / 2) frames.send({ kind: "beat" } satisfies Envelope);
  });
  if (frames.closed.aborted) stop();
  else frames.closed.addEventListener("abort", stop, { once: true });
}

const name = (peer: Greeting): string => `${peer.role} ${peer.incarnation}`;
