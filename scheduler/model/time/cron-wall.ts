// The next wall-clock time that a cron names, counted in seconds as if there were only UTC: zones come later.

import { type Cron, type CronDays, lastYear } from "./cron-fields.ts";

const daySeconds = 86_400;

/** First matching wall time at or after `from` (seconds since 1970-01-01T00:00:00, zone-less), or undefined. */
export function nextWallTime(cron: Cron, from: number): number | undefined {
  const startDay = Math.floor(from / daySeconds);
  const today = timeOfDay(cron, from - startDay * daySeconds);
  const start = new Date(startDay * daySeconds * 1000);
  let year = start.getUTCFullYear();
  let month = start.getUTCMonth() + 1;
  if (today !== undefined && isDay(cron, year, month, start.getUTCDate())) return startDay * daySeconds + today;
  let afterDay = start.getUTCDate();
  for (; year <= lastYear; year += 1, month = 1, afterDay = 0) {
    if (cron.years && !cron.years.has(year)) continue;
    for (; month <= 12; month += 1, afterDay = 0) {
      if (!cron.months.has(month)) continue;
      const day = nextDay(cron.days, year, month, afterDay);
      const first = timeOfDay(cron, 0);
      if (day !== undefined && first !== undefined) return epochDay(year, month, day) * daySeconds + first;
    }
  }
  return undefined;
}

function timeOfDay(cron: Cron, from: number): number | undefined {
  const fromHour = Math.floor(from / 3600);
  const fromMinute = Math.floor((from % 3600) / 60);
  const fromSecond = from % 60;
  for (const hour of cron.hours) {
    if (hour < fromHour) continue;
    for (const minute of cron.minutes) {
      if (hour === fromHour && minute < fromMinute) continue;
      const isSame = hour === fromHour && minute === fromMinute;
      const second = isSame ? cron.seconds.find((value) => value >= fromSecond) : cron.seconds[0];
      if (second !== undefined) return hour * 3600 + minute * 60 + second;
    }
  }
  return undefined;
}

function isDay(cron: Cron, year: number, month: number, day: number): boolean {
  if (cron.years && !cron.years.has(year)) return false;
  return cron.months.has(month) && nextDay(cron.days, year, month, day - 1) === day;
}

/** First matching day of the month after `afterDay`. */
function nextDay(rule: CronDays, year: number, month: number, afterDay: number): number | undefined {
  const length = monthLength(year, month);
  const ifAfter = (day: number) => (day > afterDay && day >= 1 && day <= length ? day : undefined);
  switch (rule.kind) {
    case "days":
      return firstDay(afterDay, length, (day) => rule.days.has(day));
    case "weekdays":
      return firstDay(afterDay, length, (day) => rule.weekdays.has(weekday(year, month, day)));
    case "last":
      return ifAfter(length - rule.daysBefore);
    case "last_working_day":
      return length - rule.daysBefore < 1
        ? undefined
        : ifAfter(nearestWorkingDay(year, month, length - rule.daysBefore));
    case "nearest_working_day":
      return rule.day > length ? undefined : ifAfter(nearestWorkingDay(year, month, rule.day));
    case "last_weekday":
      return ifAfter(length - ((weekday(year, month, length) - rule.weekday + 7) % 7));
    case "nth_weekday":
      return ifAfter(1 + ((rule.weekday - weekday(year, month, 1) + 7) % 7) + (rule.nth - 1) * 7);
  }
}

function firstDay(afterDay: number, length: number, matches: (day: number) => boolean): number | undefined {
  for (let day = afterDay + 1; day <= length; day += 1) if (matches(day)) return day;
  return undefined;
}

/** Monday to Friday nearest to the day, never leaving the month. */
function nearestWorkingDay(year: number, month: number, day: number): number {
  const on = weekday(year, month, day);
  if (on === 7) return day === 1 ? day + 2 : day - 1;
  if (on === 1) return day === monthLength(year, month) ? day - 2 : day + 1;
  return day;
}

const epochDay = (year: number, month: number, day: number): number =>
  Date.UTC(year, month - 1, day) / (daySeconds * 1000);
const monthLength = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** 1 = Sunday … 7 = Saturday. */
const weekday = (year: number, month: number, day: number): number =>
  ((((epochDay(year, month, day) + 4) % 7) + 7) % 7) + 1;
