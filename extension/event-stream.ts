// Reads server-sent events from the body of an answer.

import { createParser } from "eventsource-parser";

export interface ServerSentEvent<T> {
  /** What to resume after; undefined where the server sent none. */
  readonly id: string | undefined;
  readonly data: T;
}

/** One event whose data is JSON after the other; returns when the server ends the stream. */
export async function* serverSentEvents<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent<T>> {
  const ready: ServerSentEvent<T>[] = [];
  const parser = createParser({
    // The data of every stream is part of the contract with the scheduler.
    onEvent: (event) => ready.push({ id: event.id, data: JSON.parse(event.data) as T }),
  });
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* ready.splice(0);
  }
}
