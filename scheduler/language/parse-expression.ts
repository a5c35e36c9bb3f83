// Conditions behind `when`: expressions by precedence. An error stands where it is found, and reading goes on behind the condition.

import { type Calculation, type Comparison, calculations, comparisons, functionNames } from "../model/expression.ts";
import { isDate, isDatetime } from "../model/time/dates.ts";
import type { ExpressionNode, Name } from "./nodes.ts";
import { checkString, reportUnclosed } from "./parse-value.ts";
import { type Cursor, nameOf, spanOf } from "./parser.ts";
import { plainString } from "./strings.ts";
import { type Token, tokenRange } from "./tokens.ts";

export interface ParsedCondition {
  /** Absent where it cannot be read. */
  readonly node?: ExpressionNode;
  readonly hasProblem: boolean;
  /** Where there is a problem: every word of the line's condition. */
  readonly words: readonly Name[];
}

/** More than anyone writes, and few enough for the stack of whoever goes through them. */
const mostNodes = 1000;
const deepest = 50;

/** Reads up to the `>>`, or to the end of the line where there is none. */
export function parseCondition(cursor: Cursor): ParsedCondition {
  const state: State = { cursor, nodes: 0, depth: 0, brackets: 0, hasProblem: false };
  const node = parseOr(state);
  if (!state.hasProblem && !cursor.isAt(">>") && cursor.peek().kind !== "newline") fail(state, afterOperand(cursor));
  while (state.hasProblem && !cursor.isAt(">>") && cursor.peek().kind !== "newline" && !cursor.isOver()) cursor.take();
  if (!state.hasProblem) return { ...(node && { node }), hasProblem: false, words: [] };
  return { hasProblem: true, words: wordsSince(cursor) };
}

/** Back to the `when` of the line. */
function wordsSince(cursor: Cursor): readonly Name[] {
  const words: Name[] = [];
  for (let back = -1; back > -mostNodes; back -= 1) {
    const token = cursor.peek(back);
    if (token.kind === "newline" || token.kind === "fence" || isWord(token, "when")) break;
    const name = token.kind === "word" ? nameOf(token) : undefined;
    if (name) words.push(name);
  }
  return words;
}

interface State {
  readonly cursor: Cursor;
  nodes: number;
  depth: number;
  /** Open ones: inside them line breaks are free. */
  brackets: number;
  hasProblem: boolean;
}

/** Says what is wrong once: what follows from it helps nobody. */
function fail(state: State, expected: string): undefined {
  if (!state.hasProblem) state.cursor.expected(expected);
  state.hasProblem = true;
  return undefined;
}

/** What is likely meant where an expression does not go on as it must. */
function afterOperand(cursor: Cursor): string {
  if (cursor.isAt("=")) return "== (one = is no comparison)";
  const token = cursor.peek();
  if (token.kind === "bad" && token.text === "&") return "`and`";
  if (token.kind === "bad" && token.text === "|") return "`or`";
  return "an operator, or >> and the tasks that come then";
}

const parseOr = (state: State): ExpressionNode | undefined => parseLogic(state, "or", parseAnd);
const parseAnd = (state: State): ExpressionNode | undefined => parseLogic(state, "and", parseNot);

function parseLogic(
  state: State,
  operator: "and" | "or",
  operand: (state: State) => ExpressionNode | undefined,
): ExpressionNode | undefined {
  let left = operand(state);
  while (left && acceptWord(state, operator)) {
    const right = operand(state);
    if (!right || !count(state)) return undefined;
    left = { kind: "logic", operator, left, right, range: spanOf(left.range, right.range) };
  }
  return left;
}

function parseNot(state: State): ExpressionNode | undefined {
  const { cursor } = state;
  skipLines(state);
  const token = cursor.peek();
  // `not` is a name where nothing that it could deny stands behind it.
  if (!isWord(token, "not") || endsOperand(cursor, 1)) return parseComparison(state);
  cursor.take();
  const operand = deeper(state, parseNot);
  if (!operand || !count(state)) return undefined;
  return { kind: "not", operand, range: spanOf(tokenRange(token), operand.range) };
}

