// Quick fixes of names and words: the one that was meant, or a declaration of the one that is missing.

import type { Problem, Range } from "../../model/problem.ts";
import { isParamName } from "../../model/substitute.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import { nearest, suggestionIn } from "../nearest.ts";
import { isPunctuation } from "../parser.ts";
import type { TextEdit } from "../text-edit.ts";
import { tokenize } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import type { Fix } from "./fix.ts";
import { insertAt, isSameRange, lineEndOf, lineText, removeLine, textIn } from "./fix-text.ts";
import { shifted } from "./place.ts";

/** Did you mean? */
export function suggestion(document: FlowDocument, problem: Problem): readonly Fix[] {
  const old = textIn(document, problem.range);
  const isTask = problem.code === "name/unknown-task";
  const name = suggestionIn(problem.message) ?? (isTask ? nearestTask(document, problem.range) : undefined);
  if (name === undefined) return [];
  const text = isTask
    ? writtenName(name)
    : old.startsWith("${")
      ? `\${${name}}`
      : old.startsWith('"')
        ? JSON.stringify(name)
        : name;
  if (text === old) return [];
  return [{ title: `Change to ${text}`, problem, edit: { range: problem.range, text }, isPreferred: true }];
}

/** Messages suggest only for the first few unknown names of a file. */
function nearestTask(document: FlowDocument, range: Range): string | undefined {
  const index = document.blockAt(range.start.line);
  const summary = document.blocks()[index]?.summary;
  const start = document.starts()[index] ?? 0;
  const names = [...(summary?.after ?? []), ...(summary?.branches ?? []), ...(summary?.groups.flat() ?? [])];
  const name = names.find((one) => isSameRange(shifted(one.range, start), range));
  return name && nearest(name.text, document.names().taskIndex.keys());
}

/** A param of the workflow for a name that there is not. */
export function declareParam(document: FlowDocument, problem: Problem): readonly Fix[] {
  const old = textIn(document, problem.range);
  if (old.startsWith("${") && !old.endsWith("}"))
    return [{ title: "Add }", problem, edit: insertAt(problem.range.end, "}"), isPreferred: true }];
  const name = old.startsWith("${") ? old.slice(2, -1) : old;
  const line = lineText(document, problem.range.start.line);
  const isList = /^\s*for_each\b/.test(line);
  const type = isList ? "list" : problem.code === "name/unknown-param" ? "integer" : "string";
  const edit = isParamName(name) ? newParam(document, name, type) : undefined;
  return edit ? [{ title: `Declare the param ${name}`, problem, edit, isPreferred: false }] : [];
}

/** A line in the workflow's body, behind the params that are there. */
export function newParam(document: FlowDocument, name: string, type: string, value?: string): TextEdit | undefined {
  const { workflow } = document.names();
  const block = workflow === undefined ? undefined : document.blocks()[workflow];
  if (workflow === undefined || !block) return undefined;
  const lines = block.lines.map(lineContent);
  const params = block.summary.params;
  const last = params[params.length - 1]?.range.start.line;
  const brace = tokenize(lines).find((token) => isPunctuation(token, "{"));
  const after = last ?? brace?.line;
  if (after === undefined) return undefined;
  const lineEnd = lineEndOf(document);
  const at = { line: (document.starts()[workflow] ?? 0) + after, character: 0 };
  const isOneLine = last === undefined && brace && (lines[after] ?? "").slice(brace.end).trim().startsWith("}");
  const written = `  param ${name}: ${type}${value === undefined ? "" : ` = ${value}`}`;
  if (isOneLine && brace) return insertAt({ line: at.line, character: brace.end }, `${lineEnd}${written}${lineEnd}`);
  return insertAt({ line: at.line, character: (lines[after] ?? "").length }, `${lineEnd}${written}`);
}

/** A plain dollar where no name is meant. */
export function escapeDollar(document: FlowDocument, problem: Problem): readonly Fix[] {
  if (problem.severity !== "error" || !textIn(document, problem.range).startsWith("$")) return [];
  const edit = insertAt(problem.range.start, "\\");
  return [{ title: "Write a plain dollar: \\$", problem, edit, isPreferred: false }];
}

/** The param's whole line. */
export const removeParam = (document: FlowDocument, problem: Problem): readonly Fix[] =>
  removed(document, problem, "param");

/** The line of an attribute, `in` or branch that does not belong there; a body goes as a whole. */
export function removed(document: FlowDocument, problem: Problem, what = ""): readonly Fix[] {
  const { line } = problem.range.start;
  const text = lineText(document, line);
  const name = textIn(document, problem.range);
  if (text.trimEnd().endsWith("{") || text.trimStart().startsWith("```") || text.includes("[") || text.includes("("))
    return [];
  const isAlone = text.slice(0, problem.range.start.character).trim() === what;
  if (!isAlone) return [];
  return [
    {
      title: `Remove ${what} ${name}`.replace("  ", " "),
      problem,
      edit: removeLine(line),
      isPreferred: false,
    },
  ];
}

/** A second name of the same kind gets a number. */
export function renumber(document: FlowDocument, problem: Problem): readonly Fix[] {
  const isTask = problem.message.startsWith("there are two tasks");
  const isDeclared = /^(param|in|out) "/.test(problem.message);
  if (!isTask && !isDeclared) return removed(document, problem);
  const name = /"(.+?)"/.exec(problem.message)?.[1] ?? "";
  const taken = (text: string) =>
    document
      .blocks()
      .some(({ summary }) =>
        isTask
          ? summary.name?.text === text
          : [...summary.params, ...summary.ins, ...summary.outs].some((one) => one.text === text),
      );
  let number = 2;
  while (taken(`${name}_${number}`)) number += 1;
  const text = isTask ? writtenName(`${name}_${number}`) : `${name}_${number}`;
  return [{ title: `Rename to ${text}`, problem, edit: { range: problem.range, text }, isPreferred: false }];
}
