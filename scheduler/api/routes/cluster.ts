// Who is alive, whether this process can serve, and numbers for Prometheus.

import { z } from "zod";
import { memberKinds } from "../../registry/contract.ts";
import { type ClusterShape, clusterSchema } from "../contract.ts";
import { clusterMetrics } from "../metrics.ts";
import { type Route, route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";

const answerLimitMs = 2_000;

/** "ok", or in one line why not; whoever asks whether a process can serve does not wait long for it. */
async function answers(work: Promise<unknown>): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(`it has said nothing for ${answerLimitMs / 1_000} s`), answerLimitMs);
  try {
    const answer = work.then(() => "ok");
    return await Promise.race([answer, late.promise]);
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n", 1).join("");
  } finally {
    clearTimeout(timer);
  }
}

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
          items: lists.flat().map(({ kind, incarnation, data }) => ({
            kind,
            incarnation,
            ...data,
            groups: [...data.groups],
            health: data.health ?? null,
          })),
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
      answer: z.object({
        status: z.string(),
        database: z.string(),
        registry: z.string(),
        reason: z.string().optional().describe("Why it is not ready, in one line."),
      }),
      handle: async ({ response }) => {
        const [databaseState, registryState] = await Promise.all([
          answers(database.knex.raw("select 1")),
          answers(registry.members("master")),
        ]);
        const told = { database: databaseState, registry: registryState };
        const silent = Object.entries(told).filter(([, state]) => state !== "ok");
        if (silent.length === 0) return { status: "ready", ...told };
        const reason = silent.map(([name, state]) => `the ${name} does not answer: ${state}`).join("; ");
        response.status(503).json({ status: "not ready", ...told, reason });
        return undefined;
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
