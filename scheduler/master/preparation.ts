// What a task needs of the server before a worker may have it: its environment's variables and its data source. What is missing is a
// reason for the task to fail without an attempt.

import type { Clock } from "../model/clock.ts";
import type { DatasourceConnection } from "../model/datasource.ts";
import type { TaskDefinition } from "../model/definition.ts";
import { readEnvironment } from "../model/environment.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Values } from "../model/params.ts";
import { type Database, isPassing } from "../store/database.ts";
import { findDatasource } from "../store/datasources.ts";
import type { Cipher } from "../store/encryption.ts";
import { environments, findResource, listResources, projectParams } from "../store/resources.ts";

export interface Prepared {
  readonly environment: Values;
  readonly datasource?: DatasourceConnection;
  /** Must not stand in a log. */
  readonly secrets: readonly string[];
}

export const nothingNeeded: Prepared = { environment: {}, secrets: [] };

export type Preparation =
  | { readonly ok: true; readonly prepared: Prepared }
  | { readonly ok: false; readonly reason: string };

export interface Preparations {
  /** Rejects while the database is away. `environment`: the name that holds for the task, if any. */
  prepare(task: TaskDefinition, environment: string | undefined): Promise<Preparation>;
  projectParams(project: string): Promise<Values>;
}

export interface PreparationDeps {
  readonly database: Database;
  readonly cipher: Cipher;
  readonly clock: Clock;
}

export const datasourceOf = ({ attributes }: TaskDefinition): string | undefined => {
  const name = attributes["datasource"];
  return typeof name === "string" ? name : undefined;
};

/** Thousands of tasks may name the same environment: what was read is good for so long. */
const freshMs = 1_000;

export function preparations({ database, cipher, clock }: PreparationDeps): Preparations {
  const kept = new Map<string, { readonly atMs: number; readonly value: Promise<unknown> }>();

  const remember = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const nowMs = clock.monotonicMs();
    const known = kept.get(key);
    if (known && nowMs - known.atMs < freshMs) return known.value as Promise<T>; // its key names its kind
    for (const [old, { atMs }] of kept) if (nowMs - atMs >= freshMs) kept.delete(old);
    const value = read();
    kept.set(key, { atMs: nowMs, value });
    value.catch(() => kept.delete(key));
    return value;
  };

  const environmentOf = async (name: string): Promise<Preparation> => {
    const found = await remember(`environment ${name}`, () => findResource(database, environments, { name }));
    if (!found) return { ok: false, reason: `this server has no environment "${name}": create it, or name another` };
    const read = readEnvironment(found.config);
    if (!read.ok) return { ok: false, reason: `environment "${name}": ${read.problem}` };
    return { ok: true, prepared: { environment: read.variables, secrets: [] } };
  };

  const connectionOf = async (name: string): Promise<DatasourceConnection | string> => {
    try {
      const found = await remember(`datasource ${name}`, () => findDatasource(database, cipher, name));
      return found ?? `this server has no data source "${name}": create it, or name another`;
    } catch (error) {
      if (error instanceof OperationError && !isPassing(error)) return `data source "${name}": ${error.message}`;
      throw error;
    }
  };

  return {
    prepare: async (task, environment) => {
      const result: Preparation =
        environment === undefined ? { ok: true, prepared: nothingNeeded } : await environmentOf(environment);
      const name = datasourceOf(task);
      if (!result.ok || name === undefined) return result;
      const datasource = await connectionOf(name);
      if (typeof datasource === "string") return { ok: false, reason: datasource };
      const secrets = datasource.password === "" ? [] : [datasource.password];
      return { ok: true, prepared: { ...result.prepared, datasource, secrets } };
    },
    projectParams: (project) =>
      remember(`params ${project}`, async () => {
        const list = await listResources(database, projectParams, { within: { project } });
        return Object.fromEntries(list.map(({ name, value }) => [name, value]));
      }),
  };
}
