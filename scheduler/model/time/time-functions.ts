// The functions of `$[…]`: one entry holds a function's shape, its documentation and what it does.

import type { Temporal } from "temporal-polyfill";

/** What stands after the pattern: a signed number of days, weeks or months, a first day of the week, or nothing. */
export type SecondArgument = "none" | "offset" | "weekday";

export interface TimeFunction {
  readonly name: string;
  readonly second: SecondArgument;
  /** The offset cannot be left out. */
  readonly isSecondNeeded: boolean;
  readonly signature: string;
  readonly doc: string;
  /** The moved time; its clock time stays. */
  readonly move: (time: Temporal.ZonedDateTime, amount: number) => Temporal.ZonedDateTime;
}

/** Monday of the time's week. */
const monday = (time: Temporal.ZonedDateTime) => time.subtract({ days: time.dayOfWeek - 1 });
const monthBegin = (time: Temporal.ZonedDateTime) => time.with({ day: 1 });
const monthEnd = (time: Temporal.ZonedDateTime) => time.with({ day: time.daysInMonth });

export const timeFunctions: readonly TimeFunction[] = [
  {
    name: "add_months",
    second: "offset",
    isSecondNeeded: true,
    signature: "add_months(pattern, ±months)",
    doc: "The same day so many months later or earlier; the month's last day where it has no such day.",
    move: (time, months) => time.add({ months }),
  },
  {
    name: "month_begin",
    second: "offset",
    isSecondNeeded: false,
    signature: "month_begin(pattern, ±days)",
    doc: "The first day of the month, moved by days.",
    move: (time, days) => monthBegin(time).add({ days }),
  },
  {
    name: "month_end",
    second: "offset",
    isSecondNeeded: false,
    signature: "month_end(pattern, ±days)",
    doc: "The last day of the month, moved by days.",
    move: (time, days) => monthEnd(time).add({ days }),
  },
  {
    name: "week_begin",
    second: "offset",
    isSecondNeeded: false,
    signature: "week_begin(pattern, ±days)",
    doc: "Monday of the week, moved by days.",
    move: (time, days) => monday(time).add({ days }),
  },
  {
    name: "week_end",
    second: "offset",
    isSecondNeeded: false,
    signature: "week_end(pattern, ±days)",
    doc: "Sunday of the week, moved by days.",
    move: (time, days) => monday(time).add({ days: days + 6 }),
  },
  {
    name: "this_day",
    second: "none",
    isSecondNeeded: false,
    signature: "this_day(pattern)",
    doc: "The day of the schedule time.",
    move: (time) => time,
  },
  {
    name: "last_day",
    second: "none",
    isSecondNeeded: false,
    signature: "last_day(pattern)",
    doc: "The day before the schedule time.",
    move: (time) => time.subtract({ days: 1 }),
  },
  {
    name: "month_first_day",
    second: "offset",
    isSecondNeeded: false,
    signature: "month_first_day(pattern, ±months)",
    doc: "The first day of the month, so many months later or earlier.",
    move: (time, months) => monthBegin(monthBegin(time).add({ months })),
  },
  {
    name: "month_last_day",
    second: "offset",
    isSecondNeeded: false,
    signature: "month_last_day(pattern, ±months)",
    doc: "The last day of the month, so many months later or earlier.",
    move: (time, months) => monthEnd(monthBegin(time).add({ months })),
  },
  {
    name: "week_first_day",
    second: "offset",
    isSecondNeeded: false,
    signature: "week_first_day(pattern, ±weeks)",
    doc: "Monday of the week, so many weeks later or earlier.",
    move: (time, weeks) => monday(time).add({ weeks }),
  },
  {
    name: "week_last_day",
    second: "offset",
    isSecondNeeded: false,
    signature: "week_last_day(pattern, ±weeks)",
    doc: "Sunday of the week, so many weeks later or earlier.",
    move: (time, weeks) => monday(time).add({ weeks, days: 6 }),
  },
];

/** Functions that give something else than a moved date. */
export const specialFunctions = [
  {
    name: "year_week",
    signature: "year_week(pattern[, firstDayOfWeek])",
    doc: "Year and number of the week (`2026-05` where the pattern has a `-`, else `202605`); weeks start on Monday (1) or the given day.",
  },
  {
    name: "timestamp",
    signature: "timestamp(expression)",
    doc: "Seconds since 1970 of the date that the inner expression (`yyyyMMdd` or `yyyyMMddHHmmss`) gives.",
  },
] as const;

export const timeFunctionNames: readonly string[] = [
  ...timeFunctions.map(({ name }) => name),
  ...specialFunctions.map(({ name }) => name),
];
