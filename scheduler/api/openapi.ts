// The description of the REST interface, made from the routes themselves.

import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { errorSchema } from "./contract.ts";
import type { Route } from "./route.ts";

export function openApi(routes: readonly Route[]): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  for (const one of routes) registry.registerPath(describe(one));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: "Porpoise", version: "1", description: "Deploy, run and watch workflows." },
    servers: [{ url: "/api/v1" }],
  });
}

function describe(one: Route): RouteConfig {
  const names = [...one.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const json = (schema: z.ZodType) => ({ "application/json": { schema } });
  return {
    method: one.method,
    path: one.path,
    summary: one.summary,
    ...(one.isPublic ? {} : { security: [{ token: [] }] }),
    request: {
      ...(names.length > 0 ? { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) } : {}),
      ...(one.query instanceof z.ZodObject ? { query: one.query } : {}),
      ...(one.body ? { body: { content: json(one.body), required: true } } : {}),
    },
    responses: {
      [one.status ?? (one.answer ? 200 : 204)]: one.answer
        ? { description: "Done.", content: json(one.answer) }
        : { description: "Done; nothing to say, or a stream." },
      default: { description: "What was wrong, and what to do.", content: json(errorSchema) },
    },
  };
}
