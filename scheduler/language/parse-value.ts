// Values: what stands behind `=`, in the general form that the catalogue then reads.

import type { Atom, Name, Value } from "./nodes.ts";
import { type Cursor, nameOf, spanOf } from "./parser.ts";
import { badEscapes, plainString } from "./strings.ts";
import { type StringToken, type Token, tokenRange } from "./tokens.ts";

/** Deeper brackets than anyone writes, and few enough for the stack. */
const deepest = 50;

/** Reads atoms up to the end of the line or item; undefined where there is none (reported). */
export function parseValue(cursor: Cursor, expected: string, depth = 0): Value | undefined {
  const atoms: Atom[] = [];
  for (;;) {
    const atom = parseAtom(cursor, depth);
    if (!atom) break;
    atoms.push(atom);
  }
  const [first] = atoms;
  const last = atoms[atoms.length - 1];
  if (first && last) return { atoms, range: spanOf(first.range, last.range) };
  cursor.unexpected(expected);
  return undefined;
}

/** Checks a string's end and escapes, which every string needs wherever it stands. */
export function checkString(cursor: Cursor, token: StringToken): void {
  const range = tokenRange(token);
  if (!token.isClosed)
    cursor.report({ code: "syntax/unclosed", message: 'the string is not closed: " is missing', range });
  for (const { start, end } of badEscapes(token.raw)) {
    const message = `"${token.raw.slice(start, end)}" is no escape: write \\\\ for a backslash, or one of \\" \\n \\t \\r \\b \\f \\/ \\$ \\uXXXX`;
    const at = token.start + 1;
    cursor.report({
      code: "syntax/unexpected",
      message,
      range: { start: { line: token.line, character: at + start }, end: { line: token.line, character: at + end } },
    });
  }
}

function parseAtom(cursor: Cursor, depth: number): Atom | undefined {
  const token = cursor.peek();
  switch (token.kind) {
    case "string":
      if (cursor.isAt("/", 1) || cursor.isAt(".", 1)) return parsePathOrCall(cursor, depth);
      cursor.take();
      checkString(cursor, token);
      return { kind: "string", raw: token.raw, range: tokenRange(token) };
    case "literal":
      return parseLiteral(cursor);
    case "word":
      return parsePathOrCall(cursor, depth);
    case "punctuation":
      if (token.text === "[") return parseList(cursor, depth);
      if (token.text !== ".." && token.text !== "@") return undefined;
      cursor.take();
      return { kind: "mark", text: token.text, range: tokenRange(token) };
    default:
      return undefined;
  }
}

function parseLiteral(cursor: Cursor): Atom {
  const token = cursor.take();
  const text = token.kind === "literal" ? token.text : "";
  const percent = cursor.accept("%");
  if (!percent) return { kind: "literal", text, range: tokenRange(token) };
  return { kind: "literal", text: `${text}%`, range: spanOf(tokenRange(token), tokenRange(percent)) };
}

/** `name`, `name(…)`, or `[project/]workflow[.task]`, each part a word or a string. */
function parsePathOrCall(cursor: Cursor, depth: number): Atom {
  const first = takePart(cursor);
  if (cursor.isAt("(")) return parseCall(cursor, first, depth);
  const second = takeNext(cursor, "/");
  const task = takeNext(cursor, ".");
  const parts = [first, ...(second ? [second] : []), ...(task ? [task] : [])];
  const text = first.text + (second ? `/${second.text}` : "") + (task ? `.${task.text}` : "");
  const range = spanOf(first.range, (parts[parts.length - 1] ?? first).range);
  const names = second ? { project: first, name: second } : { name: first };
  return { kind: "path", text, ...names, ...(task && { task }), range };
}

function takePart(cursor: Cursor): Name {
  const token = cursor.take();
  if (token.kind === "string") checkString(cursor, token);
  return nameOf(token) ?? { text: "", range: tokenRange(token) };
}

