// What a server is given by its people, one table each: how it stands in rows, and the few statements they all share.

import type { Grants } from "../model/role.ts";
import type { Database } from "./database.ts";
import type { Row } from "./records.ts";
import { upsert } from "./upsert.ts";

export interface Environment {
  readonly name: string;
  readonly description: string;
  /** `export NAME=value` lines. */
  readonly config: string;
}

export interface WorkerGroup {
  readonly name: string;
  readonly description: string;
  /** Names of workers that belong to it, beside those that say so themselves. */
  readonly workers: readonly string[];
}

export interface TaskGroup {
  readonly name: string;
  readonly description: string;
  /** How many of its tasks run at the same time. */
  readonly size: number;
}

export interface ProjectParam {
  readonly project: string;
  readonly name: string;
  readonly value: string;
}

export interface User {
  readonly name: string;
  readonly description: string;
  readonly grants: Grants;
}

/** A password or another secret that stands sealed in the database. */
export interface StoredDatasource {
  readonly name: string;
  readonly description: string;
  readonly kind: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly sealedPassword: string;
  readonly options: { readonly [name: string]: string };
}

export interface StoredAlertGroup {
  readonly name: string;
  readonly description: string;
  /** JSON of the channels, sealed: addresses of webhooks are secrets. */
  readonly sealedChannels: string;
}

/** A table of things that are found by name, alone or within a project. */
export interface ResourceTable<T> {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: (thing: T) => { readonly [column: string]: string | number };
  readonly read: (row: Row) => T;
}

const text = (row: Row, column: string): string => String(row[column] ?? "");
const json = <T>(row: Row, column: string): T => JSON.parse(text(row, column)) as T; // written by `columns`

export const environments: ResourceTable<Environment> = {
  table: "environment",
  key: ["name"],
  columns: ({ name, description, config }) => ({ name, description, config }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    config: text(row, "config"),
  }),
};

export const workerGroups: ResourceTable<WorkerGroup> = {
  table: "worker_group",
  key: ["name"],
  columns: ({ name, description, workers }) => ({ name, description, workers: JSON.stringify(workers) }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    workers: json<readonly string[]>(row, "workers"),
  }),
};

export const taskGroups: ResourceTable<TaskGroup> = {
  table: "task_group",
  key: ["name"],
  columns: ({ name, description, size }) => ({ name, description, size }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    size: Number(row["size"]),
  }),
};

export const projectParams: ResourceTable<ProjectParam> = {
  table: "project_param",
  key: ["project", "name"],
  columns: ({ project, name, value }) => ({ project, name, value }),
  read: (row) => ({ project: text(row, "project"), name: text(row, "name"), value: text(row, "value") }),
};

export const datasources: ResourceTable<StoredDatasource> = {
  table: "datasource",
  key: ["name"],
  columns: (one) => ({
    name: one.name,
    description: one.description,
    kind: one.kind,
    host: one.host,
    port: one.port,
    database_name: one.database,
    user_name: one.user,
    password: one.sealedPassword,
    options: JSON.stringify(one.options),
  }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    kind: text(row, "kind"),
    host: text(row, "host"),
    port: Number(row["port"]),
    database: text(row, "database_name"),
    user: text(row, "user_name"),
    sealedPassword: text(row, "password"),
    options: json<{ readonly [name: string]: string }>(row, "options"),
  }),
};

export const alertGroups: ResourceTable<StoredAlertGroup> = {
  table: "alert_group",
  key: ["name"],
  columns: ({ name, description, sealedChannels }) => ({ name, description, channels: sealedChannels }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    sealedChannels: text(row, "channels"),
  }),
};

export const users: ResourceTable<User> = {
  table: "user_account",
  key: ["name"],
  columns: ({ name, description, grants }) => ({ name, description, grants: JSON.stringify(grants) }),
  read: (row) => ({
    name: text(row, "name"),
    description: text(row, "description"),
    grants: json<Grants>(row, "grants"),
  }),
};

export type ResourceKey = { readonly [column: string]: string };

export async function findResource<T>(
  { knex }: Pick<Database, "knex">,
  { table, read }: ResourceTable<T>,
  key: ResourceKey,
): Promise<T | undefined> {
  const row: Row | undefined = await knex(table).where(key).first();
  return row && read(row);
}

/** In the order of their names, from the one after `after` on. */
export async function listResources<T>(
  { knex }: Pick<Database, "knex">,
  { table, read }: ResourceTable<T>,
  filter: { readonly within?: ResourceKey; readonly after?: string; readonly limit?: number } = {},
): Promise<readonly T[]> {
  const rows: readonly Row[] = await knex(table)
    .modify((query) => {
      if (filter.within !== undefined) query.where(filter.within);
      if (filter.after !== undefined) query.where("name", ">", filter.after);
      if (filter.limit !== undefined) query.limit(filter.limit);
    })
    .orderBy("name")
    .select();
  return rows.map(read);
}

/** Creates it, or replaces what has its name. */
export async function putResource<T>(
  { knex, nowMs }: Pick<Database, "knex" | "nowMs">,
  { table, key, columns }: ResourceTable<T>,
  thing: T,
): Promise<void> {
  const row = { ...columns(thing), updated_at: nowMs() };
  await upsert(knex, { name: table, columns: Object.keys(row), key }, [Object.values(row)]);
}

/** False: there is one of that name already. */
export async function createResource<T>(database: Database, kind: ResourceTable<T>, thing: T): Promise<boolean> {
  const { table, key, columns } = kind;
  const row: { readonly [column: string]: string | number } = { ...columns(thing), updated_at: database.nowMs() };
  const own = Object.fromEntries(key.map((column) => [column, row[column] ?? ""]));
  return database.transact(async (transaction) => {
    if (await transaction(table).where(own).forUpdate().first()) return false;
    await transaction(table).insert(row);
    return true;
  });
}

/** False: there was none. */
export async function removeResource<T>(
  { knex }: Pick<Database, "knex">,
  { table }: ResourceTable<T>,
  key: ResourceKey,
): Promise<boolean> {
  return (await knex(table).where(key).del()) > 0;
}
