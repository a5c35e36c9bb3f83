// Bearer tokens of people and programs: only their hashes are kept.

import { createHash, randomBytes } from "node:crypto";
import type { Database } from "./database.ts";

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Makes a token; the text is told once and never again. */
export async function createToken(database: Database, name: string): Promise<string> {
  const token = `pp_${randomBytes(24).toString("base64url")}`;
  await acceptToken(database, name, token);
  return token;
}

/** Accepts a token that was made elsewhere (a setting of the cluster). Repeatable. */
export async function acceptToken(database: Database, name: string, token: string): Promise<void> {
  const sha256 = hashOf(token);
  const known = await database.knex("token").where({ sha256 }).first("name");
  if (!known) await database.knex("token").insert({ sha256, name, created_at: database.nowMs() });
}

/** The name that the token was made for, or undefined when nobody knows it. */
export async function tokenName(database: Database, token: string): Promise<string | undefined> {
  const row = await database
    .knex("token")
    .where({ sha256: hashOf(token) })
    .first("name");
  return row?.name;
}