const takeNext = (cursor: Cursor, separator: string): Name | undefined =>
  cursor.isAt(separator) && nameOf(cursor.peek(1)) && cursor.accept(separator) ? takePart(cursor) : undefined;

function parseCall(cursor: Cursor, name: Name, depth: number): Atom {
  const { items, end } = parseItems(cursor, ")", depth);
  return { kind: "call", name, args: items, range: spanOf(name.range, end) };
}

function parseList(cursor: Cursor, depth: number): Atom {
  const start = tokenRange(cursor.peek());
  const { items, end } = parseItems(cursor, "]", depth);
  return { kind: "list", items, range: spanOf(start, end) };
}

/** From the opening bracket to the closing one; line breaks are free in between, but not a line that begins something new. */
function parseItems(cursor: Cursor, close: ")" | "]", depth: number): { items: Value[]; end: Name["range"] } {
  const open = cursor.take();
  const items: Value[] = [];
  if (depth >= deepest) {
    cursor.unexpected(`no more than ${deepest} brackets inside each other`);
    return { items, end: tokenRange(open) };
  }
  let hasProblem = false;
  let isNewLine = cursor.skipNewlines();
  for (;;) {
    const closing = cursor.accept(close);
    if (closing) return { items, end: tokenRange(closing) };
    if (cursor.isOver() || (isNewLine && beginsLine(cursor))) {
      if (!hasProblem) reportUnclosed(cursor, open, close);
      if (isNewLine) cursor.stepBack();
      return { items, end: tokenRange(open) };
    }
    const item = parseValue(cursor, `a value or ${close}`, depth + 1);
    if (item) items.push(item);
    else hasProblem = true;
    isNewLine = cursor.skipNewlines();
    if (cursor.accept(",")) isNewLine = cursor.skipNewlines();
    else if (item && !cursor.isAt(close) && !cursor.isOver() && !(isNewLine && beginsLine(cursor))) {
      cursor.unexpected(`, or ${close}`);
      hasProblem = true;
      isNewLine = cursor.skipNewlines();
    }
  }
}

export function beginsLine(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (token.kind === "fence" || cursor.isAt("}")) return true;
  if (token.kind !== "word") return false;
  if (statements.includes(token.text)) return cursor.isAt(">>", 1) || nameOf(cursor.peek(1)) !== undefined;
  return cursor.isAt("=", 1) || cursor.isAt("{", 1) || cursor.isAt(":", 2);
}

const statements: readonly string[] = ["in", "out", "param", "when", "else"];

export function reportUnclosed(cursor: Cursor, open: Token, close: string): void {
  const text = open.kind === "punctuation" ? open.text : "";
  cursor.report({
    code: "syntax/unclosed",
    message: `${text} is not closed: ${close} is missing`,
    range: tokenRange(open),
  });
}

/** `a` or `[a, b]`, as in `after` and edges; undefined where neither stands (reported). */
export function parseGroup(cursor: Cursor): readonly Name[] | undefined {
  if (!cursor.isAt("[")) {
    const token = cursor.peek();
    const name = nameOf(token);
    if (!name) {
      cursor.unexpected("a task's name or [names]");
      return undefined;
    }
    cursor.take();
    if (token.kind === "string") checkString(cursor, token);
    return [name];
  }
  const list = parseList(cursor, 0);
  return list.kind === "list" ? list.items.flatMap((item) => itemName(cursor, item)) : [];
}

function itemName(cursor: Cursor, item: Value): readonly Name[] {
  const name = valueName(item);
  if (name) return [name];
  cursor.report({ code: "syntax/unexpected", message: "a group holds names of tasks only: [a, b]", range: item.range });
  return [];
}

/** The name that a value is, if it is nothing else. */
export function valueName(value: Value): Name | undefined {
  const [atom] = value.atoms;
  if (value.atoms.length !== 1 || !atom) return undefined;
  if (atom.kind === "string") return { text: plainString(atom.raw), range: atom.range };
  return atom.kind === "path" && !atom.project && !atom.task ? atom.name : undefined;
}
