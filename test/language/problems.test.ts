// Every problem as a case: what is reported, where exactly, and a sibling without it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { ServerNames } from "../../scheduler/language/check-workspace.ts";
import { compile } from "../../scheduler/language/compile.ts";

const folder = new URL("../cases/problems/", import.meta.url);

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith(".flow"))
  .sort()) {
  const text = readFileSync(new URL(file, folder), "utf8");
  if (file.endsWith(".ok.flow"))
    test(`${file} has no problem`, () =>
      assert.deepEqual(
        problemsOf(text).map(({ code, message }) => [code, message]),
        [],
      ));
  else
    test(`${file} has its one problem`, () => {
      const [head = "", ...lines] = text.split("\n");
      const [, severity, code, part] = /^\/\/ (\S+) (\S+) (.*)$/.exec(head) ?? [];
      const { clean, range } = unmark(lines.join("\n"));
      const found = problemsOf(clean);
      assert.deepEqual(
        found.map((one) => `${one.severity} ${one.code}`),
        [`${severity} ${code}`],
        JSON.stringify(found),
      );
      assert.ok(found[0]?.message.includes(part ?? "?"), found[0]?.message);
      assert.deepEqual(found[0]?.range, range);
    });
}

const problemsOf = (text: string) => compile([{ path: "case.flow", text }])[0]?.problems ?? [];

/** The text without marks, and the range between them. */
function unmark(marked: string) {
  const place = (mark: string, gone: number) => {
    const before = marked.slice(0, marked.indexOf(mark)).split("\n");
    return { line: before.length - 1, character: (before.at(-1)?.length ?? 0) - gone };
  };
  const start = place("«", 0);
  const end = place("»", 0);
  const range = { start, end: { ...end, character: end.character - (end.line === start.line ? 1 : 0) } };
  return { clean: marked.replace("«", "").replace("»", ""), range };
}

test("the sample of the language has no problem, and its definition says all that it says", () => {
  const text = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");
  const [compiled] = compile([{ path: "retail/sales_daily.flow", text }]);
  assert.deepEqual(compiled?.problems, []);
  assert.ok(compiled?.definition);
  const { tasks, ...workflow } = compiled.definition;
  const task = (name: string) => tasks.find((one) => one.name === name);
  const index = (name: string) => tasks.findIndex((one) => one.name === name);
  assert.equal(workflow.timeoutMs, 4 * 3_600_000);
  assert.equal(workflow.environment, "prod");
  assert.deepEqual(workflow.alert, { on: "failure", group: "data-oncall" });
  assert.deepEqual(task("wait_upstream")?.dependency, {
    waitFor: {
      kind: "all",
      of: [
        { kind: "one", project: "crm", workflow: "customers_daily", window: "last_1_days" },
        {
          kind: "any",
          of: [
            { kind: "one", project: "crm", workflow: "orders_hourly", task: "load", window: "last_24_hours" },
            { kind: "one", project: "erp", workflow: "full_reload", window: "today" },
          ],
        },
      ],
    },
    checkEveryMs: 10_000,
    failedWaitMs: 7_200_000,
  });
  assert.deepEqual(task("extract_orders")?.taskGroup, { name: "ods_extract", priority: 10 });
  assert.deepEqual(task("clean_orders")?.attributes, { datasource: "warehouse" });
  assert.deepEqual(task("publish")?.attributes, { datasource: "warehouse", call: "call publish_kpi(?)" });
  assert.deepEqual(task("load_small")?.subWorkflow, { project: "retail", workflow: "load_small" });
  const param = (name: string, type: string) => ({ kind: "param", name, type });
  assert.deepEqual(task("route")?.branches, {
    whens: [
      {
        condition: {
          kind: "compare",
          operator: "==",
          left: param("row_count", "integer"),
          right: { kind: "literal", value: 0 },
        },
        to: [index("notify_empty")],
      },
      {
        condition: {
          kind: "logic",
          operator: "and",
          left: {
            kind: "compare",
            operator: ">",
            left: param("row_count", "integer"),
            right: { kind: "literal", value: 1_000_000 },
          },
          right: {
            kind: "compare",
            operator: "==",
            left: param("region", "string"),
            right: { kind: "literal", value: "eu" },
          },
        },
        to: [index("load_big"), index("audit")],
      },
    ],
    otherwise: [index("load_small")],
  });
  const is = (name: string) => ({ kind: "outcome", task: index(name), is: "succeeded" });
  assert.deepEqual(task("gate")?.branches?.whens[0]?.condition, {
    kind: "call",
    function: "any",
    arguments: [is("load_small"), { kind: "call", function: "all", arguments: [is("load_big"), is("audit")] }],
  });
  const names = workflow.edges.map(([from, to]) => `${tasks[from]?.name} ${tasks[to]?.name}`);
  assert.ok(names.includes("route load_big") && names.includes("gate page_oncall"), names.join(", "));
});

