// Writes docs/language.md from the catalogue of the language. `--check` only says whether it is current.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { functionForms } from "../scheduler/language/expression-types.ts";
import { problemDocs } from "../scheduler/language/problem-docs.ts";
import { paramTypes } from "../scheduler/language/read-params.ts";
import { typeText } from "../scheduler/language/wording.ts";
import { specialFunctions, timeFunctions } from "../scheduler/model/time/time-functions.ts";
import { windows } from "../scheduler/model/time/windows.ts";
import type { Attribute, TaskType } from "../scheduler/tasks/attribute.ts";
import { builtIns } from "../scheduler/tasks/built-ins.ts";
import { taskAttributes } from "../scheduler/tasks/task-attributes.ts";
import { taskTypes } from "../scheduler/tasks/task-types.ts";
import { statements, workflowAttributes } from "../scheduler/tasks/workflow-attributes.ts";

export const referencePath = path.resolve(import.meta.dirname, "../docs/language.md");

export function languageReference(): string {
  return `${[
    "# The language of `.flow` files",
    "<!-- Written by scripts/language-reference.ts from scheduler/tasks: change the catalogue, not this page. -->",
    introduction,
    "## The workflow",
    attributeTable(workflowAttributes),
    examples(workflowAttributes),
    "## Statements",
    statementTable(),
    `Parameter types: ${paramTypes.map(code).join(", ")}. A parameter's name has letters, digits and \`_\`, no \`-\`.`,
    "## Every task",
    `${attributeTable(taskAttributes)}\n\nAttributes marked with * may also stand in the workflow's \`defaults { … }\` and in \`porpoise.json\`.`,
    examples(taskAttributes),
    "## Task types",
    ...taskTypes.map(typeSection),
    "## Placeholders",
    placeholders,
    table(
      ["function", ""],
      [...timeFunctions, ...specialFunctions].map((one) => [code(one.signature), one.doc]),
    ),
    "## Conditions",
    conditions,
    table(
      ["function", ""],
      functionForms.map(({ form, doc }) => [code(form), doc]),
    ),
    "## Windows",
    "The words behind `@` in `wait_for`, seen from the schedule time in the workflow's zone. Days, weeks (from Monday) and months are the calendar's, also where clocks change; hours are hours of time. A window begins with its first instant and ends before its last.",
    table(
      ["window", ""],
      windows.map(({ name, doc }) => [code(name), doc]),
    ),
    "## Built-in names",
    table(
      ["name", ""],
      builtIns.map((one) => [code(one.name), one.doc]),
    ),
    "## porpoise.json",
    settings,
    "## Problems",
    "Each has a stable code, the same in the editor, at `porpoise check` and in the answers of the API.",
    table(
      ["code", "usually", ""],
      Object.entries(problemDocs).map(([name, one]) => [code(name), one.severity, one.doc]),
    ),
  ].join("\n\n")}\n`;
}

const introduction = `One file is one workflow. Every top-level construct starts in column 0: the workflow's header, tasks, edges, and \`///\` comments that document what follows them. \`//\` behind white space begins a comment.

\`\`\`\`flow
/// Says hello every day.
workflow demo/hello "Hello" {
  schedule = cron("0 0 8 * * ?") in "Europe/Berlin"
  param name: string = "world"
}

task greet: shell {
  retries = 2 every 1m
  \`\`\`bash
  echo "hello, \${name}, today is $[yyyy-MM-dd]"
  \`\`\`
}

task tell: shell {
  \`\`\`bash
  echo "done"
  \`\`\`
}

greet >> tell
\`\`\`\`

Scripts are Markdown fences, verbatim: up to the indent of the opening line is taken from each line, and a longer fence may hold a shorter one. A header-shaped line in column 0 always ends a fence. Edges are \`a >> b\`, \`[a, b] >> c >> d\`, or \`after = [a, b]\` inside a task. Names are Unicode letters, digits, \`_\` and \`-\`, or quoted. Strings have JSON's escapes, and \`\\$\` for a plain dollar. Durations are \`90s\`, \`30m\`, \`4h\`, \`1d\`, \`1h30m\`.`;

