// Data sources and alert groups with their secrets in clear: for masters, who send them to workers or use them themselves.

import type { AlertChannel } from "../model/alert.ts";
import type { DatasourceConnection, DatasourceKind } from "../model/datasource.ts";
import type { Database } from "./database.ts";
import type { Cipher } from "./encryption.ts";
import { alertGroups, datasources, findResource } from "./resources.ts";

/** Undefined: this server has none of that name. Throws an `OperationError` where its password cannot be read. */
export async function findDatasource(
  database: Pick<Database, "knex">,
  { open }: Cipher,
  name: string,
): Promise<DatasourceConnection | undefined> {
  const found = await findResource(database, datasources, { name });
  if (found === undefined) return undefined;
  const { kind, host, port, user, options, sealedPassword } = found;
  return {
    name,
    kind: kind as DatasourceKind, // only kinds are ever written there
    host,
    port,
    database: found.database,
    user,
    options,
    password: sealedPassword === "" ? "" : open(sealedPassword),
  };
}

/** Undefined: this server has no alert group of that name. */
export async function findAlertChannels(
  database: Pick<Database, "knex">,
  { open }: Cipher,
  name: string,
): Promise<readonly AlertChannel[] | undefined> {
  const found = await findResource(database, alertGroups, { name });
  return found && (JSON.parse(open(found.sealedChannels)) as readonly AlertChannel[]); // written by the api
}
