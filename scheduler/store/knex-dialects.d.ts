// knex publishes its dialects' classes without types; only what the two clients here override is told.

declare module "knex/lib/dialects/mysql2/index.js" {
  import type { Knex } from "knex";
  // biome-ignore lint/style/noDefaultExport: knex exports it so
  export default class Client_MySQL2 extends (Object as unknown as typeof Knex.Client) {
    _query(connection: unknown, query: { options?: object }): Promise<unknown>;
  }
}

declare module "knex/lib/dialects/better-sqlite3/index.js" {
  import type { Knex } from "knex";
  // biome-ignore lint/style/noDefaultExport: knex exports it so
  export default class Client_BetterSQLite3 extends (Object as unknown as typeof Knex.Client) {
    _query(connection: unknown, query: { sql?: string }): Promise<unknown>;
  }
}

declare module "knex/lib/dialects/sqlite3/query/sqlite-querycompiler.js" {
  // biome-ignore lint/style/noDefaultExport: knex exports it so
  export default class QueryCompiler_SQLite3 {
    constructor(client: unknown, builder: unknown, formatter: unknown);
    /** Clauses that stand once in a statement, and which of their values are no bindings. */
    single: { skipBinding?: { limit?: boolean } };
    limit(): string;
  }
}
