// The fields of a Quartz cron read into explicit sets; anything Quartz 2.3 refuses is a problem with field and column.

export type CronFieldName = "second" | "minute" | "hour" | "day of month" | "month" | "day of week" | "year";

export interface CronProblem {
  /** Absent where the expression as a whole is wrong. */
  readonly field?: CronFieldName;
  /** Offset in the text, zero-based, and length. */
  readonly column: number;
  readonly length: number;
  readonly message: string;
}

/** Which days of a month fire. Weekdays count from 1 = Sunday to 7 = Saturday, as in Quartz. */
export type CronDays =
  | { readonly kind: "days"; readonly days: ReadonlySet<number> }
  | { readonly kind: "last"; readonly daysBefore: number }
  | { readonly kind: "last_working_day"; readonly daysBefore: number }
  | { readonly kind: "nearest_working_day"; readonly day: number }
  | { readonly kind: "weekdays"; readonly weekdays: ReadonlySet<number> }
  | { readonly kind: "last_weekday"; readonly weekday: number }
  | { readonly kind: "nth_weekday"; readonly weekday: number; readonly nth: number };

export interface Cron {
  readonly text: string;
  /** Ascending. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: CronDays;
  readonly months: ReadonlySet<number>;
  /** Absent: every year. */
  readonly years?: ReadonlySet<number>;
  /** The hour field is `*` or a step: such a cron fires in both passes of a doubled hour. */
  readonly runsThroughHours: boolean;
}

/** The last year that a cron can fire in; Quartz ends a hundred years from now, which would need a clock. */
export const lastYear = 2199;

export interface FieldRule {
  readonly name: CronFieldName;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
}

const monthWords = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdayWords = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

export const second: FieldRule = { name: "second", min: 0, max: 59 };
export const minute: FieldRule = { name: "minute", min: 0, max: 59 };
export const hour: FieldRule = { name: "hour", min: 0, max: 23 };
export const dayOfMonth: FieldRule = { name: "day of month", min: 1, max: 31 };
export const month: FieldRule = { name: "month", min: 1, max: 12, words: monthWords };
export const dayOfWeek: FieldRule = { name: "day of week", min: 1, max: 7, words: weekdayWords };
export const year: FieldRule = { name: "year", min: 1970, max: lastYear };

/** A field's text with its place; `problems` is where reading it reports. */
export interface Field {
  readonly rule: FieldRule;
  readonly text: string;
  readonly column: number;
  readonly problems: CronProblem[];
}

/** Exactly one of the two day fields is `?`: the other one decides. */
export function readDays(dom: Field, dow: Field): CronDays | undefined {
  if (dom.text === "?" && dow.text === "?") {
    report(dow, 0, "day of month and day of week are both ?, exactly one of them must be");
    return undefined;
  }
  if (dom.text !== "?" && dow.text !== "?") {
    report(dow, 0, "day of month and day of week are both given, write ? for one of them");
    return undefined;
  }
  return dow.text === "?" ? readDayOfMonth(dom) : readDayOfWeek(dow);
}

function readDayOfMonth(field: Field): CronDays | undefined {
  const last = /^L(?:-(\d{1,2}))?(W)?$/.exec(field.text);
  if (last) {
    const daysBefore = Number(last[1] ?? 0);
    if (daysBefore > 30)
      report(field, 0, `day of month is ${field.text}, the offset from the last day must be 0 to 30`);
    return { kind: last[2] ? "last_working_day" : "last", daysBefore };
  }
  const nearest = /^(\d{1,2})W$/.exec(field.text);
  if (nearest) {
    const day = Number(nearest[1]);
    checkRange(field, 0, day);
    return { kind: "nearest_working_day", day };
  }
  if (/[LW]/.test(field.text)) {
    report(field, 0, "L and W stand alone in day of month (L, LW, L-3, 15W), not in a list or range");
    return undefined;
  }
  return { kind: "days", days: readSet(field) };
}

