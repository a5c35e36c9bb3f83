// The formatter: a file's blocks, each laid out again from its tokens. What a block means never changes; a block with syntax
// errors stays as it is.

import type { Range } from "../model/problem.ts";
import { blockScan } from "./blocks.ts";
import { type Block, type FlowDocument, openDocument } from "./document.ts";
import { formatLines } from "./format-lines.ts";
import { lineContent } from "./lines.ts";
import { parseBlock } from "./parse.ts";
import { readBlock } from "./read-block.ts";
import { fingerprint } from "./summary.ts";
import type { TextEdit } from "./text-edit.ts";

export interface FormattedText {
  readonly text: string;
  /** First lines of the blocks that were left alone because they have syntax errors. */
  readonly leftAlone: readonly number[];
}

/** A text that is not read at all (binary, too large) stays as it is. */
export function formatText(text: string): FormattedText {
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : "";
  const document = openDocument(text.slice(mark.length));
  const blocks = formatBlocks(document);
  if (blocks.length === 0) return { text, leftAlone: [] };
  return {
    text: mark + blocks.map((one) => one.text).join(""),
    leftAlone: blocks.flatMap((one) => (one.isLeftAlone ? [one.start] : [])),
  };
}

/** One edit for each block that changes; only blocks that the range touches, where one is given. */
export function formatEdits(document: FlowDocument, within?: Range): readonly TextEdit[] {
  return formatBlocks(document, within).flatMap(({ block, start, text }): readonly TextEdit[] => {
    if (text === block.lines.join("")) return [];
    return [{ range: wholeRange(block, start), text }];
  });
}

interface FormattedBlock {
  readonly block: Block;
  readonly start: number;
  readonly text: string;
  readonly isLeftAlone: boolean;
}

const byteOrderMark = "\ufeff";

function formatBlocks(document: FlowDocument, within?: Range): readonly FormattedBlock[] {
  const blocks = document.blocks();
  let lineEnd = "\n";
  return blocks.flatMap((block, index) => {
    lineEnd = lineEndOf(block.lines) ?? lineEnd;
    const start = document.starts()[index] ?? 0;
    if (within && (start > within.end.line || start + block.lines.length <= within.start.line)) return [];
    const old = block.lines.map(lineContent);
    const place = { isFirst: index === 0, isLast: index === blocks.length - 1 };
    const lines = formatBlock(old, place);
    const text = lines ? lines.map((line) => line + lineEnd).join("") : block.lines.join("");
    return [{ block, start, text, isLeftAlone: lines === undefined }];
  });
}

interface PlaceInFile {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Undefined where the block has syntax errors. */
function formatBlock(old: readonly string[], place: PlaceInFile): readonly string[] | undefined {
  if (parseBlock(old).problems.length > 0) return undefined;
  const lines = formatLines(old);
  const from = place.isFirst ? lines.findIndex((line) => line !== "") : 0;
  const to = place.isLast ? lines.findLastIndex((line) => line !== "") + 1 : lines.length;
  const trimmed = from < 0 ? [] : lines.slice(from, to);
  // The layout follows from the tokens; should it ever read differently, the author's own is the right one.
  return meansTheSame(old, trimmed) ? trimmed : undefined;
}

function meansTheSame(old: readonly string[], fresh: readonly string[]): boolean {
  const scan = blockScan();
  const isOneBlock = fresh.every((line, index) => !scan.startsBlock(line) || index === 0);
  return isOneBlock && meaning(old) === meaning(fresh);
}

function meaning(lines: readonly string[]): string {
  const { draft, summary, problems } = readBlock(lines);
  return JSON.stringify([draft, fingerprint(summary), problems.map(({ code, message }) => [code, message])]);
}

/** CRLF or LF, as in the first line that says something; each block keeps its own, so that blocks left alone change nothing. */
function lineEndOf(lines: readonly string[]): string | undefined {
  const first = lines.find((line) => lineContent(line).trim() !== "") ?? lines[0] ?? "";
  if (first === lineContent(first)) return undefined;
  return first.endsWith("\r\n") ? "\r\n" : "\n";
}

function wholeRange({ lines }: Block, start: number): Range {
  const last = lines[lines.length - 1] ?? "";
  const content = lineContent(last);
  const isEnded = content.length < last.length;
  const end = isEnded
    ? { line: start + lines.length, character: 0 }
    : { line: start + lines.length - 1, character: content.length };
  return { start: { line: start, character: 0 }, end };
}
