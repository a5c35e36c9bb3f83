// Bytes to frames and back: `u32 length of what follows · u32 length of the JSON · JSON · binary part`, big-endian.

import { OperationError } from "../model/operation-error.ts";

export interface Frame {
  /** Whatever the other side sent: nobody has looked at it yet. */
  readonly json: unknown;
  readonly binary?: Uint8Array;
}

/** A frame that waits to be written; its size is known. */
export interface OutgoingFrame {
  readonly json: string;
  readonly jsonBytes: number;
  readonly binary: Uint8Array | undefined;
}

/** What one frame may hold at most once the other side has proven itself. */
export const maxFrameBytes = 64 * 1024 * 1024;
/** What a stranger may send: a greeting and a proof. */
export const maxStrangerFrameBytes = 64 * 1024;

const headBytes = 8;
/** Larger binary parts are handed to the socket as they are, without a copy. */
const copyLimitBytes = 32 * 1024;

export interface FrameReader {
  /** Takes the next bytes of the stream; calls `onFrame` for each frame they complete. Throws an `OperationError` on nonsense. */
  push(bytes: Buffer): void;
}

export function frameReader(maxBytes: () => number, onFrame: (frame: Frame) => void): FrameReader {
  let parts: Buffer[] = [];
  let size = 0;
  // Bytes are joined only once a whole frame is there, so a large frame that trickles in is copied once.
  let needed = 4;

  return {
    push(bytes) {
      parts.push(bytes);
      size += bytes.length;
      if (size < needed) return;
      const buffer = parts.length === 1 ? bytes : Buffer.concat(parts);
      let offset = 0;
      needed = 4;
      while (buffer.length - offset >= 4) {
        const length = buffer.readUInt32BE(offset);
        checkLength(length, maxBytes());
        if (buffer.length - offset < 4 + length) {
          needed = 4 + length;
          break;
        }
        onFrame(decode(buffer.subarray(offset + 4, offset + 4 + length)));
        offset += 4 + length;
      }
      size = buffer.length - offset;
      parts = size === 0 ? [] : [buffer.subarray(offset)];
    },
  };
}

export function outgoingFrame(json: object, binary?: Uint8Array): OutgoingFrame {
  const text = JSON.stringify(json);
  const frame = { json: text, jsonBytes: Buffer.byteLength(text), binary };
  const bytes = frameBytes(frame);
  if (bytes > maxFrameBytes) {
    throw new OperationError(
      "invalid",
      `a message of ${bytes} bytes was to be sent, ${maxFrameBytes} is the most: send it in parts`,
    );
  }
  return frame;
}

export const frameBytes = (frame: OutgoingFrame): number => headBytes + frame.jsonBytes + (frame.binary?.length ?? 0);

/** The bytes of all the frames, in as few buffers as is cheap. */
export function encode(frames: readonly OutgoingFrame[]): readonly Uint8Array[] {
  const buffers: Uint8Array[] = [];
  let run: OutgoingFrame[] = [];
  for (const frame of frames) {
    run.push(frame);
    if (frame.binary !== undefined && frame.binary.length > copyLimitBytes) {
      buffers.push(copyRun(run, frame), frame.binary);
      run = [];
    }
  }
  if (run.length > 0) buffers.push(copyRun(run));
  return buffers;
}

function copyRun(frames: readonly OutgoingFrame[], withoutBinary?: OutgoingFrame): Buffer {
  let total = 0;
  for (const frame of frames) total += frame === withoutBinary ? headBytes + frame.jsonBytes : frameBytes(frame);
  const buffer = Buffer.allocUnsafe(total);
  let offset = 0;
  for (const frame of frames) {
    buffer.writeUInt32BE(frameBytes(frame) - 4, offset);
    buffer.writeUInt32BE(frame.jsonBytes, offset + 4);
    buffer.write(frame.json, offset + headBytes, "utf8");
    offset += headBytes + frame.jsonBytes;
    if (frame.binary !== undefined && frame !== withoutBinary) {
      buffer.set(frame.binary, offset);
      offset += frame.binary.length;
    }
  }
  return buffer;
}

function checkLength(length: number, maxBytes: number): void {
  if (length >= 4 && length <= maxBytes) return;
  throw new OperationError(
    "invalid",
    `a frame of ${length} bytes was announced, 4 to ${maxBytes} are possible: the other side does not speak this protocol`,
  );
}

function decode(body: Buffer): Frame {
  const jsonBytes = body.readUInt32BE(0);
  if (4 + jsonBytes > body.length) {
    throw new OperationError("invalid", `a frame of ${body.length} bytes says that ${jsonBytes} of them are JSON`);
  }
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8", 4, 4 + jsonBytes));
  } catch (cause) {
    throw new OperationError("invalid", "a frame holds no JSON: the other side does not speak this protocol", {
      cause,
    });
  }
  const binary = body.subarray(4 + jsonBytes);
  return binary.length > 0 ? { json, binary } : { json };
}
