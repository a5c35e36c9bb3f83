// When a cron fires in a zone. Schedules, backfills, the preview and the editor all ask here, so they cannot disagree.
//
// Clock changes: a wall time that does not exist fires once, at the first instant after the gap. A wall time that exists twice
// fires twice if and only if the hour field is `*` or a step, else once, the first time.

import {
  type Cron,
  type CronProblem,
  dayOfMonth,
  dayOfWeek,
  type Field,
  type FieldRule,
  hour,
  lastYear,
  minute,
  month,
  readDays,
  readSet,
  second,
  year,
} from "./cron-fields.ts";
import { nextWallTime } from "./cron-wall.ts";
import { startOfDay } from "./dates.ts";
import { lastChange, nextChange, offsetAt } from "./zone.ts";

export type CronResult =
  | { readonly ok: true; readonly cron: Cron }
  | { readonly ok: false; readonly problems: readonly CronProblem[] };

/** Reads a Quartz expression of 6 or 7 fields. */
export function parseCron(text: string): CronResult {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0].toUpperCase(), column: match.index }));
  const [s, m, h, dom, mon, dow, y] = words;
  if (!s || !m || !h || !dom || !mon || !dow || words.length > 7)
    return { ok: false, problems: [wrongFieldCount(text, words.length)] };
  const problems: CronProblem[] = [];
  const field = (rule: FieldRule, word: { text: string; column: number }): Field => ({ rule, ...word, problems });
  const seconds = readSet(field(second, s));
  const minutes = readSet(field(minute, m));
  const hours = readSet(field(hour, h));
  const days = readDays(field(dayOfMonth, dom), field(dayOfWeek, dow));
  const months = readSet(field(month, mon));
  const years = y === undefined || y.text === "*" ? undefined : readSet(field(year, y));
  if (problems.length > 0 || days === undefined) return { ok: false, problems };
  const cron: Cron = {
    text,
    seconds: ascending(seconds),
    minutes: ascending(minutes),
    hours: ascending(hours),
    days,
    months,
    ...(years && { years }),
    runsThroughHours: h.text === "*" || h.text.includes("/"),
  };
  return { ok: true, cron };
}

/** First fire after the instant (milliseconds), or undefined where there is none until the end of 2199. */
export function nextFire(cron: Cron, zone: string, afterMs: number): number | undefined {
  const after = Math.floor(afterMs / 1000);
  let at = after; // always within the stretch of constant offset that is looked at
  let offset = offsetAt(zone, at);
  let from = after + 1 + offset;
  const last = cron.runsThroughHours ? undefined : lastChange(zone, at);
  if (last) from = Math.max(from, last.at + last.offsetBefore);
  for (;;) {
    const wall = nextWallTime(cron, from);
    const change = nextChange(zone, at);
    if (wall !== undefined && (change === undefined || wall - offset < change.at)) return (wall - offset) * 1000;
    if (change === undefined || (wall === undefined && !cron.runsThroughHours)) return undefined;
    if (wall !== undefined && wall < change.at + change.offsetAfter) return change.at * 1000;
    if (change.at > lastSecond) return undefined;
    at = change.at;
    offset = change.offsetAfter;
    from = at + (cron.runsThroughHours ? offset : Math.max(offset, change.offsetBefore));
  }
}

/** The next fires, at most `count`, ascending. */
export function nextFires(cron: Cron, zone: string, afterMs: number, count: number): readonly number[] {
  const fires: number[] = [];
  let after: number | undefined = afterMs;
  while (fires.length < count) {
    after = nextFire(cron, zone, after);
    if (after === undefined) break;
    fires.push(after);
  }
  return fires;
}

/**
 * Fires from `fromMs` to `toMs`, both inclusive, ascending; without a cron: every local day's 00:00 in the zone. Never more than
 * `limit`: a caller that gets `limit` asks for less or says so.
 */
export function fireTimesBetween(
  cron: Cron | undefined,
  zone: string,
  fromMs: number,
  toMs: number,
  limit = 100_000,
): readonly number[] {
  const next = (after: number) => (cron ? nextFire(cron, zone, after) : startOfDay(zone, after, 1));
  const fires: number[] = [];
  let at = next(fromMs - 1);
  while (at !== undefined && at <= toMs && fires.length < limit) {
    fires.push(at);
    at = next(at);
  }
  return fires;
}

const lastSecond = Date.UTC(lastYear + 1, 0, 1) / 1000;

function wrongFieldCount(text: string, count: number): CronProblem {
  const message = `a cron has 6 or 7 fields (second minute hour day-of-month month day-of-week [year]), this has ${count}`;
  return { column: 0, length: text.length, message };
}

const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
