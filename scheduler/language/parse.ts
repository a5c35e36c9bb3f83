// A block's lines → nodes with ranges. Never fails: what cannot be read becomes a problem, and an error ends at its line.

import type { Range } from "../model/problem.ts";
import type { BlockNode, BlockProblem, BranchLine, Line, Name, ParamLine, Value } from "./nodes.ts";
import { parseCondition } from "./parse-expression.ts";
import { parseFence, parseHalfFence } from "./parse-fence.ts";
import { beginsLine, checkString, parseGroup, parseValue } from "./parse-value.ts";
import { type Cursor, cursor, isPunctuation, nameOf } from "./parser.ts";
import { mostTokens, tokenize, tokenRange } from "./tokens.ts";

export interface ParsedBlock {
  readonly node: BlockNode;
  readonly problems: BlockProblem[];
}

/** Reads one block's lines (without their ends). */
export function parseBlock(lines: readonly string[]): ParsedBlock {
  const problems: BlockProblem[] = [];
  const tokens = tokenize(lines);
  if (tokens.length >= mostTokens) return { node: { kind: "nothing" }, problems: [tooLarge(lines)] };
  const at = cursor(tokens, problems);
  const doc = parseDoc(at);
  const node = parseConstruct(at);
  return { node: { ...node, ...(doc !== undefined && { doc }) }, problems };
}

/** Not read at all: what would be missing from it would only bring follow-up problems. */
function tooLarge([first = ""]: readonly string[]): BlockProblem {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: Math.min(first.length, 200) } };
  const message = `this block has more than ${mostTokens} words and signs outside scripts: move data into a script or a file`;
  return { code: "syntax/too-large", severity: "error", message, range };
}

function parseDoc(at: Cursor): string | undefined {
  const texts: string[] = [];
  for (;;) {
    at.skipNewlines();
    const token = at.peek();
    if (token.kind !== "doc") break;
    texts.push(token.text);
    at.take();
  }
  return texts.length > 0 ? texts.join("\n") : undefined;
}

function parseConstruct(at: Cursor): BlockNode {
  if (at.isOver()) return { kind: "nothing" };
  const token = at.peek();
  const next = at.peek(1);
  const startsName = next.kind === "word" || next.kind === "string";
  if (token.kind === "word" && token.start === 0 && startsName && token.text === "workflow") return parseWorkflow(at);
  if (token.kind === "word" && token.start === 0 && startsName && token.text === "task") return parseTask(at);
  if ((nameOf(token) || isPunctuation(token, "[")) && token.start === 0) return parseEdge(at);
  const isIndented = token.start > 0 && token.kind !== "fence";
  at.unexpected(
    isIndented
      ? "no indent: a workflow, a task or an edge begins in column 0"
      : "a workflow, a task or an edge (a >> b)",
  );
  return { kind: "nothing" };
}

function parseWorkflow(at: Cursor): BlockNode {
  const keyword = tokenRange(at.take());
  const first = takeName(at);
  const second = at.accept("/") ? takeName(at) : undefined;
  const title = at.peek().kind === "string" ? takeName(at) : undefined;
  const lines = parseTopBody(at, keyword, `workflow "${(second ?? first)?.text ?? ""}"`);
  const names = second ? { ...(first && { project: first }), name: second } : { ...(first && { name: first }) };
  return { kind: "workflow", keyword, ...names, ...(title && { title }), lines };
}

function parseTask(at: Cursor): BlockNode {
  const keyword = tokenRange(at.take());
  const name = takeName(at);
  let type: Name | undefined;
  if (at.accept(":")) type = takeName(at);
  if (!type) at.unexpected(`: and the task's type, as in \`task ${name?.text ?? "name"}: shell {\``);
  // Without a type the header is broken; the lines below are still read for what they say.
  const lines = type ? parseTopBody(at, keyword, `task "${name?.text ?? ""}"`) : skipHeaderAndReadBody(at);
  return { kind: "task", keyword, ...(name && { name }), ...(type && { type }), lines };
}

function skipHeaderAndReadBody(at: Cursor): readonly Line[] {
  const lines: Line[] = [];
  parseLines(at, lines, 1);
  return lines;
}

/** Only a word or string that can be a name is taken. */
function takeName(at: Cursor): Name | undefined {
  const token = at.peek();
  const name = nameOf(token);
  if (!name) return undefined;
  at.take();
  if (token.kind === "string") checkString(at, token);
  return name;
}

/** `{ … }` of a workflow or task, up to the block's end. */
function parseTopBody(at: Cursor, keyword: Range, what: string): readonly Line[] {
  const lines: Line[] = [];
  const open = at.accept("{");
  if (!open) at.unexpected(`{ after ${what}`);
  const isClosed = parseLines(at, lines, 1);
  if (!isClosed) {
    const range = open ? tokenRange(open) : keyword;
    const last = lines[lines.length - 1];
    const isFenceOpen = last?.kind === "fence" && !last.isClosed; // reported already, and it has swallowed the }
    if (open && !isFenceOpen)
      at.report({ code: "syntax/unclosed", message: `${what} is not closed: } is missing`, range });
    return lines;
  }
  if (at.peek().kind !== "newline") at.unexpected("nothing more on the line of }");
  at.skipNewlines();
  if (!at.isOver()) {
    at.unexpected(`a workflow, a task or an edge in column 0: ${what} was closed above`);
  }
  return lines;
}

