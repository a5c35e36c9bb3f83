// JSON with places: what `porpoise.json` is read with, so that its problems point at the text.

import type { Position, Range } from "../model/problem.ts";
import { splitLines } from "./lines.ts";

export type JsonTree =
  | { readonly kind: "object"; readonly entries: readonly JsonEntry[]; readonly range: Range }
  | { readonly kind: "array"; readonly items: readonly JsonTree[]; readonly range: Range }
  | { readonly kind: "string"; readonly text: string; readonly range: Range }
  /** A number, true, false or null, as written. */
  | { readonly kind: "word"; readonly text: string; readonly range: Range };

export interface JsonEntry {
  readonly key: string;
  readonly keyRange: Range;
  readonly value: JsonTree;
}

export type JsonResult =
  | { readonly ok: true; readonly tree: JsonTree }
  | { readonly ok: false; readonly message: string; readonly range: Range };

interface Token {
  readonly text: string;
  readonly at: number;
}

const deepest = 100;

export function parseJson(text: string): JsonResult {
  const tokens: Token[] = [];
  const pattern = /\s+|"(?:[^"\\\n]|\\.)*"|[{}[\]:,]|[-+.\w]+|[\s\S]/gu;
  for (const match of text.matchAll(pattern))
    if (match[0].trim() !== "") tokens.push({ text: match[0], at: match.index });
  const place = places(text);
  let next = 0;
  const peek = (): Token => tokens[next] ?? { text: "", at: text.length };
  const rangeFrom = (start: number, end: number): Range => ({ start: place(start), end: place(end) });

  function fail(expected: string): never {
    const { text: found, at } = peek();
    const message = `${found === "" ? "the file ends here" : `found ${found}`}, expected ${expected}`;
    throw new JsonProblem(message, rangeFrom(at, at + Math.max(found.length, 1)));
  }
  function take(expected: string): void {
    if (peek().text !== expected) fail(expected);
    next += 1;
  }

  function value(depth: number): JsonTree {
    const { text: found, at } = peek();
    if (depth > deepest) fail("fewer brackets inside each other");
    if (found === "{") return object(depth);
    if (found === "[") return array(depth);
    if (found.startsWith('"')) {
      next += 1;
      return { kind: "string", text: decode(found, at), range: rangeFrom(at, at + found.length) };
    }
    if (!/^(true|false|null|-?\d+(\.\d+)?([eE][-+]?\d+)?)$/.test(found)) fail("a value");
    next += 1;
    return { kind: "word", text: found, range: rangeFrom(at, at + found.length) };
  }
  function decode(quoted: string, at: number): string {
    try {
      const read: unknown = JSON.parse(quoted);
      return String(read);
    } catch {
      throw new JsonProblem("the string holds a wrong escape or is not closed", rangeFrom(at, at + quoted.length));
    }
  }
  function object(depth: number): JsonTree {
    const start = peek().at;
    const entries: JsonEntry[] = [];
    take("{");
    while (peek().text !== "}") {
      if (entries.length > 0) take(",");
      const key = peek();
      if (!key.text.startsWith('"')) fail('a name in double quotes or "}"');
      next += 1;
      take(":");
      const keyRange = rangeFrom(key.at, key.at + key.text.length);
      entries.push({ key: decode(key.text, key.at), keyRange, value: value(depth + 1) });
    }
    next += 1;
    return { kind: "object", entries, range: rangeFrom(start, start + 1) };
  }
  function array(depth: number): JsonTree {
    const start = peek().at;
    const items: JsonTree[] = [];
    take("[");
    while (peek().text !== "]") {
      if (items.length > 0) take(",");
      items.push(value(depth + 1));
    }
    next += 1;
    return { kind: "array", items, range: rangeFrom(start, start + 1) };
  }

  try {
    const tree = value(0);
    if (next < tokens.length) fail("the end of the file");
    return { ok: true, tree };
  } catch (problem) {
    if (problem instanceof JsonProblem) return { ok: false, message: problem.message, range: problem.range };
    throw problem;
  }
}

/** How the reader above gets out of its nested calls; never leaves this file. */
class JsonProblem extends Error {
  readonly range: Range;
  constructor(message: string, range: Range) {
    super(message);
    this.range = range;
  }
}

function places(text: string): (offset: number) => Position {
  const starts: number[] = [];
  let at = 0;
  for (const line of splitLines(text)) {
    starts.push(at);
    at += line.length;
  }
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (starts[low] ?? 0) };
  };
}