const placeholders = `\`\${name}\` stands for a value, \`$[…]\` for a time. In a script only names in scope and well-formed times are replaced, everything else passes byte for byte; a fence marked \`raw\` is not touched at all. In an attribute's string an unknown \`\${…}\` is a problem. Values that are filled in are not read again. Every value in scope is also in the environment of the process, as \`PORPOISE_NAME\`: the safe way for values from outside.

\`$[…]\` holds a Java date pattern, counted from the schedule time (else the start time) in the workflow's zone, with days behind it where it shall be moved: \`$[yyyyMMdd-1]\`, \`$[yyyyMMdd+7*2]\`, \`$[HHmmss-1/24]\` (an hour), \`$[yyyyMMddHHmm-5/24/60]\` (five minutes). Whole days are calendar days, also where clocks change. Or it holds a function:`;

const settings = `Beside \`.flow\` files may lie a \`porpoise.json\`; it holds for its folder and those below, as far as none of them has its own.

\`\`\`json
{
  "project": "retail",
  "defaults": { "retries": "2 every 5m", "timeout": "30m then fail" },
  "problems": { "name/unused-param": "off" }
}
\`\`\`

\`problems\` sets how bad hints and warnings are in this folder: \`error\`, \`warning\`, \`information\`, \`hint\` or \`off\`. The editor, \`porpoise check\` and deployments follow it. Errors stay errors: what they report cannot run. What only you want to see otherwise stands in the editor's setting \`porpoise.problems\`.`;

const conditions = `A \`switch\` takes the first branch whose condition over params and outputs is true; a \`conditions\` task also asks how the tasks directly before it ended. The tasks of the other branches are skipped, and such a task has no successors but those of its branches.

\`\`\`\`flow
task route: switch {
  when row_count == 0 >> notify
  when row_count > 1000000 and region in ["eu", "us"] >> [load_big, audit]
  else >> load_small
}

task gate: conditions {
  when all(load_big is succeeded, audit is succeeded) or load_small is succeeded >> publish
  else >> page_oncall
}
\`\`\`\`

From weak to strong: \`or\`, \`and\`, \`not\`, comparisons (\`== != < <= > >= in\`, which do not chain), \`+ -\`, \`* / %\`. A param's declared type says what it is: \`string\`, \`date\`, \`datetime\` and \`file\` are text and are ordered as text, \`integer\` and \`float\` are numbers, \`boolean\` is true or false, \`list\` is a list. Sides that do not fit are a problem while you type; a number without a value, or a division by zero, fails the task when it runs. What the answer does not need is not looked at. Line breaks are free inside brackets.`;

function attributeTable(attributes: readonly Attribute[]): string {
  const rows = attributes.map((one) => [
    code(one.name) + (one.mayBeDefault ? " *" : ""),
    typeText(one.type) === "" ? "" : code(typeText(one.type)),
    one.isRequired ? "required" : one.default === undefined ? "" : code(one.default),
    one.doc,
  ]);
  return table(["attribute", "value", "usually", ""], rows);
}

const examples = (attributes: readonly Attribute[]): string =>
  `\`\`\`flow\n${attributes.map((one) => one.example).join("\n")}\n\`\`\``;

const statementTable = (): string =>
  table(
    ["statement", "in", "", "example"],
    statements.map((one) => [
      code(one.keyword),
      one.places.join(", "),
      one.doc,
      code(one.example.replaceAll(/\s*\n\s*/g, " ")),
    ]),
  );

function typeSection(type: TaskType): string {
  const { need, languages } = type.script;
  const fence = { required: "A script is required", optional: "A script is possible", none: "It has no script" }[need];
  const words = languages.length > 0 ? `, its language ${languages.map(code).join(" or ")}` : "";
  const parts = [`### ${type.name}`, type.doc, `${fence}${words}.`];
  if (type.attributes.length > 0) parts.push(attributeTable(type.attributes));
  const ticks = type.example.includes("```") ? "````" : "```";
  parts.push(`${ticks}flow\n${type.example}\n${ticks}`);
  return parts.join("\n\n");
}

const code = (text: string): string => `\`${text}\``;

/** Columns as wide as their widest cell, as the formatter writes them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const isCurrent = existsSync(referencePath) && readFileSync(referencePath, "utf8") === languageReference();
  if (!process.argv.includes("--check")) writeFileSync(referencePath, languageReference());
  else if (!isCurrent) console.error("docs/language.md is not current: run `node scripts/language-reference.ts`");
  if (process.argv.includes("--check") && !isCurrent) process.exitCode = 1;
}
