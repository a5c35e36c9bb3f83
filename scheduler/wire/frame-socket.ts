// A socket that carries frames: writes are gathered and sent together, reads are cut into frames, the end has one reason.

import type { Socket } from "node:net";
import { OperationError } from "../model/operation-error.ts";
import {
  encode,
  type Frame,
  frameBytes,
  frameReader,
  maxFrameBytes,
  maxStrangerFrameBytes,
  outgoingFrame,
} from "./frames.ts";

export interface FrameSocket {
  /** `host:port` of the other side, for messages. */
  readonly address: string;
  /** Throws an `OperationError` when the frame is too large. A large binary part must not change until it is written. */
  send(json: object, binary?: Uint8Array): number;
  /** From now on frames go to this listener; what came while there was none is given to it first. */
  receive(listener: ((frame: Frame) => void) | undefined): void;
  /** The other side has proven itself: large frames are welcome now. */
  trust(): void;
  /** Called whenever bytes have left and fewer than the high-water mark wait. */
  onDrain(listener: () => void): void;
  /** Bytes that were sent but have not left yet. */
  waitingBytes(): number;
  /** By the monotonic clock, the last byte heard and of the last frame sent. */
  heardMs(): number;
  sentMs(): number;
  /** Aborted with an `OperationError` when the socket is gone. */
  readonly closed: AbortSignal;
  /** What was sent before is still written. Repeatable; the first reason counts. */
  end(reason: OperationError): void;
}

/** A closing socket whose other side reads nothing any more is destroyed after this. */
const lingerMs = 1_000;

export function frameSocket(socket: Socket, address: string): FrameSocket {
  const closed = new AbortController();
  let outgoing: ReturnType<typeof outgoingFrame>[] = [];
  let outgoingBytes = 0;
  let flushing: NodeJS.Immediate | undefined;
  let listener: ((frame: Frame) => void) | undefined;
  let drained: () => void = () => {};
  const early: Frame[] = [];
  let maxBytes = maxStrangerFrameBytes;
  let heardMs = performance.now();
  let sentMs = heardMs;
  let linger: NodeJS.Timeout | undefined;

  const reader = frameReader(
    () => maxBytes,
    (frame) => {
      if (closed.signal.aborted) return;
      if (listener === undefined) early.push(frame);
      else listener(frame);
    },
  );

  const flush = (): void => {
    flushing = undefined;
    if (outgoing.length === 0) return;
    const buffers = encode(outgoing);
    outgoing = [];
    outgoingBytes = 0;
    sentMs = performance.now();
    socket.cork();
    for (const buffer of buffers) socket.write(buffer);
    socket.uncork();
  };

  const end = (reason: OperationError): void => {
    if (closed.signal.aborted) return;
    if (flushing !== undefined) clearImmediate(flushing);
    if (!socket.destroyed) flush();
    closed.abort(reason);
    socket.end();
    linger = setTimeout(() => socket.destroy(), lingerMs);
    if (socket.closed) clearTimeout(linger);
  };

  socket.setNoDelay(true);
  socket.on("data", (bytes: Buffer) => {
    heardMs = performance.now();
    if (closed.signal.aborted) return;
    try {
      reader.push(bytes);
    } catch (error) {
      end(
        error instanceof OperationError
          ? error
          : new OperationError("invalid", "a frame could not be read", { cause: error }),
      );
    }
  });
  socket.on("drain", () => drained());
  socket.on("error", (cause: Error) => {
    end(new OperationError("unavailable", `the connection with ${address} broke: ${cause.message}`, { cause }));
  });
  socket.on("end", () => end(new OperationError("unavailable", `${address} ended the connection`)));
  socket.on("close", () => {
    end(new OperationError("unavailable", `the connection with ${address} is closed`));
    clearTimeout(linger);
  });

  return {
    address,
    send(json, binary) {
      if (closed.signal.aborted) return 0;
      const frame = outgoingFrame(json, binary);
      const bytes = frameBytes(frame);
      outgoing.push(frame);
      outgoingBytes += bytes;
      // One write for all that this turn of the event loop sends: at thousands of small messages a second, writes are the cost.
      flushing ??= setImmediate(flush);
      return bytes;
    },
    receive(next) {
      listener = next;
      // The listener may hand over to another one while it is called.
      while (listener !== undefined) {
        const frame = early.shift();
        if (frame === undefined) break;
        listener(frame);
      }
    },
    trust: () => {
      maxBytes = maxFrameBytes;
    },
    onDrain: (next) => {
      drained = next;
    },
    waitingBytes: () => outgoingBytes + socket.writableLength,
    heardMs: () => heardMs,
    sentMs: () => sentMs,
    closed: closed.signal,
    end,
  };
}
