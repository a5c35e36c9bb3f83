// biome-ignore-all lint/suspicious/noTemplateCurlyInString: scripts hold placeholders

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import type { DatasourceConnection } from "../../scheduler/model/datasource.ts";
import { numberPlaceholders } from "../../scheduler/worker/sql/placeholders.ts";
import { assignment, eventually, freshFolder, testWorker } from "../support/worker.ts";

const source = (file: string): DatasourceConnection => ({
  name: "warehouse",
  cluster: "c",
  kind: "sqlite",
  host: "",
  port: 0,
  database: file,
  user: "",
  password: "",
  options: {},
});

async function setUp(t: TestContext) {
  const file = join(await freshFolder(t), "warehouse.db");
  const at = await testWorker(t);
  const sql = (script: string, text: Parameters<typeof assignment>[2] = {}) => ({
    ...assignment(at.worker, script, { type: "sql", language: "sql", ...text }),
    datasource: source(file),
  });
  return { ...at, file, sql };
}

test("statements run one after the other, their results stand in the log as tables, outputs are columns", async (t) => {
  const { master, api, sql, file } = await setUp(t);
  const one = sql(
    "create table t (id integer, name text); -- a comment; with a semicolon\ninsert into t values (1, 'a;b'), (2, '${who}');\nselect id, name from t order by id;\n",
    { outputs: ["name"], scope: { who: "eve" } },
  );
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.outputs], ["succeeded", { name: "a;b" }]);
  assert.equal(await api.log(one), "0 rows changed\n2 rows changed\nid  name\n--  ----\n1   a;b\n2   eve\n2 rows\n");
  assert.equal(new DatabaseSync(file).prepare("select count(*) as n from t").get()?.["n"], 2);
});

test("a list output has all rows' values, and a long result is shown in part", async (t) => {
  const { master, api, sql } = await setUp(t);
  const many = sql(
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 250) select i, null as empty from n\n",
  );
  const one = { ...many, task: { ...many.task, outputs: [{ name: "i", type: "list" as const }] } };
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.equal(JSON.parse(end.outputs["i"] ?? "").length, 250);
  const log = await api.log(one);
  assert.match(log, /250 rows, 100 shown\n$/);
  assert.match(log, /\n1 +NULL\n/);
});

test("statements before and after run in the same connection", async (t) => {
  const { master, api, sql } = await setUp(t);
  const one = sql("insert into x values (1)\n", {
    attributes: {
      pre_statements: ["create temp table x (i integer)"],
      post_statements: ["select count(*) as n from x"],
    },
  });
  await master.dispatch(one);
  assert.equal((await master.ended(one)).outcome, "succeeded");
  assert.match(await api.log(one), /\nn\n-\n1\n1 row\n$/);
});

test("a wrong statement fails with what the database says, and what stood before it is done", async (t) => {
  const { master, api, sql, file } = await setUp(t);
  const one = sql("create table t (i integer); insert into nowhere values (1);\n");
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.reason], ["failed", "the statement failed: see its log"]);
  assert.match(await api.log(one), /\[porpoise\] no such table: nowhere\n$/);
  assert.deepEqual(new DatabaseSync(file).prepare("select name from sqlite_master").all().length, 1);
});

test("a long statement is killed with its process, and leaves no password behind", async (t) => {
  const { master, sql, dataFolder } = await setUp(t);
  const one = sql("with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n\n");
  await master.dispatch(one);
  await master.started(one);
  const request = join(dataFolder, "attempts", `${one.taskInstance}.1`, "request.json");
  await eventually(() => (existsSync(request) ? undefined : true), "the request's end");
  await master.ask("kill", { attempts: [{ ...one, reason: "enough" }] });
  assert.equal((await master.ended(one)).outcome, "killed");
});

test("a data source that cannot be opened is named with its place", async (t) => {
  const { master, api, sql } = await setUp(t);
  const one = { ...sql("select 1\n"), datasource: source("/nowhere/at/all.db") };
  await master.dispatch(one);
  assert.equal((await master.ended(one)).outcome, "failed");
  assert.match(
    await api.log(one),
    /cannot connect to data source warehouse \(\/nowhere\/at\/all\.db\): unable to open/,
  );
});

test("SQLite has no procedures, and says so", async (t) => {
  const { worker, master } = await setUp(t);
  const one = {
    ...assignment(worker, undefined, { type: "procedure", attributes: { call: "call p()" } }),
    datasource: source("x.db"),
  };
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.equal(end.reason, "data source warehouse is SQLite, which has no procedures: use a sql task");
});

test("only placeholders are numbered, not question marks in strings, names and comments", () => {
  assert.equal(numberPlaceholders(`call p(?, '?', "a?", /* ? */ ?) -- ?`), `call p($1, '?', "a?", /* ? */ $2) -- ?`);
});
