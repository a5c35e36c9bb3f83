// MySQL and MariaDB.

import { createConnection } from "mysql2";
import type { DatasourceConnection } from "../../model/datasource.ts";
import { connectLimitMs, type ResultSink, type SqlSession, type SqlValue } from "./contract.ts";

type Connection = ReturnType<typeof createConnection>;

export async function openMysql(source: DatasourceConnection): Promise<SqlSession> {
  const connection = await connect(source);
  return {
    own: (name, limitMs) => own(connection, name, limitMs),
    run: (text, values, sink) => run(connection, text, values, sink),
    cancel: async () => {
      const other = await connect(source);
      await new Promise<void>((resolve) => {
        other.query(`kill query ${connection.threadId}`, () => resolve());
      });
      other.destroy();
    },
    close: () => new Promise((resolve) => connection.end(() => resolve())),
  };
}

function connect({ host, port, database, user, password, options }: DatasourceConnection): Promise<Connection> {
  const connection = createConnection({
    host,
    port,
    database,
    user,
    password,
    multipleStatements: true,
    rowsAsArray: true,
    // As the database writes them: nothing is lost on the way into a log or a param.
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: connectLimitMs,
    ...(options["ssl"] === undefined ? {} : { ssl: { rejectUnauthorized: options["ssl"] !== "insecure" } }),
  });
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error === null ? resolve(connection) : reject(error)));
  });
}

async function own(connection: Connection, name: string, limitMs: number): Promise<boolean> {
  if ((await scalar(connection, "select get_lock(?, 0)", [name])) === 1) return true;
  const holder = Number(await scalar(connection, "select is_used_lock(?)", [name]));
  // The same user's session: that needs no privilege. It may have ended by itself meanwhile.
  if (holder > 0) await scalar(connection, `kill connection ${holder}`, []).catch(() => undefined);
  return (await scalar(connection, "select get_lock(?, ?)", [name, Math.ceil(limitMs / 1000)])) === 1;
}

/** The first value of the first row. */
function scalar(connection: Connection, text: string, values: readonly SqlValue[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query({ sql: text, values: [...values], rowsAsArray: true }, (error, rows: unknown) => {
      if (error !== null) reject(error);
      else resolve(Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0][0] : undefined);
    });
  });
}

function run(connection: Connection, text: string, values: readonly SqlValue[], sink: ResultSink): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = connection.query({ sql: text, values: [...values] });
    let isRows = false;
    const endRows = (): void => {
      if (isRows) sink.end(undefined);
      isRows = false;
    };
    query.on("fields", (fields: readonly { readonly name: string }[] | undefined) => {
      endRows();
      if (fields === undefined) return;
      isRows = true;
      sink.columns(fields.map(({ name }) => name));
    });
    query.on("result", (row: unknown) => {
      if (Array.isArray(row)) sink.row(row);
      else {
        endRows();
        sink.end((row as { readonly affectedRows: number }).affectedRows); // what is no row is the header of a result without rows
      }
    });
    query.on("error", reject);
    query.on("end", () => {
      endRows();
      resolve();
    });
  });
}
