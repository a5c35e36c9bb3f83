// Opens the database: SQLite inside the process, or a MySQL / MariaDB server.

import { mkdirSync } from "node:fs";
import path from "node:path";
import knexPackage, { type Knex } from "knex";
import { OperationError } from "../model/operation-error.ts";
import { MysqlClient } from "./mysql-client.ts";
import { SqliteClient } from "./sqlite-client.ts";

export type DatabaseSettings =
  | { readonly type: "sqlite"; readonly file: string }
  | {
      readonly type: "mysql";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      /** Connections at most. */
      readonly poolSize?: number;
      /** A query without an answer for so long is given up, with its connection. */
      readonly queryTimeoutMs?: number;
    };

/** Connects and proves it with a query; an `OperationError` says what is wrong and what to do. */
export async function connect(settings: DatabaseSettings): Promise<Knex> {
  let knex: Knex | undefined;
  try {
    knex = open(settings);
    await knex.raw("select 1");
    return knex;
  } catch (error) {
    await knex?.destroy().catch(() => {});
    throw explain(settings, error);
  }
}

function open(settings: DatabaseSettings): Knex {
  if (settings.type === "sqlite") {
    mkdirSync(path.dirname(settings.file), { recursive: true });
    return knexPackage({
      client: SqliteClient,
      connection: { filename: settings.file },
      useNullAsDefault: true,
      // One connection: several on one file starve each other.
      pool: { min: 1, max: 1, idleTimeoutMillis: 2 ** 30 },
      acquireConnectionTimeout: 30_000,
      log: quiet,
    });
  }
  const { host, port, user, password, database, poolSize = 10, queryTimeoutMs = 10_000 } = settings;
  const configuration = {
    client: MysqlClient,
    connection: {
      host,
      port,
      user,
      password,
      database,
      timezone: "Z",
      charset: "utf8mb4",
      supportBigNumbers: true,
      bigNumberStrings: true,
      connectTimeout: 5000,
    },
    pool: {
      min: 0,
      max: poolSize,
      // Every read sees what is committed, and no gap is locked: what the fences and the order of locks are made for.
      afterCreate: (connection: RawConnection, done: (error: Error | null, connection: RawConnection) => void) =>
        connection.query("set session transaction isolation level read committed", (error) => done(error, connection)),
    },
    acquireConnectionTimeout: 15_000,
    log: quiet,
    queryTimeoutMs,
  };
  return knexPackage(configuration);
}

interface RawConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}

/** What goes wrong is told by rejected promises, once. */
const quiet = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} };

function explain(settings: DatabaseSettings, error: unknown): OperationError {
  const { code, message } = error as { code?: string; message?: string };
  if (settings.type === "sqlite") {
    return new OperationError("unavailable", `cannot open the database file ${settings.file}: ${message}`, {
      cause: error,
    });
  }
  const where = `database ${settings.database} at ${settings.host}:${settings.port}`;
  switch (code) {
    case "ER_ACCESS_DENIED_ERROR":
    case "ER_DBACCESS_DENIED_ERROR":
      return new OperationError(
        "refused",
        `${where} refused user "${settings.user}": check database.user and database.password`,
        { cause: error },
      );
    case "ER_BAD_DB_ERROR":
      return new OperationError("not_found", `${where} does not exist: create it, then run \`porpoise migrate\``, {
        cause: error,
      });
    default:
      return new OperationError(
        "unavailable",
        `${where} cannot be reached (${code ?? message}): is the server running there?`,
        {
          cause: error,
        },
      );
  }
}