function parseComparison(state: State): ExpressionNode | undefined {
  const left = parseSum(state);
  if (!left) return undefined;
  const operator = acceptComparison(state);
  if (!operator) return left;
  const right = parseSum(state);
  if (!right || !count(state)) return undefined;
  const { cursor } = state;
  if (comparisonAt(state)) {
    const message = "comparisons do not chain: write a < b and b < c";
    cursor.report({ code: "syntax/unexpected", message, range: tokenRange(cursor.peek()) });
    state.hasProblem = true;
    return undefined;
  }
  return { kind: "compare", operator, left, right, range: spanOf(left.range, right.range) };
}

const parseSum = (state: State): ExpressionNode | undefined => parseCalculation(state, ["+", "-"], parseTerm);
const parseTerm = (state: State): ExpressionNode | undefined => parseCalculation(state, ["*", "/", "%"], parsePrimary);

function parseCalculation(
  state: State,
  operators: readonly Calculation[],
  operand: (state: State) => ExpressionNode | undefined,
): ExpressionNode | undefined {
  const { cursor } = state;
  let left = operand(state);
  while (left) {
    skipLines(state);
    const operator = calculations.find((one) => operators.includes(one) && cursor.isAt(one));
    if (operator) cursor.take();
    // `n -5` is a calculation as well: its sign was read as part of the number.
    else if (!operators.includes("-") || !isNegative(cursor.peek())) break;
    const right = operand(state);
    if (!right || !count(state)) return undefined;
    left = { kind: "calculate", operator: operator ?? "+", left, right, range: spanOf(left.range, right.range) };
  }
  return left;
}

function parsePrimary(state: State): ExpressionNode | undefined {
  const { cursor } = state;
  skipLines(state);
  const token = cursor.peek();
  const range = tokenRange(token);
  switch (token.kind) {
    case "string":
      if (isOutcome(cursor)) return parseOutcome(state);
      cursor.take();
      checkString(cursor, token);
      return { kind: "literal", value: plainString(token.raw), range };
    case "literal":
      return parseLiteral(state, token.text);
    case "word":
      if (token.text === "true" || token.text === "false") {
        cursor.take();
        return { kind: "literal", value: token.text === "true", range };
      }
      if (cursor.isAt("(", 1)) return parseCall(state, token);
      return isOutcome(cursor) ? parseOutcome(state) : parseName(cursor);
    case "punctuation":
      if (token.text === "(") return parseBrackets(state, ")", parseOr)?.items[0];
      if (token.text === "[") return parseList(state);
      break;
    default:
      break;
  }
  return fail(state, "a name, a number, a string, true, false, [ or (");
}

function parseLiteral(state: State, text: string): ExpressionNode | undefined {
  const token = state.cursor.peek();
  const range = tokenRange(token);
  const isText = isDate(text) || isDatetime(text);
  if (!isText && !/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) {
    const message = `"${text}" is no number or date here: write spaces around - and no units`;
    state.cursor.report({ code: "syntax/unexpected", message, range });
    state.hasProblem = true;
    return undefined;
  }
  state.cursor.take();
  return { kind: "literal", value: isText ? text : Number(text), range };
}

/** A param, or a built-in with its dots. */
function parseName(cursor: Cursor): ExpressionNode {
  const first = cursor.take();
  let name: Name = nameOf(first) ?? { text: "", range: tokenRange(first) };
  while (cursor.isAt(".") && cursor.peek(1).kind === "word") {
    cursor.take();
    const next = cursor.take();
    name = { text: `${name.text}.${nameOf(next)?.text ?? ""}`, range: spanOf(name.range, tokenRange(next)) };
  }
  return { kind: "name", name, range: name.range };
}

const isOutcome = (cursor: Cursor): boolean => isWord(cursor.peek(1), "is");

function parseOutcome(state: State): ExpressionNode | undefined {
  const { cursor } = state;
  const first = cursor.take();
  if (first.kind === "string") checkString(cursor, first);
  const task: Name = nameOf(first) ?? { text: "", range: tokenRange(first) };
  cursor.take();
  const word = cursor.peek();
  const is = isWord(word, "succeeded") ? "succeeded" : isWord(word, "failed") ? "failed" : undefined;
  if (!is) return fail(state, "succeeded or failed");
  cursor.take();
  return { kind: "outcome", task, is, range: spanOf(task.range, tokenRange(word)) };
}

