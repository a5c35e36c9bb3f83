// Imports of DolphinScheduler's exports and pydolphinscheduler's YAML: what comes over means the same, what does not is told.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import { type ImportedFile, importText } from "../../scheduler/language/import/import.ts";
import { randomFrom } from "./random-text.ts";

const read = (name: string) => readFileSync(new URL(`../cases/import/${name}`, import.meta.url), "utf8");

function imported(name: string): readonly ImportedFile[] {
  const found = importText(read(name), "shop");
  assert.ok("files" in found, JSON.stringify(found));
  return found.files;
}

const definitionsOf = (files: readonly ImportedFile[]) => {
  const compiled = compile(files.map(({ name, text }) => ({ path: name, text })));
  const errors = compiled.flatMap(({ path, problems }) =>
    problems
      .filter((one) => one.severity === "error")
      .map((one) => `${path}:${one.range.start.line + 1} ${one.code} ${one.message}`),
  );
  assert.deepEqual(errors, [], files.map(({ text }) => text).join("\n"));
  return compiled.map(({ definition }) => {
    assert.ok(definition);
    return definition;
  });
};

for (const name of ["export-2.json", "export-3.json"])
  test(`${name} comes over: schedule, params, every task type, branches, edges`, () => {
    const files = imported(name);
    assert.deepEqual(
      files.map((file) => file.name),
      ["sales_daily.flow", "customers.flow"],
    );
    const [sales] = definitionsOf(files);
    assert.ok(sales);
    assert.deepEqual(
      [
        sales.project,
        sales.name,
        sales.timeoutMs,
        sales.concurrency,
        sales.priority,
        sales.onFailure,
        sales.workerGroup,
      ],
      ["shop", "sales_daily", 240 * 60_000, "serial_wait", "high", "end", "etl pool"],
    );
    assert.deepEqual(sales.schedule, {
      cron: "0 30 2 * * ? *",
      zone: "Asia/Shanghai",
      activeFrom: "2022-01-01",
      activeUntil: "2032-12-31",
      catchUp: "last",
      online: false,
    });
    assert.deepEqual(
      sales.params.map(({ name: param, type, value }) => [param, type, value]),
      [
        ["region", "string", "eu"],
        ["n", "integer", "7"],
        ["bad", "string", "seven"],
        ["odd", "string", "\\${not_there} costs $5"],
        ["biz_date", "string", "${system.biz.date}"],
      ],
    );
    const task = (of: string) => sales.tasks.find((one) => one.name === of);
    const extract = task("抽取 订单");
    assert.equal(extract?.doc, "Pulls the order files\nof yesterday");
    assert.deepEqual(
      [
        extract?.retries,
        extract?.retryIntervalMs,
        extract?.timeout,
        extract?.delayMs,
        extract?.priority,
        extract?.workerGroup,
      ],
      [3, 120_000, { afterMs: 1_800_000, action: "warn_and_fail" }, 300_000, "high", "etl pool"],
    );
    assert.equal(
      extract?.script?.text,
      "set -e\nbash extract.sh --date ${dt} ${v:-x}\necho '${setValue(row-count=5)}'\n```\ntask x: shell {\n",
    );
    assert.deepEqual(extract?.outputs, [{ name: "row_count", type: "integer" }]);
    assert.deepEqual(task("wait for crm")?.dependency, {
      waitFor: {
        kind: "all",
        of: [
          {
            kind: "any",
            of: [
              { kind: "one", project: "shop", workflow: "customers", window: "last_1_days" },
              { kind: "one", project: "shop", workflow: "customers", task: "load", window: "last_24_hours" },
            ],
          },
          { kind: "one", project: "shop", workflow: "workflow_999", window: "last_month_end" },
        ],
      },
      checkEveryMs: 30_000,
      failedWaitMs: 90 * 60_000,
    });
    assert.deepEqual(task("load")?.attributes, {
      datasource: "datasource_3",
      pre_statements: ["set @a = 1"],
      post_statements: ["analyze table t"],
    });
    assert.equal(task("load")?.script?.text, "insert into t select '${region}', ${n} from s where dt='${dt}'\n");
    assert.deepEqual(task("ask")?.attributes, {
      url: "https://example.com/api?x=1&day=\\${dt2}",
      method: "post",
      headers: { "X-Token": "t" },
      expect: { status: 201 },
    });
    assert.equal(task("py")?.enabled, false);
    assert.equal(task("spark job")?.enabled, false);
    assert.deepEqual(task("child")?.subWorkflow, { project: "shop", workflow: "customers" });
    assert.deepEqual(task("publish")?.attributes, { datasource: "datasource_3", call: "call publish(?)" });
    const branches = task("route")?.branches;
    const index = (of: string) => sales.tasks.findIndex((one) => one.name === of);
    assert.deepEqual(
      [branches?.whens.map(({ to }) => to), branches?.otherwise],
      [[[index("child")], [index("spark job")]], [index("py")]],
    );
    assert.equal(branches?.whens[0]?.condition.kind, "logic");
    assert.deepEqual(task("gate")?.branches?.otherwise, [index("each")]);
    const edges = sales.edges.map(([from, to]) => `${sales.tasks[from]?.name} > ${sales.tasks[to]?.name}`).sort();
    assert.deepEqual(
      edges,
      [
        "wait for crm > 抽取 订单",
        "抽取 订单 > load",
        "抽取 订单 > ask",
        "load > route",
        "ask > route",
        "route > child",
        "route > spark job",
        "route > py",
        "child > gate",
        "py > gate",
        "gate > publish",
        "gate > each",
      ].sort(),
    );
  });

