// Server-sent events: one message after the other, no faster than the client reads, until either side ends it.

import { once } from "node:events";
import type { Request, Response } from "express";

export interface StreamEvent {
  /** What the client sends back as `Last-Event-ID` to go on after this one. */
  readonly id: string;
  readonly data: object;
}

const keepAliveMs = 15_000;

/** Sends what `events` yields; `signal` is aborted when the client has gone. */
export async function streamEvents(
  request: Request,
  response: Response,
  events: (signal: AbortSignal) => AsyncIterable<StreamEvent>,
): Promise<void> {
  const gone = new AbortController();
  request.once("close", () => gone.abort());
  response.once("close", () => gone.abort());
  response.once("error", () => gone.abort());
  response.status(200).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  // A comment now and then keeps proxies from closing a stream on which nothing happens.
  const keepAlive = setInterval(() => response.write(": still here\n\n"), keepAliveMs);
  try {
    for await (const { id, data } of events(gone.signal)) {
      if (gone.signal.aborted) return;
      if (response.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)) continue;
      await once(response, "drain", { signal: gone.signal }).catch(() => {}); // gone: the loop's next check ends it
    }
    if (!gone.signal.aborted) response.write("event: end\ndata: {}\n\n");
  } finally {
    clearInterval(keepAlive);
    response.end();
  }
}

/** Where a client wants to go on: the header of a reconnect, else what it asked for. */
export const resumeAt = (request: Request, asked: number): number => {
  const last = Number(request.get("Last-Event-ID"));
  return Number.isSafeInteger(last) && last >= 0 && request.get("Last-Event-ID") !== undefined ? last : asked;
};
