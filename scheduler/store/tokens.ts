// Bearer tokens and the people they belong to: of a token only its hash is kept.

import { createHash, randomBytes } from "node:crypto";
import { everything, type Grants } from "../model/role.ts";
import type { Database } from "./database.ts";
import type { Row } from "./records.ts";

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

export interface NewToken {
  readonly name: string;
  /** Whose it is; absent: nobody's in particular. */
  readonly user?: string;
  /** Absent: the user's, else everything. */
  readonly grants?: Grants;
  /** Absent: for ever. */
  readonly expiresAtMs?: number;
}

export interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly user: string | null;
  /** Null: the user's. */
  readonly grants: Grants | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

/** Makes a token; the text is told once and never again. */
export async function createToken(
  database: Database,
  options: NewToken,
): Promise<{ readonly id: string; readonly token: string }> {
  const token = `pp_${randomBytes(24).toString("base64url")}`;
  return { id: await insertToken(database, options, token), token };
}

/** Accepts a token that was made elsewhere (a setting of the cluster), for everything. Repeatable. */
export async function acceptToken(database: Database, name: string, token: string): Promise<void> {
  const known = await database
    .knex("token")
    .where({ sha256: hashOf(token) })
    .first("name");
  if (!known) await insertToken(database, { name }, token);
}

async function insertToken(database: Database, options: NewToken, token: string): Promise<string> {
  const id = randomBytes(8).toString("hex");
  const grants = options.grants ?? (options.user === undefined ? everything : undefined);
  await database.knex("token").insert({
    id,
    sha256: hashOf(token),
    name: options.name,
    user_name: options.user ?? null,
    grants: grants === undefined ? null : JSON.stringify(grants),
    created_at: database.nowMs(),
    expires_at: options.expiresAtMs ?? null,
  });
  return id;
}

/** Who asks, and what they may do. */
export interface Principal {
  readonly name: string;
  readonly grants: Grants;
}

/** Undefined: nobody knows the token, it has expired, or its user is gone. */
export async function principalOf(database: Database, token: string): Promise<Principal | undefined> {
  const row: Row | undefined = await database
    .knex("token as t")
    .leftJoin("user_account as u", "u.name", "t.user_name")
    .where("t.sha256", hashOf(token))
    .first("t.name", "t.user_name", "t.grants", "t.expires_at", "u.grants as user_grants");
  if (row === undefined) return undefined;
  if (row["expires_at"] != null && Number(row["expires_at"]) <= database.nowMs()) return undefined;
  if (row["user_name"] != null && row["user_grants"] == null) return undefined;
  const grants = grantsOf(row["grants"] ?? row["user_grants"]);
  return grants === null ? undefined : { name: String(row["user_name"] ?? row["name"]), grants };
}

export async function tokens(database: Database): Promise<readonly StoredToken[]> {
  const rows: readonly Row[] = await database.knex("token").orderBy("created_at").orderBy("id").select();
  return rows.map((row) => ({
    id: String(row["id"]),
    name: String(row["name"]),
    user: row["user_name"] == null ? null : String(row["user_name"]),
    grants: grantsOf(row["grants"]),
    createdAtMs: Number(row["created_at"]),
    expiresAtMs: row["expires_at"] == null ? null : Number(row["expires_at"]),
  }));
}

/** False: there was none. */
export async function removeToken(database: Database, id: string): Promise<boolean> {
  return (await database.knex("token").where({ id }).del()) > 0;
}

const grantsOf = (value: Row[string]): Grants | null => (value == null ? null : (JSON.parse(String(value)) as Grants)); // written here and by `users`
