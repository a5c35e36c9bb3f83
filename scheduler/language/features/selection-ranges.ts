// Selections that grow: the word, the string or brackets, the line, the bodies around it, the block, the file.

import type { Position, Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { type Token, tokenize, tokenRange } from "../tokens.ts";
import { placeAt, shifted } from "./place.ts";

/** The smallest first, each inside the next one. */
export function selectionRanges(document: FlowDocument, position: Position): readonly Range[] {
  const place = placeAt(document, position);
  if (!place) return [];
  const { lines, line, character, start } = place;
  const tokens = tokenize(lines);
  const here = { line, character };
  const found: Range[] = [];
  const word = wordAt(lines[line] ?? "", line, character);
  if (word) found.push(word);
  const fence = tokens.find((one) => one.kind === "fence" && one.line <= line && line <= one.to);
  if (fence?.kind === "fence") {
    found.push(lineRange(lines, line, line));
    if (fence.to > fence.from) found.push(lineRange(lines, fence.from, fence.to - 1));
    found.push(lineRange(lines, fence.line, Math.min(fence.to, lines.length - 1)));
  } else {
    const token = tokens.find((one) => one.kind !== "newline" && contains(tokenRange(one), here));
    if (token?.kind === "string") found.push(inner(tokenRange(token)), tokenRange(token));
    found.push(lineRange(lines, line, line));
  }
  for (const pair of bracketsAround(tokens, here)) found.push(inner(pair), pair);
  found.push(
    lineRange(
      lines,
      0,
      lines.findLastIndex((text) => text.trim() !== ""),
    ),
  );
  const all = [...found.map((range) => shifted(range, start)), wholeFile(document)];
  all.sort((a, b) => size(a) - size(b));
  // Each must hold the one before it, and be larger.
  const nested: Range[] = [];
  for (const range of all) {
    const last = nested[nested.length - 1];
    if (!contains(range, position) || (last && (!holds(range, last) || isSame(range, last)))) continue;
    nested.push(range);
  }
  return nested;
}

function wordAt(text: string, line: number, character: number): Range | undefined {
  for (const match of text.matchAll(/[\p{L}\p{N}_-]+/gu))
    if (match.index <= character && character <= match.index + match[0].length)
      return { start: { line, character: match.index }, end: { line, character: match.index + match[0].length } };
  return undefined;
}

function bracketsAround(tokens: readonly Token[], at: Position): readonly Range[] {
  const open: Token[] = [];
  const found: Range[] = [];
  for (const token of tokens) {
    if (token.kind !== "punctuation") continue;
    if ("([{".includes(token.text)) open.push(token);
    else if (")]}".includes(token.text)) {
      const start = open.pop();
      if (!start) continue;
      const range = { start: tokenRange(start).start, end: tokenRange(token).end };
      if (contains(range, at)) found.push(range);
    }
  }
  return found;
}

const inner = ({ start, end }: Range): Range => ({
  start: { line: start.line, character: start.character + 1 },
  end: { line: end.line, character: Math.max(0, end.character - 1) },
});

function lineRange(lines: readonly string[], from: number, to: number): Range {
  const first = lines[from] ?? "";
  const indent = first.length - first.trimStart().length;
  return { start: { line: from, character: indent }, end: { line: to, character: (lines[to] ?? "").length } };
}

function wholeFile(document: FlowDocument): Range {
  const starts = document.starts();
  const last = document.blocks()[starts.length - 1]?.lines ?? [""];
  const line = (starts[starts.length - 1] ?? 0) + last.length - 1;
  return { start: { line: 0, character: 0 }, end: { line, character: (last[last.length - 1] ?? "").length } };
}

const order = (a: Position, b: Position): number => a.line - b.line || a.character - b.character;
const contains = ({ start, end }: Range, at: Position): boolean => order(start, at) <= 0 && order(at, end) <= 0;
const holds = (outer: Range, one: Range): boolean => contains(outer, one.start) && contains(outer, one.end);
const isSame = (a: Range, b: Range): boolean => order(a.start, b.start) === 0 && order(a.end, b.end) === 0;
const size = ({ start, end }: Range): number => (end.line - start.line) * 100_000 + end.character - start.character;
