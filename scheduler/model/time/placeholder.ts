// `$[…]`: time placeholders, read from text and resolved for a base time in a zone.

import { Temporal } from "temporal-polyfill";
import { formatPattern, isPatternLetter, type PatternPart, parsePattern } from "./date-pattern.ts";
import { localToEpochMs } from "./dates.ts";
import { type TimeFunction, timeFunctionNames, timeFunctions } from "./time-functions.ts";

export type TimePlaceholder =
  | { readonly kind: "pattern"; readonly pattern: readonly PatternPart[]; readonly offset: DayOffset }
  | {
      readonly kind: "function";
      readonly function: TimeFunction;
      readonly pattern: readonly PatternPart[];
      readonly amount: number;
    }
  | { readonly kind: "year_week"; readonly separator: string; readonly firstDay: number }
  | { readonly kind: "timestamp"; readonly inner: TimePlaceholder };

/** Days as a fraction: `1/24` is an hour. Whole days move the calendar, anything else the clock. */
export interface DayOffset {
  readonly numerator: number;
  readonly denominator: number;
}

export interface PlaceholderProblem {
  /** Offset in the expression. */
  readonly at: number;
  readonly message: string;
}

export type PlaceholderResult =
  | { readonly ok: true; readonly placeholder: TimePlaceholder }
  | { readonly ok: false; readonly problem: PlaceholderProblem };

/**
 * True where `$[` at this place of a text begins a time placeholder rather than, say, a shell's arithmetic: directly behind it
 * stands a time function and `(`, or a date pattern of two letters or more.
 */
export function startsTimePlaceholder(text: string, at: number): boolean {
  if (!text.startsWith("$[", at)) return false;
  const word = /^[A-Za-z_]+/.exec(text.slice(at + 2, at + 2 + 64))?.[0] ?? "";
  if (text[at + 2 + word.length] === "(") return timeFunctionNames.includes(word);
  const letters = /^[A-Za-z]+/.exec(word)?.[0] ?? "";
  if (letters.length < 2) return false;
  // `yyyyMMddTHH` is a pattern with a mistake; `days` and `sum` are a shell's variables: no pattern starts with a half of the day.
  return (
    [...letters].every((letter) => letter !== "a" && isPatternLetter(letter)) ||
    (letters[0] === letters[1] && isPatternLetter(letters.charAt(0)))
  );
}

