// Sends the logs of attempts to an api while they are written: in order, from where the api's log ends, one request at a time.
// What is not sent yet lies in the files; memory holds one batch.

import { type Logger, ofAttempt } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Connection } from "../wire/contract.ts";
import type { ApiRequests } from "../wire/messages.ts";
import type { AttemptLog } from "./attempt-log.ts";

export interface LogShipperDeps {
  readonly api: () => Connection | undefined;
  readonly log: Logger;
}

export interface LogShipper {
  /** A log to send while it grows. `isLeft`: a former life of this worker may have sent some of it. */
  add(log: AttemptLog, isLeft?: boolean): void;
  /** The log is complete; its file is removed once the api has all of it. */
  ended(log: AttemptLog): void;
  /** There is something new, or an api to send to. */
  kick(): void;
  /** How many logs are not yet complete at the api. */
  unsent(): number;
  close(): Promise<void>;
}

type Chunk = ApiRequests["logs"]["request"]["chunks"][number];

interface Shipment {
  readonly log: AttemptLog;
  /** The api's end of the log, as far as known. */
  offset: number;
  /** Whose end that is: another api may have less. */
  knownBy: Connection | undefined;
  isEnded: boolean;
  tries: number;
  notBeforeMs: number;
}

const chunkBytes = 256 * 1024;
const batchBytes = 1024 * 1024;
const batchChunks = 256;
const deadlineMs = 15_000;
const pauseMs = 500;
const longPauseMs = 2_000;
/** A log that the api takes nothing of is put aside after so many tries, a second apart. */
const maxTries = 60;
/** Complete logs whose files are kept open until they are sent. */
const maxOpenEnded = 200;

