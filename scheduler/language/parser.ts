// The cursor that parsing a block moves over its tokens, and the problems it leaves behind.

import type { Range } from "../model/problem.ts";
import type { BlockProblem, Name } from "./nodes.ts";
import { plainString } from "./strings.ts";
import { type Token, tokenRange } from "./tokens.ts";

export interface Cursor {
  readonly peek: (ahead?: number) => Token;
  readonly take: () => Token;
  /** Takes the next token if it is this punctuation. */
  readonly accept: (text: string) => Token | undefined;
  readonly isAt: (text: string, ahead?: number) => boolean;
  readonly isOver: () => boolean;
  /** Takes newlines; true if there was one. */
  readonly skipNewlines: () => boolean;
  /** Gives the last token back: the end of a line that was skipped too early. */
  readonly stepBack: () => void;
  /** Goes to the end of the line, where an error ends. */
  readonly skipLine: () => void;
  /** Reports at the next token and goes on behind the line. */
  readonly unexpected: (expected: string) => void;
  /** Reports at the next token and stays there. */
  readonly expected: (what: string) => void;
  readonly report: (problem: Omit<BlockProblem, "severity">) => void;
  readonly problemCount: () => number;
}

/** What more there is to say about one block helps nobody. */
const mostProblems = 1000;

export function cursor(tokens: readonly Token[], problems: BlockProblem[]): Cursor {
  let at = 0;
  const last = tokens[tokens.length - 1];
  const end: Token = { kind: "newline", text: "", line: last?.line ?? 0, start: last?.end ?? 0, end: last?.end ?? 0 };

  const peek = (ahead = 0): Token => tokens[at + ahead] ?? end;
  const isOver = () => at >= tokens.length;
  const isAt = (text: string, ahead = 0): boolean => isPunctuation(peek(ahead), text);
  const report: Cursor["report"] = (problem) => {
    if (problems.length < mostProblems) problems.push({ severity: "error", ...problem });
  };

  function take(): Token {
    const token = peek();
    at += 1;
    return token;
  }
  const accept = (text: string): Token | undefined => (isAt(text) ? take() : undefined);

  function skipNewlines(): boolean {
    const before = at;
    while (!isOver() && peek().kind === "newline") at += 1;
    return at > before;
  }

  function stepBack(): void {
    at -= 1;
  }

  function skipLine(): void {
    while (!isOver() && peek().kind !== "newline") at += 1;
  }

  function expected(what: string): void {
    const token = peek();
    report({ code: "syntax/unexpected", message: `${found(token)}, expected ${what}`, range: visibleRange(token) });
  }

  function unexpected(what: string): void {
    expected(what);
    skipLine();
  }

  return {
    peek,
    take,
    accept,
    isAt,
    isOver,
    skipNewlines,
    stepBack,
    skipLine,
    unexpected,
    expected,
    report,
    problemCount: () => problems.length,
  };
}

export const isPunctuation = (token: Token, text: string): boolean =>
  token.kind === "punctuation" && token.text === text;

/** A name is a word, or a string that is one line. */
export function nameOf(token: Token): Name | undefined {
  if (token.kind === "word") return { text: token.text, range: tokenRange(token) };
  return token.kind === "string" ? { text: plainString(token.raw), range: tokenRange(token) } : undefined;
}

export const spanOf = (first: Range, last: Range): Range => ({ start: first.start, end: last.end });

/** The end of a line is shown on its last character, where an editor can draw something. */
function visibleRange(token: Token): Range {
  if (token.kind !== "newline" || token.start === 0) return tokenRange(token);
  return tokenRange({ ...token, start: token.start - 1 });
}

function found(token: Token): string {
  switch (token.kind) {
    case "newline":
      return "the line ends here";
    case "string":
      return "found a string";
    case "fence":
      return "found a script";
    case "doc":
      return "found a /// comment";
    case "bad":
      return `found the character ${JSON.stringify(token.text)}`;
    default:
      return `found "${token.text}"`;
  }
}
