// Where a position is: in which block, in what kind of line, within which bodies.

import type { Position, Range } from "../../model/problem.ts";
import type { Block, FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import { nameOf } from "../parser.ts";
import { type FenceToken, type Token, tokenize } from "../tokens.ts";

export interface PlaceInBlock {
  readonly block: Block;
  readonly index: number;
  /** Of the block's first line in the file. */
  readonly start: number;
  /** The block's lines without their ends. */
  readonly lines: readonly string[];
  /** The position's line in the block. */
  readonly line: number;
  readonly content: string;
  readonly character: number;
}

export function placeAt(document: FlowDocument, position: Position): PlaceInBlock | undefined {
  const index = document.blockAt(position.line);
  const block = document.blocks()[index];
  if (!block) return undefined;
  const start = document.starts()[index] ?? 0;
  const line = Math.min(position.line - start, block.lines.length - 1);
  const lines = block.lines.map(lineContent);
  const content = lines[line] ?? "";
  return { block, index, start, lines, line, content, character: Math.min(position.character, content.length) };
}

/** What surrounds a line: the block's kind, then the keys of the bodies around it (`defaults`, `headers`). */
export interface Surroundings {
  readonly fence?: FenceToken;
  /** The line stands before the block's `{` or behind its `}`. */
  readonly isInBody: boolean;
  readonly bodies: readonly string[];
}

export function surroundings({ lines, line }: PlaceInBlock): Surroundings {
  const tokens = tokenize(lines);
  const bodies: string[] = [];
  let isInBody = false;
  let key = "";
  for (const token of tokens) {
    if (token.kind === "fence" && token.line < line && line < (token.isClosed ? token.to : lines.length)) {
      return { fence: token, isInBody: true, bodies };
    }
    if (token.line >= line) break;
    if (token.kind === "word" || token.kind === "string") key = nameOf(token)?.text ?? "";
    if (token.kind !== "punctuation") continue;
    if (token.text === "{") {
      if (isInBody) bodies.push(key);
      isInBody = true;
    } else if (token.text === "}") {
      if (bodies.length === 0) isInBody = false;
      bodies.pop();
    }
  }
  return { isInBody, bodies };
}

/** Tokens of the line that end at or before the character; a string that is still open at it is not closed. */
export const tokensBefore = ({ content, character }: PlaceInBlock): readonly Token[] =>
  tokenize([content.slice(0, character)]).filter((token) => token.kind !== "newline");

export const contains = (range: Range, line: number, character: number): boolean =>
  range.start.line === line && range.start.character <= character && character <= range.end.character;

export const shifted = ({ start, end }: Range, by: number): Range => ({
  start: { line: start.line + by, character: start.character },
  end: { line: end.line + by, character: end.character },
});
