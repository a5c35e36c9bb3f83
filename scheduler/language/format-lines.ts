// The layout of one block without syntax errors: two spaces a level, one attribute a line, no aligning. Line breaks inside brackets
// and comments stay the author's; scripts move as a whole.

import { indentOf, isDoc } from "./blocks.ts";
import { isPunctuation } from "./parser.ts";
import { type FenceToken, type Token, tokenize } from "./tokens.ts";

/** Lines without their ends; at most one blank line follows another line. */
export function formatLines(lines: readonly string[]): readonly string[] {
  const layout = layoutOf(lines);
  const tokens = tokenize(lines);
  const isOneLine = bodiesOnOneLine(tokens);
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "newline") layout.endLine(token.line);
    else if (token.kind === "doc") layout.whole(lines[token.line] ?? "");
    else if (token.kind === "fence") layout.fence(token);
    else layout.token(token, isOneLine.has(index));
  }
  return layout.result();
}

interface Layout {
  readonly token: (token: Exclude<Token, FenceToken>, isInOneLine: boolean) => void;
  readonly fence: (token: FenceToken) => void;
  readonly whole: (text: string) => void;
  /** The source's line ends; its comment goes with what was laid out of it. */
  readonly endLine: (line: number) => void;
  readonly result: () => readonly string[];
}

function layoutOf(lines: readonly string[]): Layout {
  const done: string[] = [];
  /** Indents of the lines on which the brackets and bodies that are still open were opened. */
  const open: number[] = [];
  let current = "";
  let indent = 0;
  let last: Token | undefined;
  let lastInLine: Token | undefined;
  let isInCondition = false;
  let fenceEnd = -1;

  const textOf = (token: Token): string => (lines[token.line] ?? "").slice(token.start, token.end);
  const inside = (): number => {
    const outer = open[open.length - 1];
    if (outer !== undefined) return outer + 2;
    return last && isPunctuation(last, ">>") ? 2 : 0; // an edge that goes on: in column 0 it would begin a new block
  };
  const flush = (): void => {
    if (current !== "") done.push(current);
    current = "";
  };
  const begin = (at: number, text: string): void => {
    indent = at;
    current = " ".repeat(at) + text;
  };

  function token(next: Exclude<Token, FenceToken>, isInOneLine: boolean): void {
    const text = textOf(next);
    const isClosing = next.kind === "punctuation" && "}])".includes(text);
    if (isClosing && text === "}" && !isInOneLine) flush();
    if (current === "") begin(isClosing ? (open[open.length - 1] ?? 0) : inside(), text);
    else current += gap(last, next, { isInCondition, hadSpace: hadSpace(lastInLine, next) }) + text;
    if (isClosing) open.pop();
    if (next.kind === "punctuation" && "{[(".includes(text)) open.push(indent);
    if (next.kind === "word" && text === "when" && current.trim() === "when") isInCondition = true;
    if (isPunctuation(next, ">>")) isInCondition = false;
    if (text === "{" && next.kind === "punctuation" && !isInOneLine) flush();
    if (text === "}" && next.kind === "punctuation" && !isInOneLine) flush();
    last = next;
    lastInLine = next;
  }

  function fence({ fence: { indent: oldIndent, ticks, info }, line, from, to }: FenceToken): void {
    flush();
    const at = inside();
    const spaces = " ".repeat(at);
    const opening = lines[line] ?? "";
    done.push(spaces + "`".repeat(ticks) + info.trim().split(/\s+/).join(" "));
    const isInPlace = opening.startsWith(spaces) && oldIndent === at;
    for (const content of lines.slice(from, to)) {
      const script = content.slice(Math.min(indentOf(content), oldIndent));
      done.push(isInPlace ? content : script === "" ? "" : spaces + script);
    }
    done.push(spaces + (lines[to] ?? "").trim());
    fenceEnd = to;
  }

  function endLine(line: number): void {
    const content = lines[line] ?? "";
    const rest = line === fenceEnd || isDoc(content) ? "" : content.slice(lastInLine?.end ?? 0);
    const comment = rest.trim();
    if (lastInLine && comment !== "") addComment(rest, comment);
    else if (comment !== "") begin(commentIndent(comment), comment);
    else if (content.trim() === "") blank();
    flush();
    lastInLine = undefined;
  }

  /** Comments below each other may be aligned by hand: what stands before them stays. */
  function addComment(rest: string, comment: string): void {
    const before = rest.slice(0, rest.indexOf(comment));
    const added = (/^ +$/.test(before) ? before : " ") + comment;
    if (current === "") done.push((done.pop() ?? "") + added);
    else current += added;
  }

  const blank = (): void => {
    if (done[done.length - 1] !== "") done.push("");
  };
  /** In column 0 a comment of three slashes would become documentation. */
  const commentIndent = (comment: string): number => (inside() === 0 && isDoc(comment) ? 2 : inside());

  return {
    token,
    fence,
    endLine,
    whole: (text) => void done.push(text),
    result: () => done,
  };
}

const hadSpace = (before: Token | undefined, next: Token): boolean => before === undefined || before.end < next.start;

interface GapPlace {
  readonly isInCondition: boolean;
  readonly hadSpace: boolean;
}

/** What stands between two tokens of a line. */
function gap(before: Token | undefined, next: Token, { isInCondition, hadSpace }: GapPlace): string {
  const left = before?.kind === "punctuation" ? before.text : "";
  const right = next.kind === "punctuation" ? next.text : "";
  if (right === ">>") return " ";
  // Signs of a condition have no one meaning here (a path's slash, a division): the author's spaces stay.
  if (isInCondition) return hadSpace ? " " : "";
  if (left === "{" && right === "}") return "";
  if (left === "(" || left === "[" || left === "/" || left === ".") return "";
  return tightBefore.includes(right) ? "" : " ";
}

const tightBefore: readonly string[] = [",", ")", "]", ":", "/", ".", "(", "%"];

/** Numbers of the brace tokens whose body stands on one line inside another body: there it stays. */
function bodiesOnOneLine(tokens: readonly Token[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open: number[] = [];
  for (const [index, token] of tokens.entries()) {
    if (isPunctuation(token, "{")) open.push(index);
    if (!isPunctuation(token, "}")) continue;
    const start = open.pop();
    if (start === undefined || open.length === 0 || tokens[start]?.line !== token.line) continue;
    found.add(start);
    found.add(index);
  }
  return found;
}