/** Body lines up to the `}` that closes them (taken; false where the block ends first). */
function parseLines(at: Cursor, lines: Line[], depth: number): boolean {
  for (;;) {
    at.skipNewlines();
    if (at.isOver()) return false;
    const token = at.peek();
    if (isPunctuation(token, "}")) {
      // A brace in column 0 always closes the whole block: a forgotten inner one does not swallow what follows.
      if (depth > 1 && token.start === 0) return false;
      at.take();
      return true;
    }
    const before = at.problemCount();
    const indent = token.start;
    parseLine(at, lines, depth);
    if (!at.isAt("}") && !at.isOver() && at.peek().kind !== "newline") at.unexpected("the end of the line");
    if (at.problemCount() > before) skipRest(at, indent);
  }
}

/** Behind a broken line: lines that would only go on with it or stand in its body, up to one that begins something. */
function skipRest(at: Cursor, indent: number): void {
  let isInside = false;
  for (;;) {
    if (!at.skipNewlines() || at.isOver()) return;
    const { start } = at.peek();
    if (start > indent && at.peek().kind !== "fence") isInside = true;
    else if (isInside && start === indent && indent > 0 && at.accept("}")) return;
    else if (beginsLine(at) || at.peek().kind === "doc" || at.peek().start === 0) {
      at.stepBack();
      return;
    }
    at.skipLine();
  }
}

function parseLine(at: Cursor, lines: Line[], depth: number): void {
  const token = at.peek();
  if (token.kind === "fence") {
    lines.push(parseFence(at, token));
    return;
  }
  const key = nameOf(token);
  if (token.kind === "bad" && token.text === "`") {
    lines.push(parseHalfFence(at));
    return;
  }
  if (!key) {
    at.unexpected("an attribute (key = value), a script or }");
    return;
  }
  const keyword = token.kind === "word" ? token.text : "";
  if (at.isAt("=", 1)) parseAttribute(at, key, lines);
  else if (at.isAt("{", 1)) parseBody(at, key, lines, depth);
  else if (keyword === "in" || keyword === "out" || keyword === "param") lines.push(parseParam(at, key));
  else if (keyword === "when" || keyword === "else") lines.push(parseBranch(at, key));
  else {
    at.take();
    at.unexpected(`= and a value after "${key.text}"`);
  }
}

function parseAttribute(at: Cursor, key: Name, lines: Line[]): void {
  at.take();
  at.take();
  const value = parseValue(at, `a value for ${key.text}`);
  lines.push({ kind: "attribute", key, ...(value && { value }) });
}

function parseBody(at: Cursor, key: Name, lines: Line[], depth: number): void {
  at.take();
  const open = at.take();
  const inner: Line[] = [];
  if (depth > 8) {
    at.unexpected("no more bodies inside each other");
    return;
  }
  const isClosed = parseLines(at, inner, depth + 1);
  if (!isClosed) {
    at.report({ code: "syntax/unclosed", message: `${key.text} is not closed: } is missing`, range: tokenRange(open) });
  }
  // Where the brace that closes it is forgotten, the indent says which lines were meant to be inside.
  const isInside = (line: Line) => isClosed || startOf(line).character > key.range.start.character;
  lines.push({ kind: "body", key, lines: inner.filter(isInside) });
  lines.push(...inner.filter((line) => !isInside(line)));
}

function startOf(line: Line): Range["start"] {
  switch (line.kind) {
    case "attribute":
    case "body":
      return line.key.range.start;
    case "param":
    case "branch":
      return line.keyword.range.start;
    case "fence":
      return line.range.start;
  }
}

function parseParam(at: Cursor, keyword: Name): ParamLine {
  at.take();
  const name = takeName(at);
  if (!name) {
    at.unexpected(`a name after ${keyword.text}`);
    return { kind: "param", keyword };
  }
  const type = at.accept(":") ? takeName(at) : undefined;
  if (!type) {
    at.unexpected(`: and a type, as in \`${keyword.text} ${name.text}: string\``);
    return { kind: "param", keyword, name };
  }
  let value: Value | undefined;
  if (at.accept("=")) value = parseValue(at, `a value for ${name.text}`);
  return { kind: "param", keyword, name, type, ...(value && { value }) };
}

/** A condition that cannot be read does not take the branch's tasks with it: what they belong to would only bring more problems. */
function parseBranch(at: Cursor, keyword: Name): BranchLine {
  at.take();
  const condition = keyword.text === "when" ? parseCondition(at) : undefined;
  const words = condition?.words ?? [];
  const known = { kind: "branch", keyword, words, ...(condition?.node && { condition: condition.node }) } as const;
  if (!at.accept(">>")) {
    const expected = `>> and the tasks that come ${keyword.text === "else" ? "otherwise" : "then"}`;
    if (condition?.hasProblem) at.skipLine();
    else at.unexpected(expected);
    return { ...known, targets: [] };
  }
  return { ...known, targets: parseGroup(at) ?? [] };
}

function parseEdge(at: Cursor): BlockNode {
  const groups: (readonly Name[])[] = [];
  const first = parseGroup(at);
  if (first) groups.push(first);
  if (!at.isAt(">>")) {
    at.unexpected(">> and a task (an edge), or `task name: type {`, or `workflow name {`");
    return { kind: "nothing" };
  }
  while (at.accept(">>")) {
    at.skipNewlines();
    const group = parseGroup(at);
    if (group) groups.push(group);
  }
  at.skipNewlines();
  if (!at.isOver()) at.unexpected("the end of the edge");
  return { kind: "edge", groups };
}
