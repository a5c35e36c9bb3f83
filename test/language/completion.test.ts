// What is offered where: `|` is the cursor.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openDocument } from "../../scheduler/language/document.ts";
import { complete } from "../../scheduler/language/features/completion.ts";

const shell = (name: string, more = "") => `task ${name}: shell {\n${more}  \`\`\`bash\n  echo\n  \`\`\`\n}\n`;
const head = 'workflow w {\n  param day: date = "$[yyyyMMdd]"\n}\n\n';
const some = `${head}${shell("extract", "  out rows: integer\n")}${shell("load", "  after = extract\n")}`;

function labels(marked: string): readonly string[] {
  const at = marked.indexOf("|");
  const lines = marked.slice(0, at).split("\n");
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const { items } = complete(openDocument(marked.slice(0, at) + marked.slice(at + 1)), position);
  return items.toSorted((a, b) => a.rank - b.rank).map((item) => item.label);
}

const offers = (name: string, marked: string, expected: readonly string[]) =>
  test(`offers ${name}`, () => assert.deepEqual(labels(marked), expected));
const includes = (name: string, marked: string, expected: readonly string[], unwanted: readonly string[] = []) =>
  test(`offers ${name}`, () => {
    const found = labels(marked);
    for (const one of expected) assert.ok(found.includes(one), `${one} in ${found.join(", ")}`);
    for (const one of unwanted) assert.ok(!found.includes(one), `no ${one} in ${found.join(", ")}`);
  });

includes("a workflow in an empty file", "|", ["workflow", "task: shell"]);
includes(
  "tasks at the beginning of a line, and no second workflow",
  `${some}|`,
  ["task: http", "extract"],
  ["workflow"],
);
offers("the task types behind the colon", `${some}task x: |`, [
  "shell",
  "javascript",
  "python",
  "http",
  "sql",
  "procedure",
  "flink",
  "switch",
  "conditions",
  "dependent",
  "sub_workflow",
]);
offers("types by their first letters", `${some}task x: py|`, ["python"]);
offers("tasks behind `after` that do not come after this one", `${some}${shell("x", "  after = |\n")}`, [
  "extract",
  "load",
]);
offers(
  "no successor behind `after`",
  `${some}${shell("x", "  after = load\n")}`.replace("out rows: integer", "after = |"),
  [],
);
offers("the other tasks inside a list", `${some}${shell("x", "  after = [extract, lo|]\n")}`, ["load"]);
offers("the words of a choice", `${some}${shell("x", "  priority = hi|\n")}`, ["highest", "high"]);
offers("the word that goes on", `${some}${shell("x", "  retries = 3 |\n")}`, ["every"]);
offers("what stands behind that word", `${some}${shell("x", "  timeout = 5m then |\n")}`, [
  "fail",
  "warn",
  "warn_and_fail",
]);
offers("the word that a value begins with", `${head}task x: http {\n  expect = |\n}\n`, ["status"]);
offers("true and false", `${some}${shell("x", "  enabled = |\n")}`, ["true", "false"]);
includes(
  "attributes that are not there yet",
  `${some}${shell("x", "  retries = 1\n  |\n")}`,
  ["timeout", "in", "out", "task_group"],
  ["retries", "schedule", "when", "else"],
);
includes(
  "attributes of defaults",
  "workflow w {\n  defaults {\n    |\n  }\n}\n",
  ["retries", "timeout"],
  ["schedule", "after", "param"],
);
includes("attributes of the workflow", "workflow w {\n  |\n}\n", ["schedule", "param", "defaults", "alert"], ["after"]);
includes("parameter types", "workflow w {\n  param x: |\n}\n", ["string", "datetime"]);
includes(
  "time zones",
  'workflow w {\n  schedule = cron("0 0 2 * * ?") in "Asia/Sh|\n}\n',
  ["Asia/Shanghai"],
  ["Europe/Berlin"],
);
includes("sample crons", 'workflow w {\n  schedule = cron("|\n}\n', ["0 0 2 * * ?"]);
includes(
  "params, outputs from before and built-ins in a script",
  `${some}task x: shell {\n  after = load\n  \`\`\`bash\n  echo \${|\n  \`\`\`\n}\n`,
  ["day", "rows", "system.biz.date"],
);
includes(
  "no output of a task that does not come before",
  `${some}task x: shell {\n  \`\`\`bash\n  echo \${|\n  \`\`\`\n}\n`,
  ["day"],
  ["rows"],
);
offers("nothing in a raw script", `${some}task x: shell {\n  \`\`\`bash raw\n  echo \${|\n  \`\`\`\n}\n`, []);
offers("nothing elsewhere in a script", `${some}task x: shell {\n  \`\`\`bash\n  ec|\n  \`\`\`\n}\n`, []);
includes(
  "time functions behind $[",
  `${some}task x: shell {\n  \`\`\`bash\n  echo $[mon|\n  \`\`\`\n}\n`,
  ["month_begin", "month_last_day"],
  ["week_begin"],
);
includes("names in an attribute's string", `${head}task x: http {\n  url = "http://\${d|"\n}\n`, ["day"]);
includes(
  "not the task's other inputs in an input",
  `${head}task x: shell {\n  in a: string = "1"\n  in b: string = "\${|"\n  \`\`\`\n  x\n  \`\`\`\n}\n`,
  ["day"],
  ["a"],
);
offers("nothing in a comment's place behind a value", `${some}${shell("x", "  retries = 1 every 5m |\n")}`, []);
