// A block's lines as tokens. A fence is one token; comments vanish; every line ends in a `newline` token.

import type { Range } from "../model/problem.ts";
import { closesFence, type Fence, isDoc, opensFence } from "./blocks.ts";

export type Token = PlainToken | StringToken | FenceToken;

interface Place {
  /** Within the block. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface PlainToken extends Place {
  /** `literal` begins with a digit: number, duration, size, date. `bad` is one character that nothing begins with. */
  readonly kind: "word" | "literal" | "punctuation" | "bad" | "newline" | "doc";
  readonly text: string;
}

export interface StringToken extends Place {
  readonly kind: "string";
  /** Between the quotes, escapes as written. */
  readonly raw: string;
  readonly isClosed: boolean;
}

export interface FenceToken extends Place {
  readonly kind: "fence";
  readonly fence: Fence;
  /** Lines between the fences: from (inclusive) to (exclusive). */
  readonly from: number;
  readonly to: number;
  readonly isClosed: boolean;
}

/** More than any block has that a person wrote: a list of ten thousand names has a tenth of it. */
export const mostTokens = 200_000;

/** Stops behind the line in which the block gets too many tokens. */
export function tokenize(lines: readonly string[]): readonly Token[] {
  const tokens: Token[] = [];
  for (let line = 0; line < lines.length && tokens.length < mostTokens; line += 1) {
    const content = lines[line] ?? "";
    const fence = opensFence(content);
    if (fence) {
      const token = fenceToken(lines, line, fence);
      tokens.push(token);
      line = token.isClosed ? token.to : token.to - 1;
    } else if (isDoc(content)) {
      tokens.push({
        kind: "doc",
        text: content.slice(content[3] === " " ? 4 : 3),
        line,
        start: 0,
        end: content.length,
      });
    } else {
      tokenizeLine(content, line, tokens);
    }
    tokens.push({
      kind: "newline",
      text: "",
      line,
      start: (lines[line] ?? "").length,
      end: (lines[line] ?? "").length,
    });
  }
  return tokens;
}

export const tokenRange = (token: Token): Range => ({
  start: { line: token.line, character: token.start },
  end: { line: token.line, character: token.end },
});

function fenceToken(lines: readonly string[], line: number, fence: Fence): FenceToken {
  let to = line + 1;
  while (to < lines.length && !closesFence(lines[to] ?? "", fence)) to += 1;
  const isClosed = to < lines.length;
  return {
    kind: "fence",
    fence,
    line,
    start: fence.indent,
    end: (lines[line] ?? "").length,
    from: line + 1,
    to,
    isClosed,
  };
}

function tokenizeLine(content: string, line: number, tokens: Token[]): void {
  let at = 0;
  while (at < content.length && tokens.length < mostTokens) {
    const code = content.charCodeAt(at);
    if (code === 32 || code === 9) {
      at += 1;
    } else if (code === 47 && content.charCodeAt(at + 1) === 47 && (at === 0 || isBlank(content.charCodeAt(at - 1)))) {
      return;
    } else if (code === 34) {
      at = stringToken(content, line, at, tokens);
    } else {
      const [kind, end] = plainToken(content, at, code);
      tokens.push({ kind, text: content.slice(at, end), line, start: at, end });
      at = end;
    }
  }
}

function stringToken(content: string, line: number, start: number, tokens: Token[]): number {
  let at = start + 1;
  while (at < content.length && content[at] !== '"') at += content[at] === "\\" ? 2 : 1;
  const isClosed = at < content.length;
  const end = Math.min(at + 1, content.length);
  tokens.push({
    kind: "string",
    raw: content.slice(start + 1, isClosed ? at : content.length),
    isClosed,
    line,
    start,
    end,
  });
  return end;
}

function plainToken(content: string, at: number, code: number): [PlainToken["kind"], number] {
  if (isDigit(code) || (code === 45 && isDigit(content.charCodeAt(at + 1))))
    return ["literal", literalEnd(content, at + 1)];
  if (isNameStart(content, at, code)) return ["word", wordEnd(content, at)];
  const two = content.slice(at, at + 2);
  if (pairs.includes(two)) return ["punctuation", at + 2];
  if (singles.includes(content.charAt(at))) return ["punctuation", at + 1];
  return ["bad", at + (content.codePointAt(at) === code ? 1 : 2)];
}

const pairs: readonly string[] = [">>", "..", "==", "!=", "<=", ">="];
const singles = "{}[](),:=/.@<>+-*%";

/** A dot belongs to it only before a digit: `1.5`, but `2026-01-01..2026-12-31` is three tokens. */
function literalEnd(content: string, from: number): number {
  let at = from;
  for (;;) {
    const code = content.charCodeAt(at);
    const isDotBeforeDigit = code === 46 && isDigit(content.charCodeAt(at + 1));
    if (!isDotBeforeDigit && code !== 45 && code !== 58 && !isAsciiWord(code)) return at;
    at += 1;
  }
}

function wordEnd(content: string, start: number): number {
  let at = start;
  for (;;) {
    const code = content.charCodeAt(at);
    if (code === 45 || isAsciiWord(code)) at += 1;
    else if (code > 127 && namePart.test(characterAt(content, at))) at += characterAt(content, at).length;
    else return at;
  }
}

const namePart = /^[\p{L}\p{N}]$/u;
const nameStart = /^\p{L}$/u;

const characterAt = (content: string, at: number): string => String.fromCodePoint(content.codePointAt(at) ?? 0);
const isBlank = (code: number): boolean => code === 32 || code === 9;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isAsciiLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
const isAsciiWord = (code: number): boolean => isAsciiLetter(code) || isDigit(code);
const isNameStart = (content: string, at: number, code: number): boolean =>
  isAsciiLetter(code) || (code > 127 && nameStart.test(characterAt(content, at)));
