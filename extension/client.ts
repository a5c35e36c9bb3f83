// Speaks to a scheduler's REST interface: one method a route, every call with a limit, every failure with its kind.

import type {
  BackfillRequest,
  BackfillShape,
  ClusterShape,
  DeployRequest,
  DeployResponse,
  ErrorShape,
  EventShape,
  InstanceShape,
  LogChunk,
  Page,
  ProblemShape,
  StartRequest,
  VersionShape,
  WorkflowShape,
} from "../scheduler/api/contract.ts";
import { type ServerSentEvent, serverSentEvents } from "./event-stream.ts";

const requestLimitMs = 15_000;
/** A plan over a whole workspace or a long backfill may take its time. */
const writeLimitMs = 120_000;

export interface Connection {
  /** `http://127.0.0.1:4300`, without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/** Why a call failed, as far as it makes a difference to what the user can do. */
export type FailureKind = "unreachable" | "unauthorized" | "not_found" | "problems" | "refused";

export class RequestError extends Error {
  readonly kind: FailureKind;
  /** The scheduler's own code, where it answered. */
  readonly code: string;
  readonly problems: readonly ProblemShape[];

  constructor(
    kind: FailureKind,
    message: string,
    options: { code?: string; problems?: readonly ProblemShape[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RequestError";
    this.kind = kind;
    this.code = options.code ?? kind;
    this.problems = options.problems ?? [];
  }
}

export interface InstanceFilter {
  readonly project?: string;
  readonly workflow?: string;
  readonly state?: string;
  readonly limit?: number;
}

export interface LogPosition {
  readonly attempt: number;
  /** In bytes of the attempt's log. */
  readonly offset: number;
}

export type InstanceVerb = "pause" | "resume" | "stop" | "rerun" | "rerun-failed";
export type BackfillVerb = "pause" | "resume" | "cancel";

export type Client = ReturnType<typeof createClient>;

export function createClient(connection: Connection) {
  const call = <T>(method: string, route: string, body?: unknown, limitMs = requestLimitMs, signal?: AbortSignal) =>
    request<T>(connection, { method, route, body, signal: withLimit(limitMs, signal) });
  const ofWorkflow = (project: string, workflow: string) =>
    `/projects/${encodeURIComponent(project)}/workflows/${encodeURIComponent(workflow)}`;

  return {
    url: connection.url,

    projects: (signal?: AbortSignal) =>
      call<Page<{ project: string }>>("GET", "/projects", undefined, requestLimitMs, signal),
    workflows: (project: string, signal?: AbortSignal) =>
      everyPage<WorkflowShape>((cursor) =>
        call(
          "GET",
          `/projects/${encodeURIComponent(project)}/workflows${query({ cursor })}`,
          undefined,
          requestLimitMs,
          signal,
        ),
      ),
    workflow: (project: string, workflow: string) => call<WorkflowShape>("GET", ofWorkflow(project, workflow)),
    version: (project: string, workflow: string, version: number) =>
      call<VersionShape>("GET", `${ofWorkflow(project, workflow)}/versions/${version}`),

    deploy: (deployment: DeployRequest) => call<DeployResponse>("POST", "/deployments", deployment, writeLimitMs),

    start: (project: string, workflow: string, options: StartRequest) =>
      call<InstanceShape>("POST", `${ofWorkflow(project, workflow)}/instances`, options),
    instances: (filter: InstanceFilter, signal?: AbortSignal) =>
      call<Page<InstanceShape>>("GET", `/instances${query({ ...filter })}`, undefined, requestLimitMs, signal),
    instance: (id: string, signal?: AbortSignal) =>
      call<InstanceShape>("GET", `/instances/${encodeURIComponent(id)}`, undefined, requestLimitMs, signal),
    act: (id: string, verb: InstanceVerb) =>
      call<InstanceShape>("POST", `/instances/${encodeURIComponent(id)}/${verb}`, {}),

    backfill: (project: string, workflow: string, options: BackfillRequest) =>
      call<BackfillShape>("POST", `${ofWorkflow(project, workflow)}/backfills`, options, writeLimitMs),
    backfillState: (id: string, signal?: AbortSignal) =>
      call<BackfillShape>("GET", `/backfills/${encodeURIComponent(id)}`, undefined, requestLimitMs, signal),
    actOnBackfill: (id: string, verb: BackfillVerb) =>
      call<BackfillShape>("POST", `/backfills/${encodeURIComponent(id)}/${verb}`, {}),

    /** Names of what a list of the server holds: `/environments`, `/datasources`, … */
    names: async (route: string): Promise<readonly string[]> => {
      const items = await everyPage<{ name: string }>((cursor) => call("GET", `${route}${query({ cursor })}`));
      return items.map(({ name }) => name);
    },

    cluster: () => call<ClusterShape>("GET", "/cluster"),

    /** Every change of state of an instance after event `after`, until the stream ends or `signal` fires. */
    instanceEvents: (id: string, after: string | undefined, signal: AbortSignal) =>
      stream<EventShape>(connection, `/instances/${encodeURIComponent(id)}/events`, signal, after),
    /** An attempt's log from an offset on: first what is there, then what comes. */
    followLog: (taskInstance: string, from: LogPosition, signal: AbortSignal) =>
      stream<LogChunk>(
        connection,
        `/task-instances/${encodeURIComponent(taskInstance)}/logs${query({ ...from, follow: "true" })}`,
        signal,
      ),
  };
}

interface Request {
  readonly method: string;
  readonly route: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection that breaks does not tell what became of the request: it is sent again, under the same key. */
async function request<T>(connection: Connection, asked: Request): Promise<T> {
  const headers = { ...asked.headers, "idempotency-key": crypto.randomUUID() };
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      const response = await send(connection, { ...asked, headers });
      // The routes and their shapes are one contract with the scheduler, which checks what it sends against the same schemas.
      return (response.status === 204 ? undefined : await response.json()) as T;
    } catch (error) {
      if (tryNumber === mostTries || !isLost(error)) throw unreachable(connection, error);
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

const mostTries = 5;
const againMs = 300;

/** It was there, and broke. */
function isLost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(String(at.code))) return true;
  }
  return false;
}

async function* stream<T>(
  connection: Connection,
  route: string,
  signal: AbortSignal,
  lastEventId?: string,
): AsyncGenerator<ServerSentEvent<T>> {
  const headers = {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const connecting = new AbortController();
  const limit = setTimeout(() => connecting.abort(new Error("no answer in time")), requestLimitMs);
  let response: Response;
  try {
    response = await send(connection, {
      method: "GET",
      route,
      headers,
      signal: AbortSignal.any([signal, connecting.signal]),
    });
  } finally {
    clearTimeout(limit);
  }
  if (response.body === null) throw unreachable(connection, new Error("the answer has no body"));
  try {
    yield* serverSentEvents<T>(response.body);
  } catch (error) {
    throw unreachable(connection, error);
  }
}

async function send(connection: Connection, asked: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${connection.url}/api/v1${asked.route}`, {
      method: asked.method,
      headers: {
        authorization: `Bearer ${connection.token}`,
        ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
        ...asked.headers,
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      signal: asked.signal,
    });
  } catch (error) {
    throw unreachable(connection, error);
  }
  if (!response.ok) throw await refusal(connection, response);
  return response;
}

async function refusal(connection: Connection, response: Response): Promise<RequestError> {
  const text = await response.text().catch(() => "");
  const { code, message, problems } = errorOf(text) ?? {
    code: String(response.status),
    message: `${connection.url} answered ${response.status} ${response.statusText}: is this a Porpoise scheduler?`,
    problems: undefined,
  };
  const options = { code, ...(problems === undefined ? {} : { problems }) };
  if (response.status === 401 || response.status === 403) return new RequestError("unauthorized", message, options);
  if (response.status === 404) return new RequestError("not_found", message, options);
  // Behind a proxy, or with its database away: the same as no answer, and just as likely to pass.
  if ([502, 503, 504].includes(response.status)) return new RequestError("unreachable", message, options);
  if (response.status === 422 && problems !== undefined && problems.length > 0) {
    return new RequestError("problems", message, options);
  }
  return new RequestError("refused", message, options);
}

function errorOf(text: string): ErrorShape | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("message" in value)) return undefined;
    // Answers with a status of 4xx or 5xx and a message have the contract's error shape.
    return value as ErrorShape;
  } catch {
    return undefined;
  }
}

function unreachable(connection: Connection, error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError("unreachable", `${connection.url} cannot be reached: ${reasonOf(error)}`, { cause: error });
}

/** fetch says only "fetch failed"; what happened stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the host name is unknown";
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|CERT_/.test(code)) return `its certificate is not trusted (${code})`;
  return cause.message || code || error.message;
}

function withLimit(limitMs: number, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(limitMs);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
}

async function everyPage<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
