// Sends a task's request from the worker itself; the answer's text is the log.

import type { JsonValue } from "../../model/definition.ts";
import { AttemptFailure, type Executor, type ExecutorContext, type ExecutorEnd } from "./contract.ts";

/** An answer's text becomes an output (`out body`) up to this size. */
const maxOutputBytes = 64 * 1024;

export function httpExecutor(): Executor {
  return {
    type: "http",
    // Whoever answers must not be able to set outputs by what it answers.
    setsOutputsByLog: false,
    run: async (context) => {
      const request = readRequest(context);
      const startedMs = performance.now();
      try {
        const response = await fetch(request.url, { ...request, signal: context.signal });
        const tookMs = Math.round(performance.now() - startedMs);
        context.note(
          `${request.method} was answered with ${response.status} ${response.statusText} after ${tookMs} ms`,
        );
        const body = await logBody(response, context);
        return judge(response.status, body, context);
      } catch (error) {
        if (context.signal.aborted) return { outcome: "failed", reason: "the request was given up" };
        throw new AttemptFailure(`${request.method} ${request.url.host} failed: ${reason(error)}`, { cause: error });
      }
    },
  };
}

interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}

function readRequest(context: ExecutorContext): HttpRequest {
  const { attributes, script } = context.assignment.task;
  const { url, method, headers, body } = attributes;
  const text = context.text(typeof url === "string" ? url : "", "url");
  if (!URL.canParse(text))
    throw new AttemptFailure(`url is \`${text}\`, an address like https://example.com/path was expected`);
  const sent =
    script !== undefined ? context.script() : typeof body === "string" ? context.text(body, "body") : undefined;
  const request = {
    url: new URL(text),
    method: (typeof method === "string" ? method : "get").toUpperCase(),
    headers: readHeaders(headers, script?.language, context),
  };
  return sent === undefined ? request : { ...request, body: sent };
}

function readHeaders(value: JsonValue | undefined, language: string | undefined, context: ExecutorContext): Headers {
  const headers = new Headers(language === "json" ? { "content-type": "application/json" } : {});
  if (typeof value !== "object" || value === null || Array.isArray(value)) return headers;
  for (const [name, given] of Object.entries(value)) {
    try {
      headers.set(name, context.text(String(given), `headers.${name}`));
    } catch (error) {
      if (error instanceof AttemptFailure) throw error;
      throw new AttemptFailure(`the header \`${name}\` cannot be sent: ${reason(error)}`);
    }
  }
  return headers;
}

/** Passes the answer on to the log as it comes, and gives its beginning back. */
async function logBody(response: Response, context: ExecutorContext): Promise<Buffer> {
  let kept = Buffer.alloc(0);
  for await (const chunk of response.body ?? []) {
    context.write(chunk);
    if (kept.length < maxOutputBytes) kept = Buffer.concat([kept, chunk.subarray(0, maxOutputBytes - kept.length)]);
  }
  return kept;
}

function judge(status: number, body: Buffer, context: ExecutorContext): ExecutorEnd {
  const { attributes, outputs: declared } = context.assignment.task;
  const all: { readonly [name: string]: string } = { status: String(status), body: body.toString("utf8") };
  const outputs: { [name: string]: string } = {};
  for (const { name } of declared) {
    const value = all[name];
    if (value !== undefined) outputs[name] = value;
  }
  const expected = expectedStatus(attributes["expect"]);
  const isAsExpected = expected === undefined ? status >= 200 && status < 300 : status === expected;
  return isAsExpected
    ? { outcome: "succeeded", outputs }
    : { outcome: "failed", outputs, reason: `the answer was ${status}, ${expected ?? "200 to 299"} was expected` };
}

function expectedStatus(expect: JsonValue | undefined): number | undefined {
  if (typeof expect !== "object" || expect === null || !("status" in expect)) return undefined;
  const { status } = expect;
  return typeof status === "number" ? status : undefined;
}

// `fetch` says only "fetch failed"; why is in its cause.
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
