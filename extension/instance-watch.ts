// Watches one workflow instance: hands its newest shape out after every change, until it is over.

import { setTimeout as pause } from "node:timers/promises";
import type { InstanceShape } from "../scheduler/api/contract.ts";
import { type Client, RequestError } from "./client.ts";
import { isOver } from "./states.ts";

/** Changes that come close together are looked at once. */
const gatherMs = 100;
const retryMs = 1_000;

/** `client` is asked anew for every try: the scheduler may come back elsewhere. Returns early only when `signal` fires. */
export async function* watchInstance(
  client: () => Client | undefined,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<InstanceShape> {
  while (!signal.aborted) {
    try {
      const current = client();
      if (current !== undefined) {
        for await (const shape of changes(current, id, signal)) {
          yield shape;
          if (isOver(shape.state)) return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RequestError) || error.kind !== "unreachable") throw error;
    }
    await pause(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function* changes(client: Client, id: string, signal: AbortSignal): AsyncGenerator<InstanceShape> {
  const streaming = new AbortController();
  const both = AbortSignal.any([signal, streaming.signal]);
  let wake: () => void = () => undefined;
  let changed = false;
  let failure: unknown;
  let streamEnded = false;
  const tell = () => {
    changed = true;
    wake();
  };
  // The stream says that something happened; the instance itself is what says where it stands.
  const reading = readAll(client.instanceEvents(id, undefined, both), tell)
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      streamEnded = true;
      wake();
    });
  try {
    while (!signal.aborted) {
      changed = false;
      yield await client.instance(id, signal);
      if (!changed && !streamEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== undefined) throw failure;
      if (streamEnded && !changed) return;
      await pause(gatherMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    streaming.abort();
    await reading;
  }
}

async function readAll(events: AsyncIterable<unknown>, each: () => void): Promise<void> {
  for await (const _ of events) each();
}
