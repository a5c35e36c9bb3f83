// Logs of attempts: bytes from an offset, or the backlog and then what comes, with one cursor.

import { z } from "zod";
import type { LogKey } from "../../logs/contract.ts";
import { splitTaskInstanceId, taskInstanceId } from "../../model/ids.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { AttemptState } from "../../model/states.ts";
import { newestAttempt } from "../../store/queries.ts";
import { type LogChunk, logChunkSchema } from "../contract.ts";
import { resumeAt, type StreamEvent, streamEvents } from "../event-stream.ts";
import { type Route, route } from "../route.ts";
import { textPrefixLength } from "../text-prefix.ts";
import type { RouteDeps } from "./deps.ts";

const largestChunk = 1024 * 1024;
const usualChunk = 256 * 1024;
/** A look at the attempt's row, should its worker die without a word. */
const lookAtRowMs = 2_000;

export function logRoutes(deps: RouteDeps): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/task-instances/{id}/logs",
      summary: "A task's log from a byte offset; with `follow=true` as server-sent events whose id is the next offset.",
      query: z.object({
        attempt: z.coerce.number().int().min(1).optional(),
        offset: z.coerce.number().int().min(0).optional(),
        limit: z.coerce.number().int().min(4).max(largestChunk).optional(),
        follow: z.enum(["true", "false"]).optional(),
      }),
      answer: logChunkSchema,
      handle: async ({ params, query, request, response }) => {
        const key = await keyOf(deps, params["id"] ?? "", query.attempt);
        const limit = query.limit ?? usualChunk;
        if (query.follow !== "true") return readChunk(deps, key, query.offset ?? 0, limit);
        const from = resumeAt(request, query.offset ?? 0);
        await streamEvents(request, response, (signal) => follow(deps, key, { from, limit, signal }));
        return undefined;
      },
    }),
  ];
}

async function keyOf({ database }: RouteDeps, id: string, attempt: number | undefined): Promise<LogKey> {
  const parts = splitTaskInstanceId(id);
  if (!parts) throw new OperationError("not_found", `"${id}" is no id of a task instance: expected one like 12.0`);
  const newest = await newestAttempt(database, parts);
  if (!newest) throw new OperationError("not_found", `task instance ${id} has no attempt yet, so there is no log`);
  if (attempt !== undefined && attempt > newest.attempt) {
    throw new OperationError(
      "not_found",
      `task instance ${id} has ${newest.attempt} attempts, there is no attempt ${attempt}`,
    );
  }
  return { taskInstance: taskInstanceId(parts.instance, parts.taskIndex), attempt: attempt ?? newest.attempt };
}

async function readChunk(deps: RouteDeps, key: LogKey, offset: number, limit: number): Promise<LogChunk> {
  const read = await deps.logs.read(key, offset, limit);
  // A character may be cut at the end of what there is: its first bytes are read again with the rest.
  const length = read.ended ? read.bytes.length : textPrefixLength(read.bytes);
  const bytes = read.bytes.subarray(0, length);
  const nextOffset = read.offset + length;
  const ended =
    (read.ended && nextOffset === read.nextOffset) || (read.bytes.length === 0 && (await isAbandoned(deps, key)));
  return { offset: read.offset, nextOffset, text: Buffer.from(bytes).toString("utf8"), ended };
}

/** A lost attempt writes no more; nobody is left to say so. */
async function isAbandoned({ database }: RouteDeps, key: LogKey): Promise<boolean> {
  const parts = splitTaskInstanceId(key.taskInstance);
  const state: AttemptState | undefined = parts && (await newestAttempt(database, parts, key.attempt))?.state;
  return state === "lost";
}

async function* follow(
  deps: RouteDeps,
  key: LogKey,
  options: { readonly from: number; readonly limit: number; readonly signal: AbortSignal },
): AsyncIterable<StreamEvent> {
  const { limit, signal } = options;
  let offset = options.from;
  while (!signal.aborted) {
    const chunk = await readChunk(deps, key, offset, limit);
    if (chunk.nextOffset > offset || chunk.ended) yield { id: String(chunk.nextOffset), data: chunk };
    if (chunk.ended) return;
    if (chunk.nextOffset === offset) await deps.logs.changed(key, offset, lookAtRowMs, signal);
    offset = chunk.nextOffset;
  }
}