/** Reads what stands between `$[` and `]`. */
export function parsePlaceholder(expression: string): PlaceholderResult {
  const call = /^([a-z_]+)\((.*)\)$/s.exec(expression);
  const open = /^([a-z_]+)\(/.exec(expression);
  const name = open?.[1];
  if (name !== undefined && timeFunctionNames.includes(name)) {
    if (call?.[2] === undefined) return wrong(expression.length, `${name}( must end in ) directly before ]`);
    return readCall(name, call[2], name.length + 1);
  }
  return readPattern(expression, 0, true);
}

/** The text that takes the placeholder's place. */
export function resolvePlaceholder(placeholder: TimePlaceholder, baseTimeMs: number, zone: string): string {
  const base = Temporal.Instant.fromEpochMilliseconds(baseTimeMs).toZonedDateTimeISO(zone);
  switch (placeholder.kind) {
    case "pattern":
      return formatPattern(placeholder.pattern, addDays(base, placeholder.offset));
    case "function":
      return formatPattern(placeholder.pattern, placeholder.function.move(base, placeholder.amount));
    case "year_week":
      return yearWeek(base.toPlainDate(), placeholder.firstDay, placeholder.separator);
    case "timestamp":
      return timestamp(resolvePlaceholder(placeholder.inner, baseTimeMs, zone), zone);
  }
}

function readCall(name: string, args: string, at: number): PlaceholderResult {
  if (name === "timestamp") return readTimestamp(args, at);
  const comma = commaOutsideQuotes(args);
  const pattern = comma < 0 ? args : args.slice(0, comma);
  const second = comma < 0 ? undefined : args.slice(comma + 1).trim();
  const secondAt = at + comma + 1;
  const read = readPattern(pattern.trimEnd(), at, false);
  if (!read.ok || read.placeholder.kind !== "pattern") return read;
  if (name === "year_week") return readYearWeek(read.placeholder.pattern, second, secondAt);
  const entry = timeFunctions.find((one) => one.name === name);
  if (!entry) return wrong(0, `${name} is no time function`);
  if (second === undefined) {
    if (entry.isSecondNeeded) return wrong(at + args.length, `${name} needs a second argument: ${entry.signature}`);
    return {
      ok: true,
      placeholder: { kind: "function", function: entry, pattern: read.placeholder.pattern, amount: 0 },
    };
  }
  if (entry.second === "none") return wrong(secondAt, `${name} takes only a pattern: ${entry.signature}`);
  const amount = readOffset(second.replace(/^[+-]/, ""));
  if (!amount || amount.numerator % amount.denominator !== 0)
    return wrong(secondAt, `"${second}" is no whole number such as -1, 1 or 7*2: ${entry.signature}`);
  const size = (second.startsWith("-") ? -1 : 1) * (amount.numerator / amount.denominator);
  if (Math.abs(size) > 100_000) return wrong(secondAt, `${size} is too far away, at most 100000`);
  return {
    ok: true,
    placeholder: { kind: "function", function: entry, pattern: read.placeholder.pattern, amount: size },
  };
}

function readYearWeek(pattern: readonly PatternPart[], second: string | undefined, at: number): PlaceholderResult {
  const firstDay = second === undefined ? 1 : Number(second);
  if (!/^[1-7]$/.test(second ?? "1"))
    return wrong(at, `the first day of the week is "${second}", must be 1 (Monday) to 7 (Sunday)`);
  const separator = pattern.find((part) => part.kind === "literal")?.text ?? "";
  return { ok: true, placeholder: { kind: "year_week", separator, firstDay } };
}

function readTimestamp(args: string, at: number): PlaceholderResult {
  const inner = parsePlaceholder(args);
  if (!inner.ok) return wrong(inner.problem.at + at, inner.problem.message);
  const sample = resolvePlaceholder(inner.placeholder, 0, "UTC");
  if (!/^(\d{8}|\d{14})$/.test(sample))
    return wrong(at, `timestamp needs a yyyyMMdd or yyyyMMddHHmmss inside, this gives "${sample}"`);
  return { ok: true, placeholder: { kind: "timestamp", inner: inner.placeholder } };
}

/** A pattern, with an offset in days behind it (`-1`, `+7*2`, `-5/24/60`) where that is allowed. */
function readPattern(text: string, at: number, mayHaveOffset: boolean): PlaceholderResult {
  const split = /^(.*?)([+-])\s*(\d[\d*/]*)$/s.exec(text);
  const patternText = split?.[1] ?? text;
  if (split && !mayHaveOffset)
    return wrong(at + patternText.length, `an offset stands behind the comma here, not behind the pattern`);
  const pattern = parsePattern(patternText);
  if (!pattern.ok) return wrong(at + pattern.problem.at, pattern.problem.message);
  if (!pattern.parts.some((part) => part.kind === "field"))
    return wrong(at, "a date pattern such as yyyyMMdd is missing");
  if (split?.[3] === undefined)
    return { ok: true, placeholder: { kind: "pattern", pattern: pattern.parts, offset: noOffset } };
  const offset = readOffset(split[3]);
  const offsetAt = at + patternText.length;
  if (!offset) return wrong(offsetAt, `"${split[2]}${split[3]}" is no offset in days such as -1, +7*2 or -5/24/60`);
  if (offset.numerator / offset.denominator > 3_000_000)
    return wrong(offsetAt, "the offset is too far away, at most 3000000 days");
  const numerator = split[2] === "-" ? -offset.numerator : offset.numerator;
  return { ok: true, placeholder: { kind: "pattern", pattern: pattern.parts, offset: { ...offset, numerator } } };
}

const noOffset: DayOffset = { numerator: 0, denominator: 1 };

/** `7*2`, `5/24/60`: whole numbers without leading zeros (`yyyy-MM-01` is a mistake), from left to right. */
function readOffset(text: string): DayOffset | undefined {
  if (!/^(0|[1-9]\d{0,8})([*/][1-9]\d{0,8})*$/.test(text)) return undefined;
  let numerator = 1;
  let denominator = 1;
  for (const [, sign, digits] of text.matchAll(/([*/]?)(\d+)/g)) {
    if (sign === "/") denominator *= Number(digits);
    else numerator *= Number(digits);
  }
  return Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator) ? { numerator, denominator } : undefined;
}

function addDays(base: Temporal.ZonedDateTime, offset: DayOffset): Temporal.ZonedDateTime {
  if (offset.numerator % offset.denominator === 0) return base.add({ days: offset.numerator / offset.denominator });
  return base.add({ milliseconds: Math.round((offset.numerator / offset.denominator) * 86_400_000) });
}

/** Week 1 has at least four days in the year; the year is the week's, not the day's. */
function yearWeek(day: Temporal.PlainDate, firstDay: number, separator: string): string {
  const begin = day.subtract({ days: (day.dayOfWeek - firstDay + 7) % 7 });
  const middle = begin.add({ days: 3 });
  const week = Math.floor((middle.dayOfYear - 1) / 7) + 1;
  return `${middle.year}${separator}${String(week).padStart(2, "0")}`;
}

function timestamp(digits: string, zone: string): string {
  const [, y, mo, d, h = "00", mi = "00", s = "00"] = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$/.exec(digits) ?? [];
  const ms = localToEpochMs(`${y}-${mo}-${d}T${h}:${mi}:${s}`, zone);
  return ms === undefined ? digits : String(Math.floor(ms / 1000));
}

function commaOutsideQuotes(text: string): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted;
    else if (text[at] === "," && !isQuoted) return at;
  }
  return -1;
}

const wrong = (at: number, message: string): PlaceholderResult => ({ ok: false, problem: { at, message } });
