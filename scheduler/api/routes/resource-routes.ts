// The five routes that every kind of resource has, made from what is particular to it.

import { z } from "zod";
import { OperationError } from "../../model/operation-error.ts";
import type { Role } from "../../model/role.ts";
import type { Database } from "../../store/database.ts";
import {
  createResource,
  findResource,
  listResources,
  putResource,
  type ResourceTable,
  removeResource,
} from "../../store/resources.ts";
import { pageQuery } from "../app.ts";
import { page } from "../contract.ts";
import { type Route, type RouteContext, route } from "../route.ts";

interface Named {
  readonly name: string;
}

export interface ResourceKind<Given extends Named, Stored extends Named> {
  /** `/environments`; may hold `{p}`, which is then the thing's project. */
  readonly path: string;
  /** What one is called: `environment`. */
  readonly word: string;
  readonly table: ResourceTable<Stored>;
  /** Who may change it. */
  readonly role: Role;
  readonly given: z.ZodType<Given>;
  readonly shape: z.ZodType;
  /** `before`: what it replaces. */
  readonly store: (given: Given, before: Stored | undefined, context: RouteContext<unknown, unknown>) => Stored;
  readonly show: (stored: Stored) => unknown;
}

type Params = { readonly [name: string]: string };

export function resourceRoutes<Given extends Named, Stored extends Named>(
  database: Database,
  kind: ResourceKind<Given, Stored>,
): readonly Route[] {
  const { path, word, table, role } = kind;
  const within = (params: Params) => (params["p"] === undefined ? undefined : { project: params["p"] });
  const keyOf = (params: Params, name: string) => ({ ...within(params), name });
  const missing = (name: string): OperationError => new OperationError("not_found", `there is no ${word} "${name}"`);
  const one = async (params: Params, name: string): Promise<Stored> => {
    const found = await findResource(database, table, keyOf(params, name));
    if (found) return found;
    throw missing(name);
  };
  const isForAnyProject = !path.includes("{p}");
  return [
    route({
      method: "get",
      path,
      summary: `The ${word}s, by name.`,
      isForAnyProject,
      query: pageQuery,
      answer: page(kind.shape),
      handle: async ({ params, query }) => {
        const limit = query.limit ?? 100;
        const project = within(params);
        const rows = await listResources(database, table, {
          ...(project === undefined ? {} : { within: project }),
          ...(query.cursor === undefined ? {} : { after: query.cursor }),
          limit: limit + 1,
        });
        const shown = rows.slice(0, limit);
        return { items: shown.map(kind.show), next: rows.length > limit ? (shown.at(-1)?.name ?? null) : null };
      },
    }),
    route({
      method: "post",
      path,
      summary: `Create a ${word}.`,
      role,
      body: kind.given,
      answer: kind.shape,
      status: 201,
      remembersAnswer: true,
      handle: async (context) => {
        const stored = kind.store(context.body, undefined, context);
        if (await createResource(database, table, stored)) return kind.show(stored);
        throw new OperationError("conflict", `there is a ${word} "${stored.name}" already: PUT replaces it`);
      },
    }),
    route({
      method: "get",
      path: `${path}/{name}`,
      summary: `One ${word}.`,
      isForAnyProject,
      answer: kind.shape,
      handle: async ({ params }) => kind.show(await one(params, params["name"] ?? "")),
    }),
    route({
      method: "put",
      path: `${path}/{name}`,
      summary: `Create a ${word}, or replace the one of that name.`,
      role,
      // The path has the name.
      body: z.looseObject({ name: z.string().optional() }),
      answer: kind.shape,
      handle: async (context) => {
        const name = context.params["name"] ?? "";
        if (context.body.name !== undefined && context.body.name !== name) {
          throw new OperationError("invalid", `body.name is "${context.body.name}", the path says "${name}"`);
        }
        const given = kind.given.safeParse({ ...context.body, name });
        if (!given.success) throw new OperationError("invalid", z.prettifyError(given.error));
        const before = await findResource(database, table, keyOf(context.params, name));
        const stored = kind.store(given.data, before, context);
        await putResource(database, table, stored);
        return kind.show(stored);
      },
    }),
    route({
      method: "delete",
      path: `${path}/{name}`,
      summary: `Remove a ${word}.`,
      role,
      remembersAnswer: true,
      handle: async ({ params }) => {
        const name = params["name"] ?? "";
        if (!(await removeResource(database, table, keyOf(params, name)))) throw missing(name);
      },
    }),
  ];
}
