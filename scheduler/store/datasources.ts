// Data sources and alert groups with their secrets in clear: for masters, who send them to workers or use them themselves.

import { randomBytes } from "node:crypto";
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
    cluster: await clusterIdentity(database),
    kind: kind as DatasourceKind, // only kinds are ever written there
    host,
    port,
    database: found.database,
    user,
    options,
    password: sealedPassword === "" ? "" : open(sealedPassword),
  };
}

/** Made by whoever asks first, then the same for ever. */
async function clusterIdentity({ knex }: Pick<Database, "knex">): Promise<string> {
  const stored = async (): Promise<string | undefined> => (await knex("cluster_identity").first("identity"))?.identity;
  const known = await stored();
  if (known !== undefined) return known;
  const identity = randomBytes(16).toString("hex");
  await knex("cluster_identity").insert({ id: 1, identity }).onConflict("id").ignore();
  return (await stored()) ?? "";
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
