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

export function preparations({ database, cipher, clock }: PreparationDeps): Preparations {
  const waiting = new Map<string, Promise<unknown>>();

  /**
   * Thousands of tasks may ask for the same thing at once: one reading serves all that ask before it begins. Nothing is remembered:
   * what was set before an instance was started must be seen by it.
   */
  const together = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const known = waiting.get(key);
    if (known) return known as Promise<T>; // its key names its kind
    const soon = new Promise<void>((resolve) => void clock.soon(resolve));
    const value = soon.then(() => {
      waiting.delete(key);
      return read();
    });
    waiting.set(key, value);
    return value;
  };

  const environmentOf = async (name: string): Promise<Preparation> => {
    const found = await together(`environment ${name}`, () => findResource(database, environments, { name }));
    if (!found) return { ok: false, reason: `this server has no environment "${name}": create it, or name another` };
    const read = readEnvironment(found.config);
    if (!read.ok) return { ok: false, reason: `environment "${name}": ${read.problem}` };
    return { ok: true, prepared: { environment: read.variables, secrets: secretsAmong(read.variables) } };
  };

  const connectionOf = async (name: string): Promise<DatasourceConnection | string> => {
    try {
      const found = await together(`datasource ${name}`, () => findDatasource(database, cipher, name));
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
      const { password } = datasource;
      const secrets = [...result.prepared.secrets, ...(password === "" ? [] : [password])];
      return { ok: true, prepared: { ...result.prepared, datasource, secrets } };
    },
    projectParams: (project) =>
      together(`params ${project}`, async () => {
        const list = await listResources(database, projectParams, { within: { project } });
        return Object.fromEntries(list.map(({ name, value }) => [name, value]));
      }),
  };
}

/** Variables whose names say that their values are nobody's business, as other schedulers have it too. */
const secretName = /PASS(WORD|WD|PHRASE)?$|SECRET|TOKEN|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY/i;

const secretsAmong = (variables: Values): readonly string[] =>
  Object.entries(variables).flatMap(([name, value]) => (secretName.test(name) && value !== "" ? [value] : []));
