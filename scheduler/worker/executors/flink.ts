// Runs a jar on a Flink cluster, over its REST API. The job's id is the submission's key: Flink refuses a second job of the same id.

import { openAsBlob } from "node:fs";
import { join } from "node:path";
import type { DatasourceConnection } from "../../model/datasource.ts";
import type { JsonValue } from "../../model/definition.ts";
import { type FoundJob, JobRefused, type Jobs } from "../jobs/contract.ts";
import { asynchronous } from "../jobs/runner.ts";
import { AttemptFailure, type Executor, type ExecutorContext } from "./contract.ts";

export const flinkExecutor = (): Executor => asynchronous({ type: "flink", open });

function open(context: ExecutorContext): Jobs {
  const { datasource } = context.assignment;
  const run = readRun(context);
  const flink = clientOf(datasource, context.assignment.task.attributes["datasource"]);
  const system = `Flink at ${flink.base}`;

  return {
    system,
    find: async (key, signal) => {
      const { status, body } = await flink.ask("GET", `/jobs/${key}`, { signal });
      if (status === 404 && isFlinks(body)) return { kind: "absent" };
      if (status !== 200 || typeof body["state"] !== "string") throw unexpected(`GET /jobs/${key}`, status, body);
      return foundJob(flink, { key, state: body["state"], signal });
    },
    submit: async (key, signal) => {
      const jar = await uploaded(flink, context, run.jar, signal);
      const request = { ...run.request, jobId: key };
      const { status, body } = await flink.ask("POST", `/jars/${encodeURIComponent(jar)}/run`, {
        json: request,
        signal,
      });
      if (status === 200) return;
      // A server that gave up waiting for itself may take the job all the same.
      if (!isFlinks(body) || status === 503 || /TimeoutException/.test(errorsOf(body))) {
        throw unexpected("the submission", status, body);
      }
      const errors = errorsOf(body);
      throw new JobRefused(causeOf(errors), errors.includes("DuplicateJobSubmissionException"));
    },
    cancel: async (key, signal) => {
      const { status, body } = await flink.ask("PATCH", `/jobs/${key}?mode=cancel`, { signal });
      // 404 and 409: it is over, or was never there. The next look tells.
      if (![202, 404, 409].includes(status)) throw unexpected(`PATCH /jobs/${key}`, status, body);
    },
  };
}

interface Run {
  readonly jar: string;
  /** The body of the request, but for the job's id. */
  readonly request: { readonly [name: string]: JsonValue };
}

function readRun(context: ExecutorContext): Run {
  const { attributes } = context.assignment.task;
  const { jar, main_class, parallelism, savepoint, allow_non_restored_state } = attributes;
  const list = attributes["arguments"];
  const texts = Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];
  const filled = (value: string, name: string): string => context.text(value, name);
  return {
    jar: typeof jar === "string" ? jar : "",
    request: {
      programArgsList: texts.map((one, index) => filled(one, `arguments[${index}]`)),
      ...(typeof main_class === "string" && { entryClass: filled(main_class, "main_class") }),
      ...(typeof parallelism === "number" && { parallelism }),
      ...(typeof savepoint === "string" && { savepointPath: filled(savepoint, "savepoint") }),
      ...(typeof allow_non_restored_state === "boolean" && { allowNonRestoredState: allow_non_restored_state }),
    },
  };
}

/** The jar's id there: uploaded once under its content's hash, then used again. */
async function uploaded(flink: Client, context: ExecutorContext, jar: string, signal: AbortSignal): Promise<string> {
  const deployed = context.assignment.files.find(({ path }) => path === jar);
  if (deployed === undefined)
    throw new AttemptFailure(`the jar ${jar} was not deployed with the workflow: deploy again`);
  const name = `${deployed.sha256}.jar`;
  const listed = await flink.ask("GET", "/jars", { signal });
  if (listed.status !== 200) throw unexpected("GET /jars", listed.status, listed.body);
  const { files } = listed.body as { readonly files?: readonly { readonly id: string; readonly name: string }[] }; // as Flink documents it
  const known = files?.find((file) => file.name === name);
  if (known !== undefined) return known.id;

  await context.placeFiles();
  context.note(`uploading ${jar} as ${name}`);
  const form = new FormData();
  form.append("jarfile", await openAsBlob(join(context.directory, jar), { type: "application/java-archive" }), name);
  const { status, body } = await flink.ask("POST", "/jars/upload", { form, signal });
  const { filename } = body as { readonly filename?: string }; // as Flink documents it
  if (status === 200 && filename !== undefined) return filename.slice(filename.lastIndexOf("/") + 1);
  if (status === 413)
    throw new AttemptFailure(`Flink refuses a jar of this size: raise its rest.server.max-content-length`);
  throw unexpected("POST /jars/upload", status, body);
}