export function logShipper(deps: LogShipperDeps): LogShipper {
  const shipments = new Map<AttemptLog, Shipment>();
  let api: Connection | undefined;
  let isClosed = false;
  let isOneByOne = false;
  let wake = (): void => {};
  let hasNews = false;

  const kick = (): void => {
    hasNews = true;
    wake();
  };

  const rest = async (ms?: number): Promise<void> => {
    if (ms === undefined && hasNews) return;
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      wake = () => {
        // A pause after a failure is kept whatever is new; closing ends it.
        if (ms !== undefined && !isClosed) return;
        clearTimeout(timer);
        resolve();
      };
      if (isClosed) wake();
    });
    wake = () => {};
  };

  const run = async (): Promise<void> => {
    while (!isClosed) {
      hasNews = false;
      if (api === undefined || api.closed.aborted) api = deps.api();
      const batch = api === undefined ? undefined : gather(api);
      if (api === undefined || batch === undefined) {
        await rest();
        continue;
      }
      try {
        const { body } = await api.request<ApiRequests["logs"]["response"]>(
          "logs",
          { chunks: batch.chunks } satisfies ApiRequests["logs"]["request"],
          { binary: batch.bytes, deadlineMs },
        );
        settle(batch, body.ends, api);
        isOneByOne = false;
      } catch (error) {
        const isAway = error instanceof OperationError && error.code === "unavailable";
        deps.log.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          "logs could not be sent to the api",
        );
        // One log that the api cannot take must not hold up the others.
        isOneByOne = !isAway;
        if (!isAway) for (const shipment of batch.shipments) shipment.notBeforeMs = performance.now() + longPauseMs;
        await rest(isAway && api.closed.aborted ? pauseMs / 5 : pauseMs);
      }
    }
  };

  const gather = (to: Connection): Batch | undefined => {
    const batch: Batch = { shipments: [], chunks: [], parts: [], size: 0, bytes: Buffer.alloc(0) };
    const nowMs = performance.now();
    for (const shipment of shipments.values()) {
      if (batch.size >= batchBytes || batch.chunks.length >= batchChunks) break;
      if (shipment.notBeforeMs > nowMs) continue;
      try {
        addChunks(batch, shipment, to);
      } catch (error) {
        shipments.delete(shipment.log);
        deps.log.error(
          { ...ofAttempt(shipment.log.key), reason: String(error) },
          "a log cannot be read any more and is not sent to its end",
        );
      }
      if (isOneByOne && batch.chunks.length > 0) break;
    }
    if (batch.chunks.length === 0) return undefined;
    // Whoever was served stands behind the others next time.
    for (const shipment of batch.shipments) {
      shipments.delete(shipment.log);
      shipments.set(shipment.log, shipment);
    }
    return { ...batch, bytes: Buffer.concat(batch.parts) };
  };

  const settle = (batch: Batch, ends: readonly number[], from: Connection): void => {
    batch.chunks.forEach((chunk, index) => {
      const shipment = batch.shipments[index];
      const end = ends[index];
      if (shipment === undefined || end === undefined) return;
      const hasProgress = end > shipment.offset || shipment.knownBy !== from || chunk.length === 0;
      shipment.offset = end;
      shipment.knownBy = from;
      if (chunk.ended && end >= chunk.offset + chunk.length) finish(shipment);
      else if (!hasProgress) putOff(shipment);
      else shipment.tries = 0;
    });
  };

  const finish = (shipment: Shipment): void => {
    shipments.delete(shipment.log);
    try {
      shipment.log.remove();
    } catch (error) {
      deps.log.warn(
        { ...ofAttempt(shipment.log.key), reason: String(error) },
        "a log that was sent could not be removed",
      );
    }
  };

  const putOff = (shipment: Shipment): void => {
    shipment.tries += 1;
    shipment.notBeforeMs = performance.now() + 1_000;
    if (shipment.tries < maxTries) return;
    shipments.delete(shipment.log);
    shipment.log.close();
    deps.log.error(
      { ...ofAttempt(shipment.log.key), offset: shipment.offset },
      "the api takes nothing more of a log; its file is left here",
    );
  };

  const done = run();
  return {
    add: (log, isLeft = false) => {
      const offset = isLeft ? Number.NaN : 0;
      shipments.set(log, { log, offset, knownBy: undefined, isEnded: isLeft, tries: 0, notBeforeMs: 0 });
      if (isLeft) kick();
    },
    ended: (log) => {
      const shipment = shipments.get(log);
      if (shipment !== undefined) shipment.isEnded = true;
      if (shipments.size > maxOpenEnded) log.close();
      kick();
    },
    kick,
    unsent: () => shipments.size,
    close: async () => {
      isClosed = true;
      wake();
      await done;
      for (const { log } of shipments.values()) log.close();
      shipments.clear();
    },
  };
}

interface Batch {
  readonly shipments: Shipment[];
  readonly chunks: Chunk[];
  readonly parts: Buffer[];
  size: number;
  readonly bytes: Uint8Array;
}

function addChunks(batch: Batch, shipment: Shipment, to: Connection): void {
  const { log, isEnded } = shipment;
  // An api that was not asked before may have another end than the one known: nothing is sent on a guess but from the start.
  if (shipment.knownBy !== to && shipment.offset !== 0) {
    push(batch, shipment, { offset: 0, bytes: Buffer.alloc(0), ended: false });
    return;
  }
  const size = log.shownSize(isEnded);
  let { offset } = shipment;
  if (offset >= size) {
    if (isEnded) push(batch, shipment, { offset, bytes: Buffer.alloc(0), ended: true });
    return;
  }
  while (offset < size && batch.size < batchBytes) {
    const bytes = log.shown(offset, Math.min(chunkBytes, size - offset));
    if (bytes.length === 0) return;
    offset += bytes.length;
    push(batch, shipment, { offset: offset - bytes.length, bytes, ended: isEnded && offset >= size });
  }
}

function push(
  batch: Batch,
  shipment: Shipment,
  { offset, bytes, ended }: { offset: number; bytes: Buffer; ended: boolean },
): void {
  batch.shipments.push(shipment);
  batch.chunks.push({ ...shipment.log.key, offset, length: bytes.length, ended });
  batch.parts.push(bytes);
  batch.size += bytes.length;
}
