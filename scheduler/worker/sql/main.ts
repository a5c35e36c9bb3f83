// The process of a SQL task: a process of its own, so that it is ended and fenced like any other attempt's.
//
//   main <request file>     SIGTERM: what runs on the server is cancelled there first

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { DatabaseKind } from "../../model/datasource.ts";
import type { OpenSession, SqlRequest, SqlSession } from "./contract.ts";
import { openMysql } from "./mysql.ts";
import { openPostgresql } from "./postgresql.ts";
import { results } from "./results.ts";
import { openSqlite } from "./sqlite.ts";

const open: { readonly [kind in DatabaseKind]: OpenSession } = {
  mysql: openMysql,
  postgresql: openPostgresql,
  sqlite: openSqlite,
};

const cancelled = 143;
const ownLimitMs = 30_000;
// What is open (a connection that is stuck) does not keep the process.
process.exit(
  await main(process.argv[2] ?? "").catch((error: unknown) => {
    say(`this is a fault of the worker: ${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  }),
);

async function main(file: string): Promise<number> {
  const request = JSON.parse(readFileSync(file, "utf8")) as SqlRequest; // written by the executor
  // It holds a password.
  rmSync(file);
  const { connection } = request;
  let session: SqlSession;
  try {
    session = await open[connection.kind](connection);
  } catch (error) {
    say(`cannot connect to data source ${connection.name} (${whereOf(request)}): ${explain(error)}`);
    return 1;
  }
  // SQLite runs in this very process, whose end is the end of the statement; it would not hear the signal either.
  if (connection.kind !== "sqlite") process.once("SIGTERM", () => void cancel(session));
  if (!(await owns(session, request))) return 1;
  const sink = results(request.outputs, (text) => void process.stdout.write(text));
  try {
    for (const { text, values } of request.statements) await session.run(text, values, sink);
    writeFileSync(request.resultFile, JSON.stringify(sink.published()));
    return 0;
  } catch (error) {
    say(explain(error));
    return 1;
  } finally {
    await session.close().catch(() => {}); // the server ends it with the connection all the same
  }
}

/** No two attempts of a task work on the server at the same time, whatever became of the earlier one's process. */
async function owns(session: SqlSession, { lock, connection }: SqlRequest): Promise<boolean> {
  try {
    if (await session.own(lock, ownLimitMs)) return true;
    say(`an earlier attempt still works on data source ${connection.name}, and could not be ended there`);
  } catch (error) {
    say(`cannot make sure that no earlier attempt works on data source ${connection.name}: ${explain(error)}`);
  }
  return false;
}

async function cancel(session: SqlSession): Promise<void> {
  say("cancelled");
  try {
    await session.cancel();
  } catch (error) {
    say(`it could not be cancelled on the server: ${explain(error)}`);
  }
  process.exit(cancelled);
}

function whereOf({ connection: { kind, host, port, database } }: SqlRequest): string {
  return kind === "sqlite" ? database : `${kind} at ${host}:${port}, database ${database}`;
}

function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join("; ");
  if (!(error instanceof Error)) return String(error);
  // PostgreSQL tells more than a sentence; MySQL's sentence holds all.
  const { detail, hint, position, code } = error as Error & { [name: string]: unknown };
  const more = [
    typeof detail === "string" ? detail : "",
    typeof hint === "string" ? hint : "",
    typeof position === "string" ? `at character ${position}` : "",
  ].filter((part) => part !== "");
  const sentence = error.message === "" && typeof code === "string" ? code : error.message;
  return [sentence, ...more].join("; ");
}

function say(line: string): void {
  process.stdout.write(`[porpoise] ${line}\n`);
}
