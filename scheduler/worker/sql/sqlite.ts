// SQLite: a file on the worker.

import { DatabaseSync } from "node:sqlite";
import type { DatasourceConnection } from "../../model/datasource.ts";
import type { ResultSink, SqlSession, SqlValue } from "./contract.ts";

const busyLimitMs = 60_000;

export async function openSqlite({ database }: DatasourceConnection): Promise<SqlSession> {
  const file = new DatabaseSync(database, { timeout: busyLimitMs });
  return {
    // An earlier attempt's process had the file open itself, and is dead.
    own: async () => true,
    run: async (text, values, sink) => run(file, text, values, sink),
    // It runs in this very process, whose end is the end of the statement: SQLite rolls back what was open.
    cancel: async () => {},
    close: async () => file.close(),
  };
}

function run(file: DatabaseSync, text: string, values: readonly SqlValue[], sink: ResultSink): void {
  const bound = values.map((value) => (typeof value === "boolean" ? Number(value) : value));
  // SQLite prepares the first statement of a text and tells where it ended.
  for (let rest = text; !isBlank(rest); ) {
    const statement = file.prepare(rest);
    rest = rest.slice(statement.sourceSQL.length);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const columns = statement.columns().map(({ name }) => name);
    if (columns.length === 0) {
      sink.end(Number(statement.run(...bound).changes));
      continue;
    }
    sink.columns(columns);
    for (const row of statement.iterate(...bound)) sink.row(Object.values(row));
    sink.end(undefined);
  }
}

/** Nothing but blanks, comments and semicolons: SQLite would find no statement there. */
const isBlank = (text: string): boolean =>
  text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, "").replaceAll(/[\s;]/g, "") === "";
