// Looking at what is deployed: projects, workflows, versions, fire times, task types.

import { z } from "zod";
import { OperationError } from "../../model/operation-error.ts";
import { nextFires, parseCron } from "../../model/time/cron.ts";
import { formatInZone } from "../../model/time/dates.ts";
import { isZone } from "../../model/time/zone.ts";
import { lastInstances, projects, versions, workflows } from "../../store/queries.ts";
import { taskTypes } from "../../tasks/task-types.ts";
import { pageQuery } from "../app.ts";
import { page, versionSchema, workflowSchema } from "../contract.ts";
import { time, workflowShape } from "../present.ts";
import { type Route, route } from "../route.ts";
import { deployedWorkflow, type RouteDeps } from "./deps.ts";

export function workflowRoutes(deps: RouteDeps): readonly Route[] {
  const { database } = deps;
  return [
    route({
      method: "get",
      path: "/projects",
      summary: "The projects that have workflows.",
      isForAnyProject: true,
      answer: z.object({ items: z.array(z.object({ project: z.string() })) }),
      handle: async ({ access }) => {
        const mine = access.projects("viewer");
        const all = await projects(database);
        return { items: all.filter((one) => mine?.includes(one) ?? true).map((project) => ({ project })) };
      },
    }),
    route({
      method: "get",
      path: "/projects/{p}/workflows",
      summary: "A project's workflows by name, each with its newest instance.",
      query: pageQuery,
      answer: page(workflowSchema),
      handle: async ({ params, query }) => {
        const limit = query.limit ?? 100;
        const rows = await workflows(database, {
          project: params["p"] ?? "",
          limit: limit + 1,
          ...(query.cursor === undefined ? {} : { after: query.cursor }),
        });
        const shown = rows.slice(0, limit);
        const last = await lastInstances(
          database,
          shown.map((one) => one.id),
        );
        return {
          items: shown.map((one) => workflowShape(one, last.get(one.id))),
          next: rows.length > limit ? (shown.at(-1)?.name ?? null) : null,
        };
      },
    }),
    route({
      method: "get",
      path: "/projects/{p}/workflows/{w}",
      summary: "One workflow, with its newest instance.",
      answer: workflowSchema,
      handle: async ({ params }) => {
        const found = await deployedWorkflow(deps, params);
        return workflowShape(found, (await lastInstances(database, [found.id])).get(found.id));
      },
    }),
    route({
      method: "get",
      path: "/projects/{p}/workflows/{w}/versions",
      summary: "All versions, the newest first, without their source.",
      answer: page(versionSchema),
      handle: async ({ params }) => {
        const list = await versions(database, (await deployedWorkflow(deps, params)).id);
        return { items: list.map(({ source: _, ...one }) => versionShape(one)), next: null };
      },
    }),
    route({
      method: "get",
      path: "/projects/{p}/workflows/{w}/versions/{v}",
      summary: "One version with its source text.",
      answer: versionSchema,
      handle: async ({ params }) => {
        const found = await deployedWorkflow(deps, params);
        const list = await versions(database, found.id);
        const one = list.find(({ version }) => String(version) === params["v"]);
        if (one) return { ...versionShape(one), source: one.source };
        throw new OperationError("not_found", `${found.project}/${found.name} has no version ${params["v"]}`);
      },
    }),
    route({
      method: "get",
      path: "/schedules/preview",
      summary: "The next fire times of a cron expression, by the function that fires.",
      isForAnyProject: true,
      query: z.object({
        cron: z.string(),
        zone: z.string().optional(),
        after: z.iso.datetime({ offset: true }).optional(),
        count: z.coerce.number().int().min(1).max(1000).optional(),
      }),
      answer: z.object({ fires: z.array(z.string()) }),
      handle: async ({ query }) => {
        const zone = query.zone ?? "UTC";
        if (!isZone(zone))
          throw new OperationError("invalid", `"${zone}" is no time zone: expected a name like Europe/Berlin`);
        const parsed = parseCron(query.cron);
        if (!parsed.ok) {
          throw new OperationError(
            "invalid",
            parsed.problems.map((one) => `column ${one.column + 1}: ${one.message}`).join("; "),
          );
        }
        const afterMs = query.after === undefined ? database.nowMs() : Date.parse(query.after);
        return { fires: nextFires(parsed.cron, zone, afterMs, query.count ?? 5).map((ms) => formatInZone(ms, zone)) };
      },
    }),
    route({
      method: "get",
      path: "/task-types",
      summary: "The task types that this build runs.",
      isForAnyProject: true,
      answer: z.object({ items: z.array(z.object({ name: z.string(), doc: z.string() })) }),
      handle: async () => ({ items: taskTypes.map(({ name, doc }) => ({ name, doc })) }),
    }),
  ];
}

const versionShape = (one: {
  readonly version: number;
  readonly path: string;
  readonly deployedAtMs: number;
  readonly deployedBy: string;
}) => ({ version: one.version, path: one.path, deployedAt: time(one.deployedAtMs), deployedBy: one.deployedBy });
