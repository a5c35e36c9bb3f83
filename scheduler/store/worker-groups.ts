// Which workers are in which group: those that say so in their settings, and those that the group names.

import { type Incarnation, nameOfIncarnation } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { listResources, workerGroups } from "./resources.ts";

/** All groups of a worker; `told`: what it says itself. */
export type GroupsOf = (worker: Incarnation, told: readonly string[]) => readonly string[];

export const asTold: GroupsOf = (_worker, told) => told;

export async function groupsByRows(database: Pick<Database, "knex">): Promise<GroupsOf> {
  const rows = await listResources(database, workerGroups);
  const named = rows.filter((group) => group.workers.length > 0);
  if (named.length === 0) return asTold;
  return (worker, told) => {
    const name = nameOfIncarnation(worker);
    return [...told, ...named.filter((group) => group.workers.includes(name)).map((group) => group.name)];
  };
}
