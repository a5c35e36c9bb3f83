// The open database as the rest of the scheduler holds it: its clock, and transactions that try again when the database asks for it.

import type { Knex } from "knex";
import { OperationError } from "../model/operation-error.ts";
import { connect, type DatabaseSettings } from "./connect.ts";

export interface Database {
  readonly knex: Knex;
  readonly type: DatabaseSettings["type"];
  /** The database's time, epoch milliseconds: the only clock whose readings are stored. */
  nowMs(): number;
  /** Runs `work` in one transaction; again from the start when the database chose it as a deadlock's victim. */
  transact<T>(work: (transaction: Knex.Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const clockSyncEveryMs = 30_000;
const deadlockTries = 8;

export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const knex = await connect(settings);
  // Between two looks at the database's clock this process's monotonic one carries it on: a step of the host's clock shows nowhere.
  let offsetMs = await clockOffset(knex, settings.type);
  const timer = setInterval(() => {
    clockOffset(knex, settings.type).then(
      (fresh) => {
        offsetMs = fresh;
      },
      () => {}, // the database is away: the old offset serves until it is back
    );
  }, clockSyncEveryMs);
  timer.unref();
  return databaseOver({
    knex,
    type: settings.type,
    nowMs: () => Math.round(performance.now() + offsetMs),
    close: async () => {
      clearInterval(timer);
      await knex.destroy();
    },
  });
}

/** Over a connection that is there already. */
export const databaseOver = (connected: Omit<Database, "transact">): Database => ({
  ...connected,
  transact: (work) => transact(connected.knex, work),
});

async function clockOffset(knex: Knex, type: DatabaseSettings["type"]): Promise<number> {
  if (type === "sqlite") return Date.now() - performance.now();
  const before = performance.now();
  const row = await knex.select(knex.raw("cast(unix_timestamp(now(3)) * 1000 as signed) as now")).first();
  const after = performance.now();
  return Number(row?.now) - (before + after) / 2;
}

async function transact<T>(knex: Knex, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      return await knex.transaction(work);
    } catch (error) {
      if (!mayPassAtOnce(error) || tryNumber >= deadlockTries) throw error;
    }
  }
}

/** Somebody else was a moment faster: with a lock, or in writing what may be written once, which the next try then finds. */
const mayPassAtOnce = (error: unknown): boolean =>
  isDeadlock(error) || (error as { errno?: number }).errno === duplicateKey;
const duplicateKey = 1062;

const isDeadlock = (error: unknown): boolean => {
  const { errno } = error as { errno?: number };
  return errno === 1213 || errno === 1205;
};

/** Whether the same thing may succeed later: the server is away, restarting, frozen or full. */
export function isPassing(error: unknown): boolean {
  if (error instanceof OperationError) return error.code === "unavailable" || error.code === "exhausted";
  if (isDeadlock(error)) return true;
  const { code, errcode, fatal, message = "" } = error as DriverError;
  if (code === "ERR_SQLITE_ERROR") return passingSqlite.has((errcode ?? 0) & 0xff);
  if (code !== undefined) return passingCodes.has(code);
  // mysql2 calls an error of the connection itself fatal. Of other messages only knex's own are read: they begin with it,
  // while those of statements begin with the statement and its values, which may say anything.
  return fatal === true || /^(Knex: Timeout acquiring|Unable to acquire) a connection/.test(message);
}

interface DriverError {
  readonly code?: string;
  readonly errcode?: number;
  readonly fatal?: boolean;
  readonly message?: string;
}

/** Whether the database cannot write because its disk is full. */
export function isDiskFull(error: unknown): boolean {
  const { code = "", errcode } = error as { code?: string; errcode?: number };
  if (code === "ERR_SQLITE_ERROR") return ((errcode ?? 0) & 0xff) === sqliteFull;
  return code === "ER_DISK_FULL" || code === "ER_RECORD_FILE_FULL";
}

const sqliteFull = 13;
/** SQLITE_BUSY, LOCKED, IOERR, FULL. */
const passingSqlite: ReadonlySet<number> = new Set([5, 6, 10, sqliteFull]);
const passingCodes: ReadonlySet<string> = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
  "ER_DISK_FULL",
  "ER_RECORD_FILE_FULL",
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_WAIT_TIMEOUT",
  "ER_CONNECTION_KILLED",
  "ER_QUERY_INTERRUPTED",
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_TOO_MANY_USER_CONNECTIONS",
]);
