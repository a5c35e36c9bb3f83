// The schema as statements, made once by the real migrations.

import knexPackage from "knex";
import { databaseOver } from "../../scheduler/store/database.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import { SqliteClient } from "../../scheduler/store/sqlite-client.ts";

export async function schemaStatements(): Promise<string> {
  const knex = knexPackage({
    client: SqliteClient,
    connection: { filename: ":memory:" },
    useNullAsDefault: true,
    pool: { min: 1, max: 1, idleTimeoutMillis: 2 ** 30 },
  });
  try {
    await migrate(databaseOver({ knex, type: "sqlite", nowMs: () => 0, close: async () => {} }));
    const rows: readonly { readonly sql: string | null }[] = await knex("sqlite_master")
      .whereNotNull("sql")
      .whereNot("name", "like", "sqlite_%")
      .select("sql");
    return rows.map((row) => `${row.sql};`).join("\n");
  } finally {
    await knex.destroy();
  }
}
