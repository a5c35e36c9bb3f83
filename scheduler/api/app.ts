// Express around the routes: tokens, validation, errors in one shape.

import { createHash } from "node:crypto";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { z } from "zod";
import type { Logger } from "../model/logger.ts";
import { OperationError, type OperationErrorCode } from "../model/operation-error.ts";
import { type Database, isDiskFull, isPassing } from "../store/database.ts";
import { answerTo, keepAnswer } from "../store/request-keys.ts";
import { principalOf } from "../store/tokens.ts";
import { type Access, accessOf, demandRoute } from "./access.ts";
import type { ErrorShape, ProblemShape } from "./contract.ts";
import { openApi } from "./openapi.ts";
import type { Route } from "./route.ts";

/** The request was understood and refused because of problems in the texts it carries. */
export class ProblemsError extends Error {
  readonly problems: readonly ProblemShape[];

  constructor(message: string, problems: readonly ProblemShape[]) {
    super(message);
    this.problems = problems;
  }
}

export interface AppDeps {
  readonly database: Database;
  readonly routes: readonly Route[];
  readonly log: Logger;
}

const largestBody = "128mb";

export function app(deps: AppDeps): Express {
  const server = express();
  server.disable("x-powered-by");
  server.set("query parser", "simple");
  server.use(express.json({ limit: largestBody }));
  for (const one of deps.routes) {
    const path = one.path.replaceAll(/\{(\w+)\}/g, ":$1");
    const guards = one.isPublic ? [] : [authenticate(deps, one)];
    server[one.method](`/api/v1${path}`, ...guards, serve(deps, one));
    if (one.isPublic) server[one.method](path, serve(deps, one));
  }
  const description = openApi(deps.routes);
  server.get("/api/v1/openapi.json", (_, response) => void response.json(description));
  server.use((request, response) => {
    send(response, 404, {
      code: "not_found",
      message: `there is no route ${request.method} ${request.path}: see /api/v1/openapi.json`,
    });
  });
  server.use(answerError(deps.log));
  return server;
}

const accesses = new WeakMap<Request, Access>();
const nobody = accessOf({ name: "nobody", grants: {} });

function authenticate({ database }: AppDeps, one: Route): RequestHandler {
  return async (request, response, next) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) {
      send(response, 401, {
        code: "unauthorized",
        message: "no token was sent: expected the header `Authorization: Bearer <token>`",
      });
      return;
    }
    const principal = await principalOf(database, token);
    if (principal === undefined) {
      send(response, 401, {
        code: "unauthorized",
        message: "this server does not know the token, or it has expired: was it made for another server?",
      });
      return;
    }
    const access = accessOf(principal);
    await demandRoute(database, access, one, request.params as { [name: string]: string }); // no route has a repeated parameter
    accesses.set(request, access);
    next();
  };
}

function serve({ database, log }: AppDeps, one: Route): RequestHandler {
  return async (request, response) => {
    const body = one.body ? validated(one.body, request.body ?? {}, "body") : undefined;
    const query = one.query ? validated(one.query, request.query, "query") : undefined;
    const access = accesses.get(request) ?? nobody;
    const key = request.get("Idempotency-Key");
    const idempotencyKey =
      key === undefined ? undefined : hash(`${access.name} ${request.method} ${request.path} ${key}`);
    const remembered = one.remembersAnswer ? idempotencyKey : undefined;
    const before = remembered === undefined ? undefined : await answerTo(database, remembered);
    if (before !== undefined) {
      answer(response, one, before ?? undefined);
      return;
    }
    const params = request.params as { [name: string]: string }; // no route has a repeated parameter
    const result = await one.handle({ params, body, query, access, idempotencyKey, request, response });
    if (one.method !== "get") log.info({ ...spokenOf(request), by: access.name }, "asked and done");
    if (remembered !== undefined) await keepAnswer(database, remembered, result);
    if (!response.headersSent) answer(response, one, result);
  };
}

function answer(response: Response, { status = 200 }: Route, result: unknown): void {
  if (result === undefined) response.status(204).end();
  else response.status(status).json(result);
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

function validated(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${[where, ...issue.path].join(".")}: ${issue.message}`);
  throw new OperationError("invalid", problems.join("; "));
}

const statusOf: { readonly [code in OperationErrorCode]: number } = {
  unavailable: 503,
  refused: 403,
  conflict: 409,
  not_found: 404,
  invalid: 400,
  exhausted: 507,
  aborted: 503,
};

/** Express knows an error handler by its four parameters. */
function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof ProblemsError) {
      send(response, 422, { code: "problems", message: error.message, problems: [...error.problems] });
    } else if (error instanceof OperationError) {
      send(response, statusOf[error.code], { code: error.code, message: error.message });
    } else if (isHttpError(error)) {
      send(response, error.status, { code: error.type ?? "invalid", message: error.message });
    } else if (isDiskFull(error)) {
      log.warn({ ...spokenOf(request), error }, "the disk of the database is full");
      send(response, 507, { code: "exhausted", message: "the disk of the database is full: free some space there" });
    } else if (isPassing(error)) {
      log.warn({ ...spokenOf(request), error }, "the database did not serve a request");
      send(response, 503, {
        code: "unavailable",
        message: "the database is away or does not answer: try again in a moment",
      });
    } else {
      log.error({ ...spokenOf(request), error }, "a request failed");
      send(response, 500, { code: "internal", message: "this is a fault of the server: its log has the details" });
    }
  };
}

/** What a line about a request names; the instance or task of its path among it, as lines of masters and workers do. */
function spokenOf({ method, path }: Request): object {
  const instance = /\/instances\/(\d+)/.exec(path)?.[1];
  const task = /\/task-instances\/(\d+\.\d+)/.exec(path)?.[1];
  return {
    method,
    path,
    ...(task === undefined ? {} : { instance: task.slice(0, task.indexOf(".")), task }),
    ...(instance === undefined ? {} : { instance }),
  };
}

interface HttpError {
  readonly status: number;
  readonly type?: string;
  readonly message: string;
}

/** What Express's own parsers throw: a body too large, JSON that is none. */
const isHttpError = (error: unknown): error is HttpError => {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500;
};

function send(response: Response, status: number, body: ErrorShape): void {
  response.status(status).json(body);
}

/** For lists: a page's size, and where it goes on. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).optional(),
  cursor: z.string().optional(),
});
