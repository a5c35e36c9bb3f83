// Pieces of text that quick fixes read and replace.

import type { Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { TextEdit } from "../text-edit.ts";

export function lineText(document: FlowDocument, line: number): string {
  const index = document.blockAt(line);
  return lineContent(document.blocks()[index]?.lines[line - (document.starts()[index] ?? 0)] ?? "");
}

/** The text of a range; of more lines than one only the first. */
export function textIn(document: FlowDocument, { start, end }: Range): string {
  const line = lineText(document, start.line);
  return line.slice(start.character, end.line === start.line ? end.character : undefined);
}

/** Takes a line out, with its end. */
export const removeLine = (line: number): TextEdit => ({
  range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } },
  text: "",
});

export const insertAt = (at: Range["start"], text: string): TextEdit => ({ range: { start: at, end: at }, text });

/** The end of a line of a file that writes its lines so. */
export const lineEndOf = (document: FlowDocument): string =>
  document.blocks()[0]?.lines[0]?.endsWith("\r\n") ? "\r\n" : "\n";

export const isSameRange = (a: Range, b: Range): boolean =>
  a.start.line === b.start.line && a.start.character === b.start.character && a.end.character === b.end.character;

export const touches = (a: Range, b: Range): boolean => !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
const isBefore = (a: Range["start"], b: Range["start"]): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);