function parseCall(state: State, token: Token): ExpressionNode | undefined {
  const text = nameOf(token)?.text ?? "";
  const found = functionNames.find((one) => one === text);
  if (!found) {
    const message = `there is no function "${text}": use ${functionNames.join(", ")}`;
    state.cursor.report({ code: "syntax/unexpected", message, range: tokenRange(token) });
    state.hasProblem = true;
    return undefined;
  }
  state.cursor.take();
  const inside = parseBrackets(state, ")", parseOr);
  if (!inside || !count(state)) return undefined;
  return { kind: "call", function: found, args: inside.items, range: spanOf(tokenRange(token), inside.end) };
}

function parseList(state: State): ExpressionNode | undefined {
  const start = tokenRange(state.cursor.peek());
  const inside = parseBrackets(state, "]", parseOr);
  if (!inside || !count(state)) return undefined;
  return { kind: "list", items: inside.items, range: spanOf(start, inside.end) };
}

/** One expression or more between brackets; plain parentheses hold one. */
function parseBrackets(state: State, close: ")" | "]", item: (state: State) => ExpressionNode | undefined) {
  const { cursor } = state;
  const isPlain = cursor.isAt("(") && !isFunction(cursor.peek(-1));
  const open = cursor.take();
  const items: ExpressionNode[] = [];
  state.brackets += 1;
  for (;;) {
    const one = deeper(state, item);
    if (!one) break;
    items.push(one);
    skipLines(state);
    const closing = cursor.peek();
    if (cursor.accept(close)) {
      state.brackets -= 1;
      return { items, end: tokenRange(closing) };
    }
    if (!isPlain && cursor.accept(",")) {
      skipLines(state);
      const trailing = cursor.peek();
      if (!cursor.accept(close)) continue;
      state.brackets -= 1;
      return { items, end: tokenRange(trailing) };
    }
    if (cursor.isAt(">>") || cursor.peek().kind === "newline" || cursor.isOver()) reportOpen(state, open, close);
    else fail(state, isPlain ? close : `, or ${close}`);
    break;
  }
  state.brackets -= 1;
  return undefined;
}

function reportOpen(state: State, open: Token, close: string): void {
  if (!state.hasProblem) reportUnclosed(state.cursor, open, close);
  state.hasProblem = true;
}

function deeper(state: State, read: (state: State) => ExpressionNode | undefined): ExpressionNode | undefined {
  if (state.depth > deepest) return fail(state, `no more than ${deepest} brackets inside each other`);
  state.depth += 1;
  const node = read(state);
  state.depth -= 1;
  return node;
}

function count(state: State): boolean {
  state.nodes += 1;
  if (state.nodes <= mostNodes) return true;
  fail(state, `a condition of at most ${mostNodes} parts`);
  return false;
}

/** Line breaks are free inside brackets, but not before a line that begins something new. */
function skipLines(state: State): void {
  const { cursor } = state;
  if (state.brackets === 0 || cursor.peek().kind !== "newline") return;
  cursor.skipNewlines();
  const token = cursor.peek();
  const isBranch = isWord(token, "when") || isWord(token, "else");
  const isLine = token.kind === "word" && (cursor.isAt("=", 1) || cursor.isAt("{", 1) || cursor.isAt(":", 2));
  if (token.kind === "fence" || cursor.isAt("}") || isBranch || isLine || cursor.isOver()) cursor.stepBack();
}

function comparisonAt({ cursor }: State): Comparison | undefined {
  const token = cursor.peek();
  if (isWord(token, "in")) return "in";
  return comparisons.find((one) => one !== "in" && cursor.isAt(one));
}

function acceptComparison(state: State): Comparison | undefined {
  skipLines(state);
  const found = comparisonAt(state);
  if (found) state.cursor.take();
  return found;
}

function acceptWord(state: State, word: string): boolean {
  skipLines(state);
  if (!isWord(state.cursor.peek(), word)) return false;
  state.cursor.take();
  return true;
}

/** Nothing stands there that an operand could begin with. */
function endsOperand(cursor: Cursor, ahead: number): boolean {
  const token = cursor.peek(ahead);
  if (token.kind === "newline") return true;
  if (token.kind === "word") return ["and", "or", "in", "is"].includes(token.text);
  return token.kind === "punctuation" && token.text !== "(" && token.text !== "[";
}

const isWord = (token: Token, text: string): boolean => token.kind === "word" && token.text === text;
const isNegative = (token: Token): boolean => token.kind === "literal" && token.text.startsWith("-");
const isFunction = (token: Token): boolean => token.kind === "word" && functionNames.some((one) => one === token.text);
