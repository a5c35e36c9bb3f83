// A small HTTP server that gives one task instance's log out in pieces and cuts connections where a test wants it to.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { InstanceShape, TaskInstanceShape } from "../../scheduler/api/contract.ts";

export interface AttemptScript {
  readonly log: string;
  readonly state: "failed" | "succeeded";
}

export interface LogServer {
  readonly url: string;
  /** Offsets that followers began at, in order, as `attempt:offset`. */
  readonly begun: readonly string[];
  close(): Promise<void>;
}

/** Each stream gives at most `pieces` pieces of `size` bytes and is then cut, unless the log's end comes first. */
export async function startLogServer(
  attempts: readonly AttemptScript[],
  { size, pieces }: { readonly size: number; readonly pieces: number },
): Promise<LogServer> {
  const begun: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://localhost");
    if (url.pathname === "/api/v1/instances/1") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(instance(attempts)));
      return;
    }
    const attempt = Number(url.searchParams.get("attempt"));
    const bytes = Buffer.from(attempts[attempt - 1]?.log ?? "");
    let offset = Number(url.searchParams.get("offset"));
    begun.push(`${attempt}:${offset}`);
    response.setHeader("content-type", "text/event-stream");
    for (let piece = 0; piece < pieces && offset < bytes.length; piece++) {
      const nextOffset = Math.min(bytes.length, offset + size);
      const text = bytes.subarray(offset, nextOffset).toString();
      const chunk = { offset, nextOffset, text, ended: nextOffset === bytes.length };
      response.write(`id: ${nextOffset}\ndata: ${JSON.stringify(chunk)}\n\n`);
      offset = nextOffset;
    }
    if (offset === bytes.length) response.end();
    else response.write(": half an event", () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${portOf(server)}`, begun, close: () => close(server) };
}

function portOf(server: Server): number {
  // A server that listens on a TCP port has an address record, not a pipe's name.
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

function instance(attempts: readonly AttemptScript[]): InstanceShape {
  const times = { startedAt: null, endedAt: null };
  const state = attempts.at(-1)?.state ?? "failed";
  const task: TaskInstanceShape = {
    id: "1.0",
    name: "extract",
    type: "shell",
    state,
    outputs: {},
    ...times,
    attempts: attempts.map((one, index) => ({ attempt: index + 1, state: one.state, worker: null, ...times })),
  };
  return {
    id: "1",
    project: "p",
    workflow: "w",
    version: 1,
    state,
    trigger: "manual",
    scheduleTime: null,
    runTimes: 1,
    dryRun: false,
    params: {},
    owner: null,
    tasks: [task],
    ...times,
  };
}
