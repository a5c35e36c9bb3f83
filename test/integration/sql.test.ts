// SQL tasks on real servers.

import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import type { DatasourceConnection } from "../../scheduler/model/datasource.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";
import { type PostgresqlServer, startPostgresql } from "../support/servers/postgresql.ts";
import { assignment, eventually, guardOf, testWorker } from "../support/worker.ts";

interface Case {
  readonly source: () => DatasourceConnection;
  readonly sleep: string;
  /** How many of these sleeps run on the server now. */
  readonly sleeping: () => Promise<number>;
  readonly procedure: string;
}

function suite(name: string, what: Case): void {
  const setUp = async (t: TestContext) => {
    const at = await testWorker(t);
    const sql = (script: string, text: Parameters<typeof assignment>[2] = {}) => ({
      ...assignment(at.worker, script, { type: "sql", language: "sql", ...text }),
      datasource: what.source(),
    });
    return { ...at, sql };
  };

  test(`${name}: several statements, their tables in the log, their columns as outputs`, async (t) => {
    const { master, api, sql } = await setUp(t);
    const one = sql(
      "create table t1 (id bigint, name varchar(20), paid decimal(30, 10), at timestamp null);\ninsert into t1 values (9007199254740993, 'x;y', 1.5, '2026-01-31 02:00:00');\nselect * from t1 where id = 0;\nselect * from t1;\n",
      { outputs: ["id", "paid"] },
    );
    await master.dispatch(one);
    const end = await master.ended(one);
    const log = await api.log(one);
    assert.equal(end.outcome, "succeeded", log);
    // As the database has them: no digit is lost on the way.
    assert.deepEqual(end.outputs, { id: "9007199254740993", paid: "1.5000000000" });
    assert.match(
      log,
      /1 row changed\nid {2}name {2}paid {2}at\n-- {2}---- {2}---- {2}--\n0 rows\nid +name +paid +at\n[- ]+\n9007199254740993 {2}x;y {3}1.5000000000 {2}2026-01-31 02:00:00\n1 row\n$/,
    );
  });

  test(`${name}: a procedure gets the task's values in their order`, async (t) => {
    const { worker, master, api, sql } = await setUp(t);
    const make = sql(`create table t2 (day varchar(99), n bigint);\n${what.procedure}\n`, { raw: true });
    await master.dispatch(make);
    assert.equal((await master.ended(make)).outcome, "succeeded", await api.log(make));
    const call = assignment(worker, undefined, {
      type: "procedure",
      attributes: { call: "call keep(?, ?)" },
      scope: { day: "2026-01-31'; drop table t2; --", n: "7" },
    });
    const inputs = [
      { name: "day", type: "string" as const },
      { name: "n", type: "integer" as const },
    ];
    const one = { ...call, task: { ...call.task, inputs }, datasource: what.source() };
    await master.dispatch(one);
    assert.equal((await master.ended(one)).outcome, "succeeded", await api.log(one));
    const look = sql("select day, n from t2\n", { outputs: ["day", "n"] });
    await master.dispatch(look);
    assert.deepEqual((await master.ended(look)).outputs, { day: "2026-01-31'; drop table t2; --", n: "7" });
  });

  test(`${name}: a killed task's statement ends on the server`, async (t) => {
    const { master, api, sql } = await setUp(t);
    const one = sql(`${what.sleep}\n`);
    await master.dispatch(one);
    await eventually(async () => ((await what.sleeping()) === 1 ? true : undefined), "the statement on the server");
    await master.ask("kill", { attempts: [{ ...one, reason: "enough" }] });
    assert.equal((await master.ended(one)).outcome, "killed");
    assert.match(await api.log(one), /\[porpoise\] cancelled\n/);
    await eventually(async () => ((await what.sleeping()) === 0 ? true : undefined), "its end on the server", 5_000);
  });

  test(`${name}: a statement that outlived its killed process is ended before the next attempt works`, async (t) => {
    const { master, api, sql } = await setUp(t);
    const one = sql(`${what.sleep}\n`);
    await master.dispatch(one);
    await eventually(async () => ((await what.sleeping()) === 1 ? true : undefined), "the statement on the server");
    // As a worker's guard ends it: without a word to the server.
    process.kill(await guardOf(process.pid), "SIGKILL");
    assert.equal((await master.ended(one)).outcome, "lost");
    const next = {
      ...sql("select 'alone' as who\n", { outputs: ["who"] }),
      taskInstance: one.taskInstance,
      workflowInstance: one.workflowInstance,
      attempt: 2,
    };
    await master.dispatch(next);
    const end = await master.ended(next);
    assert.deepEqual([end.outcome, end.outputs], ["succeeded", { who: "alone" }], await api.log(next));
    assert.equal(await what.sleeping(), 0);
  });

  test(`${name}: a wrong statement and a wrong password say what is wrong`, async (t) => {
    const { master, api, sql } = await setUp(t);
    const wrong = sql("select nothing from nowhere\n");
    const closed = { ...sql("select 1\n"), datasource: { ...what.source(), port: 1 } };
    await master.dispatch(wrong, closed);
    assert.equal((await master.ended(wrong)).reason, "the statement failed: see its log");
    assert.match(await api.log(wrong), /\[porpoise\] .*nowhere/);
    await master.ended(closed);
    assert.match(
      await api.log(closed),
      /cannot connect to data source dw \(\w+ at 127\.0\.0\.1:1, database \w+\): .*ECONNREFUSED/,
    );
  });
}

describe("SQL tasks on MariaDB", () => {
  let server: MariadbServer;
  before(async () => {
    server = await startMariadb();
    await server.createDatabase("warehouse");
  });
  after(() => server.stop());
  const source = (): DatasourceConnection => ({
    name: "dw",
    cluster: "c",
    kind: "mysql",
    host: "127.0.0.1",
    port: server.port,
    database: "warehouse",
    user: "root",
    password: "",
    options: {},
  });
  suite("MariaDB", {
    source,
    sleep: "select sleep(600) as slept",
    sleeping: () =>
      server.count("select count(*) from information_schema.processlist where info like 'select sleep(600)%'"),
    procedure: "create procedure keep(in a varchar(99), in b bigint) insert into t2 values (a, b)",
  });
});

describe("SQL tasks on PostgreSQL", () => {
  let server: PostgresqlServer;
  before(async () => {
    server = await startPostgresql();
  });
  after(() => server.stop());
  suite("PostgreSQL", {
    source: () => ({
      name: "dw",
      cluster: "c",
      kind: "postgresql",
      host: "127.0.0.1",
      port: server.port,
      database: "postgres",
      user: "postgres",
      password: "",
      options: {},
    }),
    sleep: "select pg_sleep(600)",
    sleeping: async () =>
      Number(
        (
          await server.query(
            "select count(*) as n from pg_stat_activity where state = 'active' and query like 'select pg_sleep(600)%'",
          )
        )[0]?.["n"],
      ),
    procedure: "create procedure keep(a varchar, b bigint) language sql as 'insert into t2 values (a, b)'",
  });
});
