// Java date patterns (`yyyy-MM-dd'T'HH:mm`): read once, then formatted for a wall time. English names, ISO weeks.

import type { Temporal } from "temporal-polyfill";

export type PatternPart =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "field"; readonly letter: PatternLetter; readonly count: number };

export interface PatternProblem {
  readonly at: number;
  readonly message: string;
}

export type PatternResult =
  | { readonly ok: true; readonly parts: readonly PatternPart[] }
  | { readonly ok: false; readonly problem: PatternProblem };

const fields = {
  y: (t: Temporal.ZonedDateTime, count: number) => yearText(t.year, count),
  Y: (t: Temporal.ZonedDateTime, count: number) => yearText(t.yearOfWeek ?? t.year, count),
  M: (t: Temporal.ZonedDateTime, count: number) => nameOr(months[t.month - 1], t.month, count),
  d: (t: Temporal.ZonedDateTime, count: number) => pad(t.day, count),
  D: (t: Temporal.ZonedDateTime, count: number) => pad(t.dayOfYear, count),
  E: (t: Temporal.ZonedDateTime, count: number) => nameOr(weekdays[t.dayOfWeek - 1], 0, Math.max(count, 3)),
  a: (t: Temporal.ZonedDateTime) => (t.hour < 12 ? "AM" : "PM"),
  H: (t: Temporal.ZonedDateTime, count: number) => pad(t.hour, count),
  k: (t: Temporal.ZonedDateTime, count: number) => pad(t.hour === 0 ? 24 : t.hour, count),
  K: (t: Temporal.ZonedDateTime, count: number) => pad(t.hour % 12, count),
  h: (t: Temporal.ZonedDateTime, count: number) => pad(t.hour % 12 === 0 ? 12 : t.hour % 12, count),
  m: (t: Temporal.ZonedDateTime, count: number) => pad(t.minute, count),
  s: (t: Temporal.ZonedDateTime, count: number) => pad(t.second, count),
  S: (t: Temporal.ZonedDateTime, count: number) => `${pad(t.millisecond, 3)}000000`.slice(0, count),
  w: (t: Temporal.ZonedDateTime, count: number) => pad(t.weekOfYear ?? 0, count),
  X: (t: Temporal.ZonedDateTime, count: number) => (t.offsetNanoseconds === 0 ? "Z" : offsetText(t, count)),
  Z: (t: Temporal.ZonedDateTime) => offsetText(t, 2),
};

export type PatternLetter = keyof typeof fields;

/** More of one letter than any field has digits or letters is a typing error. */
const longest = 9;

export const isPatternLetter = (letter: string): letter is PatternLetter => Object.hasOwn(fields, letter);

/** Reads a pattern; ASCII letters that are no pattern letters must stand in single quotes (`''` is one quote). */
export function parsePattern(text: string): PatternResult {
  const parts: PatternPart[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === "'") {
      const quoted = /^'((?:[^']|'')*)'/.exec(text.slice(at));
      if (quoted?.[1] === undefined) return wrong(at, "a quote is opened and not closed");
      parts.push({ kind: "literal", text: quoted[1] === "" ? "'" : quoted[1].replaceAll("''", "'") });
      at += quoted[0].length;
    } else if (isPatternLetter(char)) {
      const count = runLength(text, at);
      if (count > longest) return wrong(at, `${char} stands ${count} times, at most ${longest} make sense`);
      parts.push({ kind: "field", letter: char, count });
      at += count;
    } else if (/[A-Za-z]/.test(char)) {
      return wrong(
        at,
        `${char} is no pattern letter (${Object.keys(fields).join(" ")}): put plain letters into single quotes`,
      );
    } else {
      parts.push({ kind: "literal", text: char });
      at += 1;
    }
  }
  return { ok: true, parts };
}

export const formatPattern = (parts: readonly PatternPart[], time: Temporal.ZonedDateTime): string =>
  parts.map((part) => (part.kind === "literal" ? part.text : fields[part.letter](time, part.count))).join("");

const wrong = (at: number, message: string): PatternResult => ({ ok: false, problem: { at, message } });

function runLength(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

const pad = (value: number, count: number): string => String(value).padStart(count, "0");

const yearText = (year: number, count: number): string => (count === 2 ? pad(year % 100, 2) : pad(year, count));

function nameOr(name: string | undefined, value: number, count: number): string {
  if (count <= 2 || name === undefined) return pad(value, count);
  return count === 3 ? name.slice(0, 3) : name;
}

/** `+08`, `+0800`, `+08:00` for one, two, three letters. */
function offsetText(time: Temporal.ZonedDateTime, count: number): string {
  const [hours = "+00", minutes = "00"] = time.offset.split(":");
  if (count === 1) return minutes === "00" ? hours : hours + minutes;
  return count === 2 ? hours + minutes : `${hours}:${minutes}`;
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