test("everything that does not come over is a warning and a comment", () => {
  const [sales] = imported("export-3.json");
  assert.ok(sales);
  for (const part of [
    "alert group is known by the number 2",
    "environment is known by the number 77",
    "task group is known by the number 4",
    "data source is known by the number 3",
    "a workflow is known by the number 999",
    "files of the resource centre",
    "tasks of type SPARK have no equal here",
    "the condition `new Date() > 5` does not read here",
    "the list of a dynamic task",
    "items were filtered by a,b",
    'the param "row-count" is called row_count here',
  ]) {
    assert.ok(
      sales.warnings.some((warning) => warning.includes(part)),
      `${part} in\n${sales.warnings.join("\n")}`,
    );
    assert.ok(sales.text.includes(part), `${part} in\n${sales.text}`);
  }
  assert.ok(sales.warnings.some((warning) => warning.includes("its dollar is a plain one now")));
});

test("pydolphinscheduler's YAML comes over, its logic tasks as well", () => {
  const [tutorial] = definitionsOf(imported("tutorial.yaml"));
  assert.deepEqual(tutorial?.schedule?.zone, "Asia/Shanghai");
  assert.deepEqual(
    tutorial?.tasks.map(({ name, type, enabled }) => `${name} ${type} ${enabled}`),
    [
      "parent shell true",
      "child one shell true",
      "load sql true",
      "ask http true",
      "py python true",
      "from_file python true",
      "spark shell false",
      "sub sub_workflow true",
    ],
  );
  assert.equal(tutorial?.tasks[0]?.retries, 2);
  assert.deepEqual(tutorial?.tasks[7]?.subWorkflow, { project: "shop", workflow: "other" });
  const [logic] = definitionsOf(imported("logic.yaml"));
  const edges = logic?.edges.map(([from, to]) => `${logic.tasks[from]?.name} > ${logic.tasks[to]?.name}`);
  assert.deepEqual(edges?.toSorted(), [
    "gate > bad",
    "gate > good",
    "pre_1 > gate",
    "pre_2 > gate",
    "switch > pre_1",
    "switch > pre_2",
    "wait > switch",
  ]);
  assert.equal(
    logic?.tasks.find(({ name }) => name === "wait")?.dependency?.waitFor.kind,
    "all", // any of one
  );
});

test("what is neither is refused with words, and random damage never throws or makes an error of its own", () => {
  for (const text of [
    "",
    "{}",
    "[]",
    "a: 1",
    "{",
    "x",
    '[{"processDefinition": {}}]'.replace("processDefinition", "other"),
  ]) {
    const found = importText(text);
    assert.ok("wrong" in found && found.wrong.length > 20, text);
  }
  const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const source = read("export-2.json");
  for (let round = 0; round < 60; round += 1) {
    // Values of any place become something else.
    const damage = [null, "", -1, "${x", [], {}, 'a/b\n"c', true, 1e30];
    const isHit = () => random(100) === 0;
    const json: unknown = JSON.parse(source, (_, value: unknown) => (isHit() ? damage[random(damage.length)] : value));
    const found = importText(JSON.stringify(json));
    if ("wrong" in found) continue;
    for (const { path, problems } of compile(found.files.map(({ name, text }) => ({ path: name, text }))))
      for (const one of problems.filter(({ severity }) => severity === "error")) {
        const told = found.files.find(({ name }) => name === path)?.warnings ?? [];
        assert.ok(
          told.some((warning) => warning.includes(one.message)) ||
            one.code === "graph/sub-workflow-cycle" ||
            one.code === "name/duplicate",
          `seed ${seed}: untold ${one.message}`,
        );
      }
  }
});