test("two files that define the same workflow are a problem in the second one", () => {
  const text = "workflow shop/w {\n}\n";
  const [first, second] = compile([
    { path: "b.flow", text },
    { path: "c/w.flow", text },
  ]);
  assert.deepEqual(first?.problems, []);
  assert.equal(second?.problems[0]?.code, "name/duplicate");
  assert.equal(second?.problems[0]?.related?.[0]?.path, "b.flow");
});

const runs = (workflow: string, others: readonly string[]) =>
  `workflow ${workflow} {\n}\n${others.map((one, at) => `task t${at}: sub_workflow {\n  workflow = ${one}\n}\n`).join("")}`;

test("workflows that run each other in a circle have a problem in each file of the circle, with the whole path", () => {
  const compiled = compile([
    { path: "a.flow", text: runs("p/a", ["b", "free"]) },
    { path: "b.flow", text: runs("p/b", ["q/c"]) },
    { path: "c.flow", text: runs("q/c", ["p/a"]) },
    { path: "free.flow", text: runs("p/free", ["p/c"]) },
  ]);
  const found = compiled.map((file) =>
    file.problems.map((one) => `${one.code} ${one.range.start.line} ${one.message}`),
  );
  const circle = "workflows run each other in a circle:";
  assert.deepEqual(found, [
    [`graph/sub-workflow-cycle 3 ${circle} p/a → p/b → q/c → p/a: one of them must not`],
    [`graph/sub-workflow-cycle 3 ${circle} p/b → q/c → p/a → p/b: one of them must not`],
    [`graph/sub-workflow-cycle 3 ${circle} q/c → p/a → p/b → q/c: one of them must not`],
    [],
  ]);
  assert.deepEqual(
    compiled[0]?.problems[0]?.related?.map(({ path }) => path),
    ["b.flow", "c.flow"],
  );
});

test("waiting for each other is no circle, and a task that the other workflow does not have is a warning", () => {
  const waits = (workflow: string, other: string) =>
    `workflow ${workflow} {\n}\ntask d: dependent {\n  wait_for = ${other} @ last_1_days\n}\n`;
  const compiled = compile([
    { path: "a.flow", text: waits("p/a", "b.d") },
    { path: "b.flow", text: waits("p/b", "a.other") },
  ]);
  assert.deepEqual(
    compiled.map((file) => file.problems.map((one) => `${one.severity} ${one.code} ${one.message}`)),
    [[], ['warning name/unknown-task workflow p/a has no task "other"']],
  );
});

test("what only a server can know is a warning when it is known, and nothing when it is not", () => {
  const text =
    "workflow p/w {\n  worker_group = default\n  environment = prod\n  alert = all to oncall\n}\ntask a: sql {\n  datasource = warehous\n  task_group = pool\n  worker_group = gpu\n  ```sql\n  select 1\n  ```\n}\ntask b: sub_workflow {\n  workflow = elswhere/x\n}\n";
  const found = (known?: ServerNames) =>
    compile([{ path: "w.flow", text }], known ? { known } : {})[0]?.problems.map(
      (one) => `${one.severity} ${one.code} ${one.message}`,
    );
  assert.deepEqual(found(), []);
  assert.deepEqual(found({ datasources: ["warehouse"] }), [
    'warning name/unknown-resource the server has no data source "warehous": did you mean "warehouse"?',
  ]);
  assert.deepEqual(
    found({
      workflows: ["elsewhere/x"],
      workerGroups: [],
      environments: ["prod"],
      taskGroups: ["pool"],
      datasources: ["warehous"],
      alertGroups: ["on-call"],
    }),
    [
      'warning name/unknown-workflow neither this workspace nor the server has a workflow elswhere/x: did you mean "elsewhere/x"?',
      'warning name/unknown-resource the server has no alert group "oncall": did you mean "on-call"?',
      'warning name/unknown-resource the server has no worker group "gpu": create it there, or correct the name',
    ],
  );
});

