// What whoever asks may do: decided by their grants, before a route does anything.

import { OperationError } from "../model/operation-error.ts";
import { type Grants, mayDo, mayDoSomewhere, projectsOf, type Role } from "../model/role.ts";
import type { Database } from "../store/database.ts";
import { projectOf } from "../store/queries.ts";
import type { Principal } from "../store/tokens.ts";
import type { Route } from "./route.ts";

export interface Access {
  /** The person's name, or the token's. */
  readonly name: string;
  readonly grants: Grants;
  /** Throws an `OperationError`; without a project: for the whole server. */
  demand(role: Role, project?: string): void;
  /** Those in which the role is held; undefined: all. */
  projects(role: Role): readonly string[] | undefined;
}

export function accessOf({ name, grants }: Principal): Access {
  return {
    name,
    grants,
    demand: (role, project) => {
      if (!mayDo(grants, role, project)) throw refusal(name, role, project);
    },
    projects: (role) => projectsOf(grants, role),
  };
}

/** What the route as a whole demands; the project is the path's, or that of the instance or backfill that the path names. */
export async function demandRoute(
  database: Database,
  access: Access,
  route: Route,
  params: { readonly [name: string]: string },
): Promise<void> {
  const role = route.role ?? (route.method === "get" ? "viewer" : "operator");
  // Most may do it everywhere: then nothing needs to be looked up.
  if (mayDo(access.grants, role)) return;
  const project = params["p"] ?? (await projectNamedBy(database, route.path, params["id"]));
  if (project !== undefined) access.demand(role, project);
  else if (route.isForAnyProject !== true || !mayDoSomewhere(access.grants, role)) {
    throw refusal(access.name, role, undefined);
  }
}

async function projectNamedBy(database: Database, path: string, id: string | undefined): Promise<string | undefined> {
  const kind = /^\/(instances|task-instances|backfills)\/\{id\}/.exec(path)?.[1];
  if (kind === undefined || id === undefined) return undefined;
  // `<instance>.<task>`
  const row = kind === "task-instances" ? (id.split(".")[0] ?? "") : id;
  const project = /^\d{1,19}$/.test(row)
    ? await projectOf(database, kind === "backfills" ? "backfill" : "workflow_instance", row)
    : undefined;
  if (project !== undefined) return project;
  throw new OperationError("not_found", `there is no ${kind.slice(0, -1).replace("-", " ")} ${id}`);
}

const refusal = (name: string, role: Role, project: string | undefined): OperationError =>
  new OperationError(
    "refused",
    `${name} is no ${role} ${project === undefined ? "of this server" : `of project ${project}`}: ask an admin for the role`,
  );
