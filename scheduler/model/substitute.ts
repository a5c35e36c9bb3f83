// `${name}` and `$[…]` in scripts and attribute strings: where they are, and what takes their place. The scheduler substitutes
// with it, the checker and the editor look with it.

import {
  type PlaceholderProblem,
  parsePlaceholder,
  resolvePlaceholder,
  startsTimePlaceholder,
  type TimePlaceholder,
} from "./time/placeholder.ts";

export interface Substitution {
  readonly values: { readonly [name: string]: string };
  /** Schedule time, else start time. */
  readonly baseTimeMs: number;
  /** The workflow's. */
  readonly zone: string;
}

/**
 * `script`: a fence; what is not exactly a name or a time placeholder is the script's own and not even seen.
 * `text`: an attribute's string; every `${…}` is a reference, and a backslash before `$` takes its meaning away: of n backslashes
 * directly before a `$` half stay, and an odd one makes the `$` a plain character. A backslash elsewhere is itself. The string
 * reader of the language writes this form (`\$` stays `\$`), so it is also the form in a stored definition.
 */
export type PlaceholderMode = "script" | "text";

/** Offsets count UTF-16 units; `end` is exclusive. */
export type Placeholder =
  | {
      readonly kind: "name";
      readonly start: number;
      readonly end: number;
      readonly name: string;
      readonly isClosed: boolean;
    }
  | {
      readonly kind: "time";
      readonly start: number;
      readonly end: number;
      readonly expression: string;
      readonly result: TimeResult;
    };

export type TimeResult =
  | { readonly ok: true; readonly placeholder: TimePlaceholder }
  | { readonly ok: false; readonly problem: PlaceholderProblem };

/** A fence's text: only names in `values` and well-formed time placeholders are replaced, in one pass. */
export function substituteScript(text: string, substitution: Substitution): string {
  return replace(text, placeholders(text, "script"), (found) => replacement(found, substitution));
}

/** An attribute's string; `unknown` holds the `${…}` that name nothing, once each, as written. */
export function substituteText(
  text: string,
  substitution: Substitution,
): { readonly text: string; readonly unknown: readonly string[] } {
  const unknown = new Set<string>();
  const found = placeholders(text, "text");
  let result = "";
  let at = 0;
  for (const one of found) {
    const value = replacement(one, substitution);
    if (value === undefined && one.kind === "name") unknown.add(text.slice(one.start, one.end));
    result += unescapeDollars(text.slice(at, one.start), true) + (value ?? text.slice(one.start, one.end));
    at = one.end;
  }
  return { text: result + unescapeDollars(text.slice(at), false), unknown: [...unknown] };
}

/** The form that `text` mode reads, of a string whose every character is meant literally. */
export const escapeText = (literal: string): string =>
  literal.replace(/(\\*)\$/g, (_, slashes: string) => `${slashes}${slashes}\\$`);

export const isParamName = (name: string): boolean => paramName.test(name);

/** Every place that substitution may touch, in order, none overlapping another. */
export function placeholders(text: string, mode: PlaceholderMode): readonly Placeholder[] {
  const found: Placeholder[] = [];
  for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", at)) {
    const next = text[at + 1];
    const one =
      mode === "text" && isEscaped(text, at) ? undefined : next === "{" ? nameAt(text, at, mode) : timeAt(text, at);
    if (one) found.push(one);
    at = one?.end ?? at + 1;
  }
  return found;
}

const paramName = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const scriptReference = /^\$\{([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)\}/u;

/** No time placeholder is longer: what lies further away is not looked at, so that no text is slow to scan. */
const longestExpression = 512;

function nameAt(text: string, start: number, mode: PlaceholderMode): Placeholder | undefined {
  return mode === "script" ? scriptNameAt(text, start) : textNameAt(text, start);
}

function scriptNameAt(text: string, start: number): Placeholder | undefined {
  const match = scriptReference.exec(text.slice(start, start + longestExpression));
  if (match?.[1] === undefined) return undefined;
  return { kind: "name", start, end: start + match[0].length, name: match[1], isClosed: true };
}

function textNameAt(text: string, start: number): Placeholder {
  const stop = /[}\n]/g;
  stop.lastIndex = start + 2;
  const found = stop.exec(text);
  const end = found?.index ?? text.length;
  const isClosed = found?.[0] === "}";
  return { kind: "name", start, end: isClosed ? end + 1 : end, name: text.slice(start + 2, end), isClosed };
}

function timeAt(text: string, start: number): Placeholder | undefined {
  if (!startsTimePlaceholder(text, start)) return undefined;
  const [line = ""] = text.slice(start + 2, start + 2 + longestExpression).split("\n", 1);
  const close = closingBracket(line);
  if (close < 0) {
    const problem = { at: line.length, message: "the placeholder is not closed: ] is missing" };
    return { kind: "time", start, end: start + 2 + line.length, expression: line, result: { ok: false, problem } };
  }
  const expression = line.slice(0, close);
  return { kind: "time", start, end: start + 2 + close + 1, expression, result: parsePlaceholder(expression) };
}

/** The first `]` outside single quotes; where the quotes are not closed, the first at all. */
function closingBracket(line: string): number {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === "'") isQuoted = !isQuoted;
    else if (line[at] === "]" && !isQuoted) return at;
  }
  return line.indexOf("]");
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === "\\") slashes += 1;
  return slashes % 2 === 1;
}

/** `isBeforePlaceholder`: the text ends where a live `$` begins. */
function unescapeDollars(text: string, isBeforePlaceholder: boolean): string {
  if (!text.includes("\\")) return text;
  const halved = text.replace(/(\\+)\$/g, (_, slashes: string) => `${slashes.slice(0, slashes.length >> 1)}$`);
  if (!isBeforePlaceholder) return halved;
  return halved.replace(/\\+$/, (slashes) => slashes.slice(0, slashes.length >> 1));
}

function replacement(found: Placeholder, { values, baseTimeMs, zone }: Substitution): string | undefined {
  if (found.kind === "name")
    return found.isClosed && Object.hasOwn(values, found.name) ? values[found.name] : undefined;
  return found.result.ok ? resolvePlaceholder(found.result.placeholder, baseTimeMs, zone) : undefined;
}

function replace(text: string, found: readonly Placeholder[], value: (one: Placeholder) => string | undefined): string {
  let result = "";
  let at = 0;
  for (const one of found) {
    result += text.slice(at, one.start) + (value(one) ?? text.slice(one.start, one.end));
    at = one.end;
  }
  return result + text.slice(at);
}
