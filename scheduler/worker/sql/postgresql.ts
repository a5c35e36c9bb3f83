// PostgreSQL.

import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { DatasourceConnection } from "../../model/datasource.ts";
import { connectLimitMs, type ResultSink, type SqlSession, type SqlValue } from "./contract.ts";
import { numberPlaceholders } from "./placeholders.ts";

export async function openPostgresql(source: DatasourceConnection): Promise<SqlSession> {
  const client = await connect(source);
  const { rows } = await client.query<{ pid: string }>("select pg_backend_pid() as pid");
  const backend = Number(rows[0]?.pid);
  // A client that is killed without a word: its statement ends as well. Older servers do not know the setting.
  await client.query("set client_connection_check_interval = '2s'").catch(() => undefined);
  return {
    own: (name, limitMs) => own(client, name, limitMs),
    run: (text, values, sink) => run(client, text, values, sink),
    cancel: async () => {
      const other = await connect(source);
      await other.query("select pg_cancel_backend($1)", [backend]);
      await other.end();
    },
    close: () => client.end(),
  };
}

const lookEveryMs = 200;

async function own(client: pg.Client, name: string, limitMs: number): Promise<boolean> {
  const isOurs = async (): Promise<boolean> => {
    const { rows } = await client.query<{ ours: string }>(
      "select pg_try_advisory_lock(hashtextextended($1, 0))::text as ours",
      [name],
    );
    return rows[0]?.ours === "true";
  };
  for (const untilMs = performance.now() + limitMs; performance.now() < untilMs; await delay(lookEveryMs)) {
    if (await isOurs()) return true;
    // A lock of 64 bits stands in two halves.
    await client.query(
      `select pg_terminate_backend(l.pid) from pg_locks as l, (select hashtextextended($1, 0) as key) as k
       where l.locktype = 'advisory' and l.objsubid = 1 and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = k.key`,
      [name],
    );
  }
  return false;
}

async function connect({ host, port, database, user, password, options }: DatasourceConnection): Promise<pg.Client> {
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    application_name: "porpoise",
    connectionTimeoutMillis: connectLimitMs,
    // As the database writes them: nothing is lost on the way into a log or a param.
    types: { getTypeParser: () => (value: unknown) => value },
    ...(options["ssl"] === undefined ? {} : { ssl: { rejectUnauthorized: options["ssl"] !== "insecure" } }),
  });
  // A connection that breaks while nothing runs on it: the next statement says so.
  client.on("error", () => {});
  client.on("notice", ({ severity, message }) => void process.stdout.write(`${severity}: ${message}\n`));
  await client.connect();
  return client;
}

function run(client: pg.Client, text: string, values: readonly SqlValue[], sink: ResultSink): Promise<void> {
  return new Promise((resolve, reject) => {
    // Values need the extended protocol, which takes one statement; without any, the text may hold many.
    const query = new ToldQuery(
      values.length === 0
        ? { text, rowMode: "array" }
        : { text: numberPlaceholders(text), values: [...values], rowMode: "array" },
      sink,
    );
    query.on("row", (row: unknown) => sink.row(row as readonly unknown[])); // rowMode "array"
    query.on("error", reject);
    query.on("end", () => resolve());
    client.query(query);
  });
}

interface RowDescription {
  readonly fields: readonly { readonly name: string }[];
}
interface CommandComplete {
  /** `INSERT 0 5`, `SELECT 3`, `CREATE TABLE` */
  readonly text: string;
}

/** pg tells of the results of several statements only when all are over; the protocol's messages tell of each as it comes. */
class ToldQuery extends pg.Query {
  readonly #sink: ResultSink;
  #hasRows = false;

  constructor(config: pg.QueryConfig & { rowMode: "array" }, sink: ResultSink) {
    super(config);
    this.#sink = sink;
  }

  handleRowDescription(message: RowDescription): void {
    passOn(this, "handleRowDescription", [message]);
    this.#hasRows = true;
    this.#sink.columns(message.fields.map(({ name }) => name));
  }

  handleCommandComplete(message: CommandComplete, connection: unknown): void {
    passOn(this, "handleCommandComplete", [message, connection]);
    const count = /\d+$/.exec(message.text)?.[0];
    this.#sink.end(this.#hasRows || count === undefined ? undefined : Number(count));
    this.#hasRows = false;
  }
}

/** What any query does with the message; its methods are called by the client and have no place in the types. */
function passOn(query: pg.Query, method: string, args: readonly unknown[]): void {
  const inherited: unknown = Reflect.get(pg.Query.prototype, method);
  if (typeof inherited === "function") Reflect.apply(inherited, query, args);
}
