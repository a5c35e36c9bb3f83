// knex on `node:sqlite`: its better-sqlite3 dialect with a driver that speaks that package's interface.

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import BetterSqlite3Client from "knex/lib/dialects/better-sqlite3/index.js";
import SqliteQueryCompiler from "knex/lib/dialects/sqlite3/query/sqlite-querycompiler.js";

const keptStatements = 500;

/** What knex's dialect asks of a better-sqlite3 statement. */
interface Statement {
  readonly reader: boolean;
  all(bindings: readonly SQLInputValue[]): unknown[];
  run(bindings: readonly SQLInputValue[]): unknown;
}

/** What knex's dialect asks of a better-sqlite3 database. */
export class SqliteDriver {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5000 });
    // WAL with FULL: a commit that was acknowledged survives a power cut.
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  }

  prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= keptStatements) this.#statements.clear();
    const statement = wrap(this.#database.prepare(sql));
    this.#statements.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

function wrap(statement: StatementSync): Statement {
  return {
    reader: statement.columns().length > 0,
    all: (bindings) => statement.all(...bindings.map(nullIfAbsent)),
    run: (bindings) => statement.run(...bindings.map(nullIfAbsent)),
  };
}

/** knex fills a column that a row leaves out with undefined, which `node:sqlite` refuses. */
const nullIfAbsent = (value: SQLInputValue | undefined): SQLInputValue => value ?? null;

export class SqliteClient extends BetterSqlite3Client {
  _driver(): typeof SqliteDriver {
    return SqliteDriver;
  }

  override queryCompiler(builder: unknown, formatter?: unknown): QueryCompiler {
    return new QueryCompiler(this, builder, formatter);
  }
}

class QueryCompiler extends SqliteQueryCompiler {
  /** Within the text: SQLite plans a statement anew each time that its limit is bound. */
  override limit(): string {
    this.single.skipBinding = { ...this.single.skipBinding, limit: true };
    return super.limit();
  }
}
