// Quick fixes that write what is missing: an attribute, a branch, a script, a header, a file.

import type { Problem, Range } from "../../model/problem.ts";
import { attributesOf, findTaskType } from "../../tasks/task-types.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import { isPunctuation } from "../parser.ts";
import { tokenize } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import type { Fix } from "./fix.ts";
import { insertAt, lineEndOf } from "./fix-text.ts";
import { placeAt, shifted } from "./place.ts";
import { namesInScope } from "./references.ts";

/** The attribute's example, as the first line of the body. */
export function missingAttribute(document: FlowDocument, problem: Problem): readonly Fix[] {
  const index = document.blockAt(problem.range.start.line);
  const block = document.blocks()[index];
  const type = findTaskType(block?.summary.type?.text ?? "");
  const attribute =
    branchExample(document, problem) ??
    (type && attributesOf(type).find((one) => problem.message.includes(` needs ${one.name}: `)));
  const lines = block?.lines.map(lineContent) ?? [];
  const brace = tokenize(lines).find((token) => isPunctuation(token, "{"));
  if (!attribute || !block || !brace) return [];
  const header = block.lines[brace.line] ?? "";
  const lineEnd = header.endsWith("\r\n") ? "\r\n" : "\n";
  const behind = (lines[brace.line] ?? "").slice(brace.end).trim();
  const isFree = behind === "" || behind.startsWith("//");
  const at = { line: brace.line, character: isFree ? (lines[brace.line] ?? "").length : brace.end };
  const example = withKnownNames(document, problem.range, attribute.example)
    .split("\n")
    .map((line) => `${lineEnd}  ${line}`);
  const edit = {
    range: shifted({ start: at, end: at }, document.starts()[index] ?? 0),
    text: example.join("") + (isFree ? "" : lineEnd),
  };
  return [{ title: `Add ${attribute.name}`, problem, edit, isPreferred: true }];
}

/** An example may name a param that this file does not have: there it is plain text, to be written over. */
function withKnownNames(document: FlowDocument, { start }: Range, example: string): string {
  const place = placeAt(document, start);
  const known = place ? namesInScope(document, place).map(({ name }) => name) : [];
  return example.replaceAll(/\$\{([^}]*)\}/g, (all, name: string) => (known.includes(name) ? all : name));
}

/** A task that needs branches: the way that is always taken, to the first task that may come behind it. */
function branchExample(document: FlowDocument, problem: Problem): { name: string; example: string } | undefined {
  if (!problem.message.includes("needs branches")) return undefined;
  const { tasks, graph } = document.names();
  const own = tasks.indexOf(document.blockAt(problem.range.start.line));
  const target = tasks.find((_, task) => task !== own && graph().predecessors[task]?.length === 0);
  const name = target === undefined ? undefined : document.blocks()[target]?.summary.name?.text;
  return name === undefined ? undefined : { name: "an else branch", example: `else >> ${writtenName(name)}` };
}

/** A fence of the type's language, with a line that does nothing. */
export function missingScript(document: FlowDocument, problem: Problem): readonly Fix[] {
  const index = document.blockAt(problem.range.start.line);
  const block = document.blocks()[index];
  const language = findTaskType(block?.summary.type?.text ?? "")?.script.languages[0];
  if (!block || language === undefined || problem.message.includes("is empty")) return [];
  const lines = block.lines.map(lineContent);
  const tokens = tokenize(lines);
  const close = tokens.findLast((token) => isPunctuation(token, "}"));
  if (!close) return [];
  const nothing = new Map([
    ["sql", "select 1"],
    ["python", "pass"],
    ["javascript", "// …"],
  ]);
  const lineEnd = lineEndOf(document);
  const script = [`  \`\`\`${language}`, `  ${nothing.get(language) ?? "true"}`, "  ```"].join(lineEnd) + lineEnd;
  const isOwnLine = (lines[close.line] ?? "").slice(0, close.start).trim() === "";
  const at = { line: close.line, character: isOwnLine ? 0 : close.start };
  const edit = insertAt(
    shifted({ start: at, end: at }, document.starts()[index] ?? 0).start,
    (isOwnLine ? "" : lineEnd) + script,
  );
  return [{ title: "Add a script", problem, edit, isPreferred: true }];
}

export function missingHeader(document: FlowDocument, problem: Problem): readonly Fix[] {
  if (!problem.message.startsWith("the file has no workflow header")) return [];
  const lineEnd = lineEndOf(document);
  const edit = insertAt({ line: 0, character: 0 }, `workflow my_workflow {${lineEnd}}${lineEnd}${lineEnd}`);
  return [{ title: "Add a workflow header", problem, edit, isPreferred: true }];
}

/** An empty file where a task expects one. */
export function missingFile(problem: Problem): readonly Fix[] {
  const path = /^there is no file "(.+)" beside/.exec(problem.message)?.[1];
  if (path === undefined) return [];
  const edit = insertAt(problem.range.start, "");
  return [{ title: `Create ${path}`, problem, edit, isPreferred: false, creates: path }];
}
