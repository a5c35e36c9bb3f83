// Who is alive, whether this process can serve, and numbers for Prometheus.

import { z } from "zod";
import { memberKinds } from "../../registry/contract.ts";
import { type ClusterShape, clusterSchema } from "../contract.ts";
import { clusterMetrics } from "../metrics.ts";
import { type Route, route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";

export function clusterRoutes(deps: RouteDeps): readonly Route[] {
  const { database, registry } = deps;
  const metrics = clusterMetrics(deps);
  return [
    route({
      method: "get",
      path: "/cluster",
      summary: "Masters, workers and apis with load and state.",
      isForAnyProject: true,
      answer: clusterSchema,
      handle: async (): Promise<ClusterShape> => {
        const lists = await Promise.all(memberKinds.map((kind) => registry.members(kind)));
        return {
          items: lists
            .flat()
            .map(({ kind, incarnation, data }) => ({ kind, incarnation, ...data, groups: [...data.groups] })),
        };
      },
    }),
    route({
      method: "get",
      path: "/healthz",
      summary: "The process lives.",
      isPublic: true,
      answer: z.object({ status: z.string() }),
      handle: async () => ({ status: "ok" }),
    }),
    route({
      method: "get",
      path: "/readyz",
      summary: "The process can serve: database and registry answer.",
      isPublic: true,
      answer: z.object({ status: z.string(), database: z.string(), registry: z.string() }),
      handle: async ({ response }) => {
        const state = (work: Promise<unknown>): Promise<string> =>
          work.then(
            () => "ok",
            (error: unknown) => (error instanceof Error ? error.message : String(error)),
          );
        const [databaseState, registryState] = await Promise.all([
          state(database.knex.raw("select 1")),
          state(registry.members("master")),
        ]);
        const isReady = databaseState === "ok" && registryState === "ok";
        response
          .status(isReady ? 200 : 503)
          .json({ status: isReady ? "ready" : "not ready", database: databaseState, registry: registryState });
      },
    }),
    route({
      method: "get",
      path: "/metrics",
      summary: "Numbers for Prometheus.",
      isPublic: true,
      handle: async ({ response }) => {
        response.type(metrics.contentType).send(await metrics.text());
      },
    }),
  ];
}
