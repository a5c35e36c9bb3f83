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

test("the sample of the language has problems only for what is not supported yet", () => {
  const text = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");
  const problems = problemsOf(text);
  assert.ok(
    problems.every((one) => one.code === "syntax/not-yet"),
    JSON.stringify(problems),
  );
  const lines = problems.map((one) => one.range.start.line);
  assert.equal(new Set(lines).size, problems.length, "one for each use");
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
