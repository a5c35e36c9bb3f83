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

/**
 * Tokens up to the character, from the beginning of the attribute that it stands in: brackets may have been opened lines above. A
 * string that is still open is not closed.
 */
export function tokensOfValue({ lines, line, content, character }: PlaceInBlock): readonly Token[] {
  let from = line;
  let depth = 0;
  // Nobody writes longer values; a bracket that is never closed must not make every key a search through the block.
  for (let above = line - 1; above >= Math.max(0, line - 200); above -= 1) {
    const text = lines[above] ?? "";
    if (/^\S/.test(text) || text.trimStart().startsWith("```")) break;
    const tokens = tokenize([text]);
    for (const token of tokens.toReversed()) {
      if (token.kind !== "punctuation") continue;
      if (")]".includes(token.text)) depth += 1;
      else if ("([".includes(token.text)) {
        depth -= 1;
        if (depth < 0) from = above;
      }
    }
    if (depth < 0) depth = 0;
    if (/^\s*[\p{L}_][\p{L}\p{N}_-]*\s*=/u.test(text)) break;
  }
  return tokenize([...lines.slice(from, line), content.slice(0, character)]).filter(
    (token) => token.kind !== "newline",
  );
}

export const contains = (range: Range, line: number, character: number): boolean =>
  range.start.line === line && range.start.character <= character && character <= range.end.character;

export const shifted = ({ start, end }: Range, by: number): Range => ({
  start: { line: start.line + by, character: start.character },
  end: { line: end.line + by, character: end.character },
});
