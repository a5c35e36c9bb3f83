// What a file becomes: defaults and their order, scripts byte for byte, edges as numbers.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import type { TaskDefinition, WorkflowDefinition } from "../../scheduler/model/definition.ts";

function definition(text: string): WorkflowDefinition {
  const [compiled] = compile([{ path: "x.flow", text }]);
  assert.ok(compiled?.definition, JSON.stringify(compiled?.problems));
  return compiled.definition;
}

const task = (body: string, header = ""): TaskDefinition | undefined =>
  definition(`workflow w {\n${header}}\n\ntask a: shell {\n${body}}\n`).tasks[0];

const script = (fence: string): string | undefined => task(fence)?.script?.text;

test("a workflow with nothing said has the documented defaults", () => {
  assert.deepEqual(definition("workflow w {\n}\n"), {
    project: "default",
    name: "w",
    zone: "UTC",
    concurrency: "parallel",
    onFailure: "continue",
    priority: "medium",
    workerGroup: "default",
    params: [],
    tasks: [],
    edges: [],
  });
});

test("a schedule brings its zone, window and catch-up", () => {
  const header =
    'workflow w {\n  schedule = cron("0 0 2 * * ?") in "Europe/Berlin"\n  active = 2026-01-01 .. 2026-02-01T12:00:00\n  online = false\n}\n';
  const { schedule, zone } = definition(header);
  assert.equal(zone, "Europe/Berlin");
  assert.deepEqual(schedule, {
    cron: "0 0 2 * * ?",
    zone: "Europe/Berlin",
    activeFrom: "2026-01-01",
    activeUntil: "2026-02-01T12:00:00",
    catchUp: "last",
    online: false,
  });
});

test("a task's own attribute wins over the workflow's defaults, those over the folder's", () => {
  const flow =
    "workflow w {\n  defaults { retries = 2 every 5m }\n}\n\ntask a: shell {\n  retries = 1\n  ```\n  x\n  ```\n}\n\ntask b: shell {\n  ```\n  x\n  ```\n}\n";
  const settings = '{ "defaults": { "retries": "9", "timeout": "1m then warn" } }';
  const [, compiled] = compile([
    { path: "porpoise.json", text: settings },
    { path: "x.flow", text: flow },
  ]);
  const tasks = compiled?.definition?.tasks.map((one) => [one.retries, one.retryIntervalMs, one.timeout?.action]);
  assert.deepEqual(tasks, [
    [1, 60_000, "warn"],
    [2, 300_000, "warn"],
  ]);
});

test("up to the fence's indent is taken from each line, deeper indents and shallower lines stay", () => {
  assert.equal(script("    ```bash\n    if x; then\n      y\n  z\nEOF\n    ```\n"), "if x; then\n  y\nz\nEOF\n");
});

test("a script ends in exactly one line feed and has no carriage returns", () => {
  assert.equal(script("  ```bash\r\n  x\r\n\r\n  y\r\n\r\n\r\n  ```\r\n"), "x\n\ny\n");
});

test("a longer fence holds shorter ones, and raw is remembered", () => {
  const found = task("  ````bash raw\n  cat <<E\n  ```\n  E\n  ````\n")?.script;
  assert.deepEqual(found, { language: "bash", raw: true, text: "cat <<E\n```\nE\n" });
});

test("braces, quotes, comments and headers inside a script are the script's", () => {
  const text = '}\n  // no comment "\n  task b: shell {\n  a >> b';
  assert.equal(script(`  \`\`\`bash\n${text}\n  \`\`\`\n`), '}\n// no comment "\ntask b: shell {\na >> b\n');
});

test("strings keep placeholders and escaped dollars for the run, names do not", () => {
  const text =
    'workflow w {\n}\n\n/// Says it.\ntask "a \\"b\\"": http {\n  url = "http://x/\\${no}/$[yyyyMMdd]\\n"\n  expect = status 204\n}\n';
  const [only] = definition(text).tasks;
  assert.equal(only?.name, 'a "b"');
  assert.equal(only?.doc, "Says it.");
  assert.deepEqual(only?.attributes, { url: "http://x/\\${no}/$[yyyyMMdd]\n", expect: { status: 204 } });
});

test("edges come from after and from edges, each once and sorted", () => {
  const one = (name: string, after = "") => `task ${name}: shell {\n${after}  \`\`\`\n  x\n  \`\`\`\n}\n\n`;
  const text = `workflow w {\n}\n\n${one("c", "  after = [a, b]\n")}${one("a")}${one("b")}[a, b] >> c\na >> b\n`;
  assert.deepEqual(definition(text).edges, [
    [1, 0],
    [1, 2],
    [2, 0],
  ]);
});

test("param values are text, whatever they are written as", () => {
  const text =
    'workflow w {\n  param a: integer = 5\n  param b: boolean = true\n  param c: date = 2026-01-31\n  param d: list = ["x", 1]\n  param e: string\n}\n';
  assert.deepEqual(definition(text).params, [
    { name: "a", type: "integer", value: "5" },
    { name: "b", type: "boolean", value: "true" },
    { name: "c", type: "date", value: "2026-01-31" },
    { name: "d", type: "list", value: '["x",1]' },
    { name: "e", type: "string" },
  ]);
});
