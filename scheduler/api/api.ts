// An api process: REST for people, and over the wire log chunks from workers and files for them.

import { createServer, type Server } from "node:http";
import { systemClock } from "../clock/system-clock.ts";
import type { LogStore } from "../logs/contract.ts";
import type { Incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { MemberData, Registry } from "../registry/contract.ts";
import { type Load, noLoad } from "../registry/load.ts";
import { tellLoad } from "../registry/tell-load.ts";
import type { Database } from "../store/database.ts";
import { cipher } from "../store/encryption.ts";
import { forgetRequestKeys } from "../store/request-keys.ts";
import type { WireSettings } from "../wire/contract.ts";
import { listen } from "../wire/listen.ts";
import { app } from "./app.ts";
import { keepAll, type RetentionSettings, startRetention } from "./retention.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { backfillRoutes } from "./routes/backfills.ts";
import { clusterRoutes } from "./routes/cluster.ts";
import { deploymentRoutes } from "./routes/deployments.ts";
import type { RouteDeps } from "./routes/deps.ts";
import { instanceRoutes } from "./routes/instances.ts";
import { logRoutes } from "./routes/logs.ts";
import { peopleRoutes } from "./routes/people.ts";
import { resourcesRoutes } from "./routes/resources.ts";
import { workflowRoutes } from "./routes/workflows.ts";
import { workerHandlers } from "./worker-handlers.ts";

export interface ApiDeps {
  readonly database: Database;
  readonly logs: LogStore;
  readonly registry: Registry;
  readonly newIncarnation: () => Incarnation;
  readonly http: { readonly host: string; readonly port: number };
  readonly wire: {
    readonly host: string;
    readonly port: number;
    /** Under which host workers find it; absent: the one it listens on. */
    readonly announcedHost?: string;
  };
  readonly secret: string;
  /** What passwords in the database are sealed with; absent: the secret. */
  readonly encryptionKey?: string;
  readonly tls?: WireSettings["tls"];
  readonly log: Logger;
  /** What is forgotten, and when; absent: nothing. */
  readonly retention?: RetentionSettings;
  /** The numbers of this process itself, in Prometheus' text format. */
  readonly processMetrics?: () => Promise<string>;
  readonly wake?: () => void;
  /** Of its host, for people; absent: nothing is told. */
  readonly load?: () => Load;
  /** Called for each request: somebody uses this server. */
  readonly onRequest?: () => void;
}

export interface Api {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const joinAgainMs = 500;
const forgetKeysEveryMs = 3_600_000;

/** Resolves once it serves. */
export async function startApi(deps: ApiDeps): Promise<Api> {
  const { database, logs, registry, log } = deps;
  const routeDeps: RouteDeps = {
    database,
    logs,
    registry,
    cipher: cipher(deps.encryptionKey ?? deps.secret),
    log,
    wake: deps.wake ?? (() => {}),
    ...(deps.processMetrics ? { processMetrics: deps.processMetrics } : {}),
  };
  const routes = [
    ...deploymentRoutes(routeDeps),
    ...workflowRoutes(routeDeps),
    ...instanceRoutes(routeDeps),
    ...logRoutes(routeDeps),
    ...backfillRoutes(routeDeps),
    ...alertRoutes(routeDeps),
    ...resourcesRoutes(routeDeps),
    ...peopleRoutes(routeDeps),
    ...clusterRoutes(routeDeps),
  ];
  const server = createServer(app({ database, routes, log }));
  server.on("request", () => deps.onRequest?.());
  const port = await bind(server, deps.http);
  const self = deps.newIncarnation();
  const wire = await listen({
    ...deps.wire,
    settings: {
      greeting: { role: "api", incarnation: self },
      secret: deps.secret,
      handlers: workerHandlers({ database, logs }),
      ...(deps.tls ? { tls: deps.tls } : {}),
    },
    onRefused: (error) => log.warn({ error }, "a process was refused"),
  });
  const startedAt = new Date().toISOString();
  const data = (load: Load): MemberData => ({
    host: deps.wire.announcedHost ?? wire.host,
    port: wire.port,
    pid: process.pid,
    startedAt,
    ...load,
    slots: 0,
    slotsUsed: 0,
    status: "ready",
    groups: [],
  });
  const endRetention = startRetention({
    database,
    logs,
    settings: deps.retention ?? keepAll,
    clock: systemClock,
    log,
  });
  const ending = new AbortController();
  // An api holds nothing that a lost session could take: it joins again as it is, until it is taken.
  let isConnected = false;
  let isMember = false;
  const { load = () => noLoad } = deps;
  const join = async (): Promise<void> => {
    while (isConnected && !ending.signal.aborted) {
      try {
        await registry.join({ kind: "api", incarnation: self, data: data(load()) });
        isMember = true;
        return;
      } catch (error) {
        log.warn({ error, againInMs: joinAgainMs }, "the registry does not take this api");
      }
      await systemClock.sleep(joinAgainMs, ending.signal);
    }
  };
  let joining: Promise<void> = Promise.resolve();
  const stopSession = registry.onSession((state) => {
    isConnected = state === "connected";
    if (state === "lost") isMember = false;
    if (isConnected) joining = joining.then(join);
  });
  const stopTelling = tellLoad({ registry, isMember: () => isMember, data, load, clock: systemClock, log });
  const stopForgetting = systemClock.every(forgetKeysEveryMs, () => {
    forgetRequestKeys(database).catch((error) => log.warn({ error }, "cannot forget old requests now"));
  });
  return {
    url: `http://${deps.http.host}:${port}`,
    port,
    close: async () => {
      ending.abort();
      stopSession();
      stopForgetting();
      stopTelling();
      await joining;
      await registry.leave().catch(() => {}); // it goes with the session all the same
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await endRetention();
      await wire.close();
    },
  };
}

function bind(server: Server, { host, port }: ApiDeps["http"]): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "EADDRINUSE"
          ? `port ${port} on ${host} is in use by another process: end that one, or give this one another port (--port)`
          : `cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new OperationError(cause.code === "EADDRINUSE" ? "conflict" : "unavailable", message, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