/** States as Flink's documentation names them; all but three are on their way. */
async function foundJob(
  flink: Client,
  { key, state, signal }: { readonly key: string; readonly state: string; readonly signal: AbortSignal },
): Promise<FoundJob> {
  switch (state) {
    case "FINISHED":
      return { kind: "succeeded", job: key };
    case "CANCELED":
      return { kind: "cancelled", job: key };
    case "FAILED": {
      const { body } = await flink.ask("GET", `/jobs/${key}/exceptions`, { signal });
      const root = body["root-exception"];
      const details = typeof root === "string" ? root.slice(0, longestDetails) : "";
      return { kind: "failed", job: key, reason: details === "" ? "Flink says no more" : causeOf(details), details };
    }
    default:
      return { kind: "running", job: key, state, address: `${flink.base}/#/job/running/${key}/overview` };
  }
}

const longestDetails = 16 * 1024;

interface Client {
  readonly base: string;
  ask(method: string, path: string, options: AskOptions): Promise<{ readonly status: number; readonly body: Body }>;
}

interface AskOptions {
  readonly json?: JsonValue;
  readonly form?: FormData;
  readonly signal: AbortSignal;
}

type Body = { readonly [name: string]: unknown };

function clientOf(datasource: DatasourceConnection | undefined, named: JsonValue | undefined): Client {
  if (datasource === undefined) {
    throw new AttemptFailure(`the task's data source "${String(named)}" did not come with it`);
  }
  const { kind, name, host, port, user, password, options } = datasource;
  if (kind !== "flink") {
    throw new AttemptFailure(`data source ${name} is of the kind ${kind}, a flink task needs one of the kind flink`);
  }
  const base = `${options["tls"] === "true" ? "https" : "http"}://${host}:${port}${options["path"] ?? ""}`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const always: { readonly [header: string]: string } = user === "" ? {} : { authorization };
  return {
    base,
    ask: async (method, path, { json, form, signal }) => {
      const sent =
        json === undefined
          ? { headers: always, ...(form === undefined ? {} : { body: form }) }
          : { headers: { ...always, "content-type": "application/json" }, body: JSON.stringify(json) };
      const response = await fetch(`${base}${path}`, { method, signal, ...sent });
      return { status: response.status, body: parsed(await response.text()) };
    },
  };
}

function parsed(text: string): Body {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Body) : {}; // an object of JSON
  } catch {
    return {};
  }
}

/** Flink tells its errors in this form; a proxy before it does not. */
const isFlinks = (body: Body): boolean => Array.isArray(body["errors"]);
const errorsOf = (body: Body): string => (isFlinks(body) ? (body["errors"] as unknown[]).map(String).join("\n") : "");

const unexpected = (what: string, status: number, body: Body): Error =>
  new Error(`${what} was answered with ${status}${isFlinks(body) ? `: ${causeOf(errorsOf(body))}` : ""}`);

/** Of a Java stack trace, what its innermost exception says. */
function causeOf(trace: string): string {
  const lines = trace.split("\n").map((line) => line.trim());
  const line =
    lines.findLast((one) => one.startsWith("Caused by: ")) ?? lines.find((one) => /Exception|Error/.test(one));
  const said = (line ?? lines[0] ?? "").replace(/^Caused by: /, "");
  // The class's package says nothing to people; its name may be all there is.
  return said.replace(/^(?:[\w$]+\.)+(?=[\w$]+(?::|$))/, "");
}
