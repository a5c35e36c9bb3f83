// What a master or a worker answers to those who watch it, by HTTP: whether it lives, whether it can work, its numbers.

import { createServer } from "node:http";
import { OperationError } from "../model/operation-error.ts";
import type { ProcessMetrics } from "./process-metrics.ts";

export interface HealthDeps {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly metrics: Pick<ProcessMetrics, "text" | "contentType">;
  /** Undefined: it is ready. */
  readonly whyNotReady: () => string | undefined;
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

const paths = ["/healthz", "/readyz", "/metrics"];

/** Also below `/api/v1`, where an api has them. */
export async function startHealthServer({ host, port, metrics, whyNotReady }: HealthDeps): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const say = (status: number, body: object): void => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    const path = (request.url ?? "").replace(/\?.*$/, "").replace(/^\/api\/v1/, "");
    if (request.method !== "GET" || !paths.includes(path)) {
      return say(404, { code: "not_found", message: `there is only GET ${paths.join(", ")} here` });
    }
    if (path === "/healthz") return say(200, { status: "ok" });
    if (path === "/readyz") {
      const reason = whyNotReady();
      return reason === undefined ? say(200, { status: "ready" }) : say(503, { status: "not ready", reason });
    }
    metrics.text().then(
      (text) => response.writeHead(200, { "Content-Type": metrics.contentType }).end(text),
      (error: unknown) => say(500, { code: "internal", message: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `cannot listen for health checks on ${host}:${port}: ${cause.message}; set another port, or 0 for any free one`;
      reject(new OperationError("unavailable", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
