// Quick fixes of what cannot be read: what is missing at an end, and signs of other languages.

import type { Problem } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { Fix } from "./fix.ts";
import { insertAt, lineEndOf, lineText, textIn } from "./fix-text.ts";
import { indentScript } from "./indent-script.ts";

export function unclosed(document: FlowDocument, problem: Problem): readonly Fix[] {
  const missing = /: (\S+) is missing$/.exec(problem.message)?.[1];
  if (missing === undefined) return [];
  const title = `Add ${missing}`;
  const { start, end } = problem.range;
  if (missing === '"') return [{ title, problem, edit: insertAt(end, missing), isPreferred: true }];
  const lineEnd = lineEndOf(document);
  if (missing.startsWith("`")) {
    const indent = " ".repeat(start.character);
    const at = endOfBlock(document, start.line, (line) => line === "}");
    return [
      { title, problem, edit: insertAt(at.place, `${at.before}${indent}${missing}${lineEnd}`), isPreferred: true },
    ];
  }
  if (missing === "}") {
    const isTop = problem.message.startsWith("task ") || problem.message.startsWith("workflow ");
    if (!isTop) return [];
    const at = endOfBlock(document, start.line, () => false);
    return [{ title, problem, edit: insertAt(at.place, `${at.before}}${lineEnd}`), isPreferred: true }];
  }
  const text = lineText(document, start.line);
  // A branch's tasks stand behind its condition, a comment behind everything.
  const branch = text.indexOf(" >>", start.character);
  const comment = /\s\/\/.*$/.exec(text.slice(start.character));
  const last = branch >= 0 ? branch : comment ? start.character + comment.index : text.trimEnd().length;
  return [{ title, problem, edit: insertAt({ line: start.line, character: last }, missing), isPreferred: true }];
}

/** Behind the last line of the block that says something, or before the line that is the end. */
function endOfBlock(document: FlowDocument, line: number, isEnd: (line: string) => boolean) {
  const index = document.blockAt(line);
  const lines = (document.blocks()[index]?.lines ?? []).map(lineContent);
  const start = document.starts()[index] ?? 0;
  const end = lines.findLastIndex(isEnd);
  if (end >= 0) return { place: { line: start + end, character: 0 }, before: "" };
  const last = lines.findLastIndex((one) => one.trim() !== "" && !one.startsWith("//"));
  const isLastLine = start + last + 1 >= start + lines.length;
  return isLastLine
    ? { place: { line: start + last, character: (lines[last] ?? "").length }, before: lineEndOf(document) }
    : { place: { line: start + last + 1, character: 0 }, before: "" };
}

/** What stands there, and what is meant by it here. */
export function unexpected(document: FlowDocument, problem: Problem): readonly Fix[] {
  const found = textIn(document, problem.range);
  const { message, range } = problem;
  const change = (title: string, text: string, more = 0): readonly Fix[] => {
    const end = { line: range.end.line, character: range.end.character + more };
    return [{ title, problem, edit: { range: { start: range.start, end }, text }, isPreferred: true }];
  };
  if (message.includes("is no escape:")) return change("Write a backslash: \\\\", `\\${found}`);
  if (message.includes("expected == (")) return change("Change to ==", "==");
  const next = lineText(document, range.end.line)[range.end.character];
  if (message.endsWith("expected `and`")) return change("Change to and", "and", next === "&" ? 1 : 0);
  if (message.endsWith("expected `or`")) return change("Change to or", "or", next === "|" ? 1 : 0);
  if (message.startsWith("a script's fence is indented")) {
    const edit = indentScript(document, range.start);
    return edit ? [{ title: "Indent the script", problem, edit, isPreferred: true }] : [];
  }
  return [];
}
