// Reads server-sent events from the body of an answer.

import { createParser } from "eventsource-parser";

export interface ServerSentEvent<T> {
  /** What to resume after; undefined where the server sent none. */
  readonly id: string | undefined;
  readonly data: T;
}

/** One event whose data is JSON after the other; returns when the server says `end` or just ends the stream. */
export async function* serverSentEvents<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent<T>> {
  const ready: ServerSentEvent<T>[] = [];
  let isOver = false;
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (event === "end") isOver = true;
      // The data of every stream is part of the contract with the scheduler.
      else ready.push({ id, data: JSON.parse(data) as T });
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* ready.splice(0);
    if (isOver) return;
  }
}
