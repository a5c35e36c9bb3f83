// Many rows of one table in one statement: inserted, or their values replaced where the key is there already.

import type { Knex } from "knex";

export type Value = string | number | Buffer | null;

export interface UpsertTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the unique key; the others are replaced. None to replace: rows that are there stay as they are. */
  readonly key: readonly string[];
  /** Rows that are there already stay as they are. */
  readonly keepsOld?: true;
}

/** Statement sizes for SQLite: few different ones, so that prepared statements are found again. */
const sizes = [256, 64, 16, 4, 1] as const;
/** A server gets all in one statement, which saves the ways there and back. */
const mostAtOnce = 1_000;

/** As `upsert`, of rows that are not there yet; the database gives them their ids. */
export const insertRows = (
  knex: Knex,
  table: Pick<UpsertTable, "name" | "columns">,
  rows: readonly (readonly Value[])[],
): Promise<void> => upsert(knex, { ...table, key: [] }, rows);

export async function upsert(knex: Knex, table: UpsertTable, rows: readonly (readonly Value[])[]): Promise<void> {
  const isSqlite = knex.client.driverName === "better-sqlite3";
  for (let done = 0; done < rows.length; ) {
    const left = rows.length - done;
    const size = isSqlite ? (sizes.find((one) => one <= left) ?? 1) : Math.min(left, mostAtOnce);
    await knex.raw(statement(knex, table, size), rows.slice(done, done + size).flat());
    done += size;
  }
}

function statement(knex: Knex, { name, columns, key, keepsOld }: UpsertTable, size: number): string {
  const isSqlite = knex.client.driverName === "better-sqlite3";
  const row = `(${columns.map(() => "?").join(",")})`;
  const replaced = keepsOld ? [] : columns.filter((column) => !key.includes(column));
  const first = key[0] ?? "";
  const set = isSqlite
    ? replaced.map((column) => `${column}=excluded.${column}`).join(",")
    : replaced.map((column) => `${column}=values(${column})`).join(",");
  if (key.length === 0)
    return `insert into ${name} (${columns.join(",")}) values ${new Array(size).fill(row).join(",")}`;
  const onConflict = isSqlite
    ? ` on conflict (${key.join(",")}) do ${set ? `update set ${set}` : "nothing"}`
    : ` on duplicate key update ${set || `${first}=${first}`}`;
  return `insert into ${name} (${columns.join(",")}) values ${new Array(size).fill(row).join(",")}${onConflict}`;
}