test("porpoise.json makes hints and warnings louder or silent, and errors stay", () => {
  const settings = (problems: object) => ({ path: "porpoise.json", text: JSON.stringify({ problems }) });
  const flow = { path: "w.flow", text: "workflow w {\n  param x: string\n}\ntask a: shel {\n}\n" };
  const found = (problems: object) =>
    compile([settings(problems), flow]).flatMap((file) => file.problems.map((one) => `${one.severity} ${one.code}`));
  assert.deepEqual(found({}), ["hint name/unused-param", "error value/choice"]);
  assert.deepEqual(found({ "name/unused-param": "off" }), ["error value/choice"]);
  assert.deepEqual(found({ "name/unused-param": "error" }), ["error name/unused-param", "error value/choice"]);
  assert.deepEqual(found({ "value/choice": "hint" }), [
    "error value/choice", // of the setting
    "hint name/unused-param",
    "error value/choice",
  ]);
  assert.deepEqual(found({ "name/unused-parm": "off" })[0], "error value/choice");
});

test("a file that a task names is missed only where the files are known", () => {
  const text = 'workflow w {\n}\n\ntask a: shell {\n  files = ["jobs/x.sh"]\n  ```bash\n  jobs/x.sh\n  ```\n}\n';
  assert.deepEqual(compile([{ path: "flows/w.flow", text }])[0]?.problems, []);
  const asked: string[] = [];
  const hasFile = (path: string) => asked.push(path) < 0;
  const [compiled] = compile([{ path: "flows/w.flow", text }], { hasFile, hasFolder: () => true });
  assert.deepEqual(
    compiled?.problems.map((one) => one.code),
    ["file/not-found"],
  );
  assert.deepEqual(asked, ["flows/jobs/x.sh"]);
  assert.deepEqual(
    compile([{ path: "flows/w.flow", text }], { hasFile })[0]?.problems,
    [],
    "nothing is known of its folder",
  );
});

test("porpoise.json gives the project and defaults to its folder and those below", () => {
  const files = [
    { path: "porpoise.json", text: '{ "project": "top", "defaults": { "retries": "2 every 5m" } }' },
    { path: "in/porpoise.json", text: '{ "project": "in" }' },
    { path: "a.flow", text: "workflow a {\n}\n\ntask t: shell {\n  ```bash\n  x\n  ```\n}\n" },
    { path: "in/b.flow", text: "workflow b {\n}\n" },
    { path: "below/c.flow", text: "workflow own/c {\n}\n" },
  ];
  const definitions = compile(files).flatMap((file) => file.definition ?? []);
  assert.deepEqual(
    definitions.map((one) => `${one.project}/${one.name}`),
    ["top/a", "in/b", "own/c"],
  );
  assert.equal(definitions[0]?.tasks[0]?.retryIntervalMs, 300_000);
});

test("mistakes in porpoise.json are shown where they stand", () => {
  const text = '{\n  "projekt": "x",\n  "defaults": { "retries": "many", "url": "x" }\n}';
  const [compiled] = compile([{ path: "porpoise.json", text }]);
  const found = compiled?.problems.map((one) => `${one.range.start.line}:${one.range.start.character} ${one.code}`);
  assert.deepEqual(found, ["1:2 attribute/unknown", "2:27 value/type", "2:35 attribute/not-here"].sort());
  const [broken] = compile([{ path: "porpoise.json", text: '{ "project": }' }]);
  assert.equal(broken?.problems[0]?.code, "syntax/unexpected");
  assert.match(broken?.problems[0]?.message ?? "", /found }, expected a value/);
});

test("50 MB of text is refused at once, with a clear message", () => {
  const text = "task x\n".repeat(7_500_000);
  const started = performance.now();
  const [compiled] = compile([{ path: "large.flow", text }]);
  assert.ok(performance.now() - started < 500);
  assert.deepEqual(
    compiled?.problems.map((one) => one.code),
    ["syntax/too-large"],
  );
});
