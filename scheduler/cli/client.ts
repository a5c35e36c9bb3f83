// Speaks REST to a server: finds it, shows the token, turns refusals into errors that say what to do.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { z } from "zod";
import { type ErrorShape, errorSchema, type ProblemShape } from "../api/contract.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Io } from "./io.ts";

export interface ServerOptions {
  readonly server?: string;
  readonly token?: string;
}

export interface ServerEvent {
  readonly id: string;
  readonly data: unknown;
}

export interface Client {
  readonly server: string;
  get<T>(route: string): Promise<T>;
  post<T>(route: string, body: object): Promise<T>;
  put<T>(route: string, body: object): Promise<T>;
  delete(route: string): Promise<void>;
  /** Server-sent events after `lastId`, across reconnects, until the server says it is the end or the signal fires. */
  events(
    route: string,
    options: { readonly lastId?: string; readonly signal: AbortSignal },
  ): AsyncIterable<ServerEvent>;
}

/** The server refused the texts that were sent. */
export class RefusedTexts extends Error {
  readonly problems: readonly ProblemShape[];
  constructor(message: string, problems: readonly ProblemShape[]) {
    super(message);
    this.problems = problems;
  }
}

const contextSchema = z.object({ server: z.string(), token: z.string() });
export type Context = z.infer<typeof contextSchema>;

const contextFile = path.join(".porpoise", "context.json");

/** What `porpoise standalone` wrote for this folder or one above it. */
function findContext(folder: string): Context | undefined {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const file = path.join(at, contextFile);
    if (existsSync(file)) {
      const read = contextSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
      if (read.success) return read.data;
      throw new OperationError(
        "invalid",
        `${file} is not what \`porpoise standalone\` writes: start it again, or delete the file`,
      );
    }
    if (path.dirname(at) === at) return undefined;
  }
}

export function openClient(io: Io, options: ServerOptions): Client {
  const server = options.server ?? io.env["PORPOISE_SERVER"];
  const token = options.token ?? io.env["PORPOISE_TOKEN"];
  const context = server === undefined || token === undefined ? findContext(io.cwd) : undefined;
  const url = server ?? context?.server;
  if (url === undefined) {
    throw new OperationError(
      "unavailable",
      "no server is known here: start one with `porpoise standalone`, or give --server and --token",
    );
  }
  return clientOf(url.replace(/\/$/, ""), token ?? context?.token ?? "");
}

function clientOf(server: string, token: string): Client {
  const ask = async (route: string, init: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${server}/api/v1${route}`, {
        ...init,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...init.headers },
      });
    } catch (cause) {
      if (init.signal?.aborted) throw new OperationError("aborted", "given up", { cause });
      throw new OperationError(
        "unavailable",
        `cannot reach ${server}: is the server running there? (\`porpoise standalone\`)`,
        { cause },
      );
    }
    if (!response.ok) throw await refusal(server, response);
    return response;
  };

  /** A connection that breaks does not tell what became of the request: it is sent again, under the same key. */
  const answer = async <T>(method: string, route: string, limitMs: number, body?: object): Promise<T> => {
    const init: RequestInit = {
      method,
      headers: { "Idempotency-Key": randomUUID() },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(limitMs),
    };
    let wasLost = false;
    for (let tryNumber = 1; ; tryNumber += 1) {
      try {
        const response = await ask(route, init);
        return (response.status === 204 ? undefined : await response.json()) as T; // the contract's types are the server's schemas
      } catch (error) {
        wasLost ||= isLost(error);
        const mayBeBack =
          wasLost && (isLost(error) || (error instanceof OperationError && error.code === "unavailable"));
        if (!mayBeBack || tryNumber >= mostTries) throw error;
      }
      await delay(againMs);
    }
  };

  return {
    server,
    get: (route) => answer("GET", route, 30_000),
    post: (route, body) => answer("POST", route, 120_000, body),
    put: (route, body) => answer("PUT", route, 30_000, body),
    delete: (route) => answer("DELETE", route, 30_000),
    events: (route, { lastId, signal }) => stream(ask, route, lastId, signal),
  };
}

const againMs = 500;
const mostTries = 20;

/** It was there, and broke. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(String(at.code))) return true;
  }
  return false;
}

async function refusal(server: string, response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = errorSchema.safeParse(body);
  const error: ErrorShape = parsed.success
    ? parsed.data
    : { code: "unknown", message: `${server} answered ${response.status}` };
  if (error.problems) return new RefusedTexts(error.message, error.problems);
  switch (response.status) {
    case 401:
    case 403:
      return new OperationError("refused", error.message);
    case 404:
      return new OperationError("not_found", error.message);
    case 409:
      return new OperationError("conflict", error.message);
    case 503:
      return new OperationError("unavailable", error.message);
    case 507:
      return new OperationError("exhausted", error.message);
    default:
      return new OperationError("invalid", error.message);
  }
}

const reconnectMs = 500;
const reconnectTries = 60;

async function* stream(
  ask: (route: string, init: RequestInit) => Promise<Response>,
  route: string,
  startId: string | undefined,
  signal: AbortSignal,
): AsyncIterable<ServerEvent> {
  let lastId = startId;
  for (let failures = 0; !signal.aborted; ) {
    let isOver = false;
    const arrived: ServerEvent[] = [];
    const parser = createParser({
      onEvent: (event) => {
        if (event.event === "end") isOver = true;
        else arrived.push({ id: event.id ?? "", data: JSON.parse(event.data) });
      },
    });
    try {
      const headers: Record<string, string> = lastId === undefined ? {} : { "Last-Event-ID": lastId };
      const response = await ask(route, { headers, signal });
      const decoder = new TextDecoder();
      for await (const bytes of response.body ?? []) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        for (const event of arrived.splice(0)) {
          lastId = event.id;
          failures = 0;
          yield event;
        }
      }
      if (isOver) return;
    } catch (error) {
      if (signal.aborted) return;
      const mayPass = !(error instanceof OperationError) || error.code === "unavailable";
      if (!mayPass || failures >= reconnectTries) throw error;
    }
    failures += 1;
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
}
