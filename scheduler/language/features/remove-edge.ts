// Taking one edge out of the text, and nothing else: out of `after`, or out of an edge line that may say many.

import type { Range } from "../../model/problem.ts";
import type { Block, FlowDocument } from "../document.ts";
import { afterList, branchList } from "../edges.ts";
import { lineContent } from "../lines.ts";
import type { Name } from "../nodes.ts";
import { parseBlock } from "../parse.ts";
import { spanOf } from "../parser.ts";
import type { TextEdit } from "../text-edit.ts";
import { type Token, tokenize, tokenRange } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import { shifted } from "./place.ts";

/** `edge`: its number in the file's table. Undefined where it cannot be taken out without losing something else. */
export function removeEdge(document: FlowDocument, edge: number): TextEdit | undefined {
  const { edges, tasks } = document.names();
  const index = edges.block[edge] ?? 0;
  const block = document.blocks()[index];
  const list = edges.list[edge] ?? 0;
  const item = edges.item[edge] ?? 0;
  if (!block || list === branchList) return undefined;
  const source = document.blocks()[tasks[edges.from[edge] ?? 0] ?? 0]?.summary.name?.text ?? "";
  const edit = list === afterList ? removeFromAfter(block, item) : removeFromLine(block, source, list, item);
  return edit && { ...edit, range: shifted(edit.range, document.starts()[index] ?? 0) };
}

function removeFromAfter(block: Block, item: number): TextEdit | undefined {
  const lines = block.lines.map(lineContent);
  const name = block.summary.after[item];
  const { node } = parseBlock(lines);
  const line =
    node.kind === "task" ? node.lines.find((one) => one.kind === "attribute" && one.key.text === "after") : undefined;
  if (!name || line?.kind !== "attribute" || !line.value) return undefined;
  const [atom] = line.value.atoms;
  const items = atom?.kind === "list" ? atom.items : [];
  const at = items.findIndex(({ range }) => isSame(range, name.range));
  const [own, before, behind] = [items[at], items[at - 1], items[at + 1]];
  if (own && behind) return { range: { start: own.range.start, end: behind.range.start }, text: "" };
  if (own && before) return { range: { start: before.range.end, end: own.range.end }, text: "" };
  return removeLines(block, spanOf(line.key.range, line.value.range));
}

/** `list` is the group that the edge leads to, `item` the task in it. */
function removeFromLine(block: Block, source: string, list: number, item: number): TextEdit | undefined {
  const { lines, summary } = block;
  const statement = statementIn(lines.map(lineContent));
  if (!statement) return undefined;
  const sources = summary.groups[list - 1] ?? [];
  const targets = summary.groups[list] ?? [];
  const from = sources.findLastIndex((name) => name.text === source);
  const without = (names: readonly Name[], at: number) => names.filter((_, index) => index !== at);
  const chains = [
    summary.groups.slice(0, list),
    [sources, without(targets, item)],
    [without(sources, from), targets.slice(item, item + 1)],
    summary.groups.slice(list),
  ].filter((chain) => chain.length > 1 && chain.every((group) => group.length > 0));
  if (chains.length === 0) return removeLines(block, statement);
  const lineEnd = lines.some((line) => line.endsWith("\r\n")) ? "\r\n" : "\n";
  return { range: statement, text: chains.map((chain) => chain.map(groupText).join(" >> ")).join(lineEnd) };
}

function groupText(names: readonly Name[]): string {
  const texts = names.map((name) => writtenName(name.text));
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}

/** From the first to the last word of an edge line; undefined where comments stand in between. */
function statementIn(lines: readonly string[]): Range | undefined {
  const isWord = (token: Token) => token.kind !== "newline" && token.kind !== "doc";
  const tokens = tokenize(lines).filter(isWord);
  const first = tokens[0];
  const last = tokens[tokens.length - 1];
  if (!first || !last) return undefined;
  for (let line = first.line; line < last.line; line += 1) {
    const end = tokens.findLast((token) => token.line === line)?.end ?? 0;
    if ((lines[line] ?? "").slice(end).trim() !== "") return undefined;
  }
  return spanOf(tokenRange(first), tokenRange(last));
}

/** With their lines, where nothing else stands there; a doc comment goes with what it is about. */
function removeLines({ lines }: Block, range: Range): TextEdit {
  const { start, end } = range;
  const last = lines[end.line] ?? "";
  const before = (lines[start.line] ?? "").slice(0, start.character).trim();
  const behind = last.slice(end.character).trim();
  const isAlone = before === "" && (behind === "" || behind.startsWith("//"));
  if (!isAlone) return { range, text: "" };
  const first = { line: start.character === 0 ? 0 : start.line, character: 0 };
  const hasEnd = lineContent(last) !== last;
  return {
    range: {
      start: first,
      end: hasEnd ? { line: end.line + 1, character: 0 } : { line: end.line, character: last.length },
    },
    text: "",
  };
}

const isSame = (a: Range, b: Range): boolean =>
  a.start.line === b.start.line && a.start.character === b.start.character && a.end.character === b.end.character;