function readDayOfWeek(field: Field): CronDays | undefined {
  if (field.text === "L") return { kind: "weekdays", weekdays: new Set([7]) };
  const last = /^(\w+)L$/.exec(field.text);
  if (last?.[1] !== undefined) return { kind: "last_weekday", weekday: readNumber(field, 0, last[1]) };
  const nth = /^(\w+)#(\d+)$/.exec(field.text);
  if (nth?.[1] !== undefined) {
    const which = Number(nth[2]);
    if (which < 1 || which > 5) report(field, 0, `# is followed by ${which}, must be 1 to 5`);
    return { kind: "nth_weekday", weekday: readNumber(field, 0, nth[1]), nth: which };
  }
  if (/[#L](?![A-Z])/.test(field.text.replaceAll(/JUL/g, ""))) {
    report(field, 0, "L and # stand alone in day of week (6L, 2#1), not in a list or range");
    return undefined;
  }
  return { kind: "weekdays", weekdays: readSet(field) };
}

/** Lists of values, ranges and steps. A range may wrap (`22-2`, `FRI-MON`). */
export function readSet(field: Field): Set<number> {
  const values = new Set<number>();
  let at = 0;
  for (const part of field.text.split(",")) {
    addPart(field, at, part, values);
    at += part.length + 1;
  }
  return values;
}

function addPart(field: Field, at: number, part: string, into: Set<number>): void {
  const { min, max, name } = field.rule;
  const match = /^(?:(\*)|([A-Z0-9]+)(?:-([A-Z0-9]+))?)?(?:\/(\d+))?$/.exec(part);
  if (part === "" || !match) {
    report(
      field,
      at,
      part.includes("?")
        ? `? is allowed only as the day of month or day of week`
        : `${name} is "${part}", ${expected(field.rule)}`,
    );
    return;
  }
  const [, , firstText, lastText, stepText] = match;
  const first = firstText === undefined ? min : readNumber(field, at, firstText);
  const last = lastText === undefined ? undefined : readNumber(field, at, lastText);
  // Quartz reads a step of 0 as no step: `0/0` is `0`.
  const step = stepText === undefined ? 0 : Number(stepText);
  const span = max - min + 1;
  if (step > max) report(field, at, `step of ${name} is ${step}, must be at most ${max}`);
  let until = last ?? first;
  if (last === undefined && (firstText === undefined || step > 0)) until = max;
  if (last !== undefined && last < first) {
    if (name === "year") report(field, at, `year range ${part} runs backwards`);
    else until = last + span;
  }
  for (let value = first; value <= until; value += Math.max(step, 1)) into.add(value > max ? value - span : value);
}

function readNumber(field: Field, at: number, text: string): number {
  const { min, words, name } = field.rule;
  const word = words?.indexOf(text) ?? -1;
  if (word >= 0) return word + min;
  if (!/^\d{1,4}$/.test(text)) {
    report(field, at, `${name} is "${text}", ${expected(field.rule)}`);
    return min;
  }
  return checkRange(field, at, Number(text));
}

function checkRange(field: Field, at: number, value: number): number {
  const { min, max, name } = field.rule;
  if (value >= min && value <= max) return value;
  report(field, at, `${name} is ${value}, must be ${min} to ${max}`);
  return min;
}

function expected(rule: FieldRule): string {
  const words = rule.words ? ` or ${rule.words[0]} to ${rule.words[rule.words.length - 1]}` : "";
  return `must be ${rule.min} to ${rule.max}${words}, *, a list, a range or a step`;
}

function report(field: Field, at: number, message: string): void {
  const rest = field.text.slice(at);
  const end = rest.indexOf(",");
  const length = at === 0 && end < 0 ? field.text.length : end < 0 ? rest.length : end;
  field.problems.push({ field: field.rule.name, column: field.column + at, length: Math.max(length, 1), message });
}
