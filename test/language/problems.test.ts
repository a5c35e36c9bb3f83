// Every problem as a case: what is reported, where exactly, and a sibling without it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
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
