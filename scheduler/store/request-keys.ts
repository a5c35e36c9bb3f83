// What clients' keys have done: a request that is sent once more, because its answer was lost, does nothing more.

import type { Knex } from "knex";
import type { Database } from "./database.ts";

const keptForMs = 7 * 86_400_000;

/** Runs the work in one transaction with its key; false, and nothing runs, where a request of this key did it before. */
export async function once(
  database: Database,
  key: string | undefined,
  work: (transaction: Knex.Transaction) => Promise<void>,
): Promise<boolean> {
  const atMs = database.nowMs();
  return database.transact(async (transaction) => {
    if (key !== undefined) {
      if (await transaction("request_key").where({ id: key }).first("id")) return false;
      await transaction("request_key").insert({ id: key, at: atMs });
    }
    await work(transaction);
    return true;
  });
}

export async function isDone({ knex }: Database, key: string | undefined): Promise<boolean> {
  return key !== undefined && (await knex("request_key").where({ id: key }).first("id")) !== undefined;
}

/** Undefined: no request of this key was answered; null: it was, with nothing. */
export async function answerTo({ knex }: Database, key: string): Promise<unknown> {
  const row = await knex("request_key").where({ id: key }).whereNotNull("answer").first("answer");
  return row === undefined ? undefined : JSON.parse(String(row.answer));
}

/** Keeps what is answered, so that the request gets the same answer again. */
export async function keepAnswer({ knex, nowMs }: Database, key: string, answer: unknown): Promise<void> {
  await knex("request_key")
    .insert({ id: key, at: nowMs(), answer: JSON.stringify(answer ?? null) })
    .onConflict("id")
    .merge(["answer"]);
}

/** Forgets keys that nobody can mean any more. */
export async function forgetRequestKeys({ knex, nowMs }: Database): Promise<void> {
  await knex("request_key")
    .where("at", "<", nowMs() - keptForMs)
    .del();
}
