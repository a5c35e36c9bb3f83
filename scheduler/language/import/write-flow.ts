// An imported workflow as `.flow` text. What could not be carried over stands as a comment where it would have been.

import { isParamName } from "../../model/substitute.ts";
import { writtenName } from "../written-name.ts";
import type { ImportedParam, ImportedTask, ImportedWorkflow, Note } from "./imported.ts";

export function writeFlow(workflow: ImportedWorkflow): string {
  const { project, name, title, doc, lines, params, tasks, edges, notes } = workflow;
  const path = project === undefined ? writtenName(name) : `${writtenName(project)}/${writtenName(name)}`;
  const header = `workflow ${path}${title === undefined ? "" : ` ${JSON.stringify(title)}`} {`;
  const body = [
    ...lines,
    ...(lines.length > 0 && params.length > 0 ? [""] : []),
    ...params.map((param) => paramLine("param", param)),
    ...notes.flatMap(comment),
  ];
  return [
    ...docLines(doc),
    header,
    ...body.map(indented),
    "}",
    ...tasks.flatMap(taskLines),
    ...(edges.length > 0 ? [""] : []),
    ...edgeLines(edges),
    "",
  ].join("\n");
}

function taskLines(task: ImportedTask): readonly string[] {
  const { name, type, doc, lines, ins, outs, script, notes } = task;
  return [
    "",
    ...docLines(doc),
    `task ${writtenName(name)}: ${type} {`,
    ...[
      ...lines,
      ...ins.map((one) => paramLine("in", one)),
      ...outs.map(({ name: out, type: of }) => `out ${out}: ${of}`),
      ...notes.flatMap(comment),
      ...(script ? fenceLines(script.language, script.text) : []),
    ].map(indented),
    "}",
  ];
}

const indented = (line: string): string => (line === "" ? "" : `  ${line}`);

const docLines = (doc: string | undefined): readonly string[] =>
  doc === undefined || doc.trim() === ""
    ? []
    : doc
        .trim()
        .split(/\r\n|\n|\r/)
        .map((line) => `/// ${line}`.trimEnd());

const paramLine = (keyword: "param" | "in", { name, type, value }: ImportedParam): string =>
  `${keyword} ${name}: ${type}${value === undefined ? "" : ` = ${JSON.stringify(value)}`}`;

/** Longer than any fence inside. */
function fenceLines(language: string, text: string): readonly string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  return [ticks + language, ...text.replace(/\s+$/, "").split(/\r\n|\n|\r/), ticks];
}

const longestSource = 2000;

function comment({ text, source }: Note): readonly string[] {
  const shown = source === undefined ? "" : JSON.stringify(source, undefined, 2).slice(0, longestSource);
  const lines = [`not carried over: ${text}`, ...(shown === "" ? [] : shown.split("\n"))];
  return lines.map((line) => `// ${line}`);
}

/** One line for each group of tasks before a task. */
function edgeLines(edges: ImportedWorkflow["edges"]): readonly string[] {
  const before = new Map<string, string[]>();
  for (const [from, to] of edges) before.set(to, [...(before.get(to) ?? []), from]);
  return [...before].map(([to, all]) => {
    const names = [...new Set(all)].map(writtenName);
    return `${names.length === 1 ? names[0] : `[${names.join(", ")}]`} >> ${writtenName(to)}`;
  });
}

/** A name as ours may be: letters, digits and `_`. */
export function paramName(name: string): string {
  const fitting = name.replaceAll(/[^\p{L}\p{N}_]/gu, "_");
  return isParamName(fitting) ? fitting : `_${fitting}`;
}
