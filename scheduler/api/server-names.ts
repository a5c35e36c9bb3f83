// What this server has, by name: what a deploy is checked against, as the editor checks it when connected.

import type { ServerNames } from "../language/check-workspace.ts";
import type { Needs } from "../language/needs.ts";
import type { Registry } from "../registry/contract.ts";
import type { Database } from "../store/database.ts";
import { workflowNames } from "../store/queries.ts";
import {
  alertGroups,
  createResource,
  datasources,
  environments,
  listResources,
  type ResourceTable,
  taskGroups,
  workerGroups,
} from "../store/resources.ts";

export async function serverNames(database: Database, registry: Registry): Promise<ServerNames> {
  const names = async <T extends { readonly name: string }>(table: ResourceTable<T>) =>
    (await listResources(database, table)).map((one) => one.name);
  // A registry that is away says nothing of workers: then their groups are not known, which is not wrong.
  const workers = await registry.members("worker").catch(() => undefined);
  const told = workers?.flatMap((worker) => worker.data.groups);
  const [workflows, named, environment, taskGroup, datasource, alertGroup] = await Promise.all([
    workflowNames(database),
    names(workerGroups),
    names(environments),
    names(taskGroups),
    names(datasources),
    names(alertGroups),
  ]);
  return {
    workflows,
    ...(told === undefined ? {} : { workerGroups: [...new Set([...named, ...told])] }),
    environments: environment,
    taskGroups: taskGroup,
    datasources: datasource,
    alertGroups: alertGroup,
  };
}

export interface Made {
  readonly kind: "environment" | "task_group";
  readonly name: string;
}

/** Makes what projects need and the server lacks; what is there stays as it is. Tells what it made. */
export async function makeNeeded(database: Database, needs: readonly Needs[]): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const one of needs.flatMap((need) => need.environments)) {
    if (await createResource(database, environments, one)) made.push({ kind: "environment", name: one.name });
  }
  for (const one of needs.flatMap((need) => need.taskGroups)) {
    if (await createResource(database, taskGroups, one)) made.push({ kind: "task_group", name: one.name });
  }
  return made;
}
