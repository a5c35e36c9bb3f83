// The windows of `dependent` tasks: which schedule times a word such as `last_1_days` means, seen from a base time in a zone.
//
// Hours are 60 minutes long and begin where the wall clock's hour does; days, weeks (from Monday) and months are the zone's own, so
// a day on which clocks change has 23 or 25 hours. `last_…` never includes what the base time lies in.

import { Temporal } from "temporal-polyfill";

export interface Window {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  readonly span: (base: Temporal.ZonedDateTime) => Span;
}

/** From (inclusive) to (exclusive). */
interface Span {
  readonly from: Temporal.ZonedDateTime;
  readonly to: Temporal.ZonedDateTime;
}

export const windows: readonly Window[] = [
  { name: "current_hour", doc: "The hour of the schedule time.", span: (base) => hours(base, 0, 1) },
  { name: "last_1_hours", doc: "The hour before.", span: (base) => hours(base, -1, 0) },
  { name: "last_2_hours", doc: "The two hours before.", span: (base) => hours(base, -2, 0) },
  { name: "last_3_hours", doc: "The three hours before.", span: (base) => hours(base, -3, 0) },
  { name: "last_24_hours", doc: "The 24 hours before.", span: (base) => hours(base, -24, 0) },
  { name: "today", doc: "The day of the schedule time.", span: (base) => days(base, 0, 1) },
  { name: "last_1_days", doc: "The day before.", span: (base) => days(base, -1, 0) },
  { name: "last_2_days", doc: "The two days before.", span: (base) => days(base, -2, 0) },
  { name: "last_3_days", doc: "The three days before.", span: (base) => days(base, -3, 0) },
  { name: "last_7_days", doc: "The seven days before.", span: (base) => days(base, -7, 0) },
  { name: "this_week", doc: "The week of the schedule time, Monday to Sunday.", span: (base) => weekDays(base, 0, 7) },
  { name: "last_week", doc: "The week before, Monday to Sunday.", span: (base) => weekDays(base, -7, 0) },
  { name: "last_monday", doc: "Monday of the week before.", span: (base) => weekDays(base, -7, -6) },
  { name: "last_tuesday", doc: "Tuesday of the week before.", span: (base) => weekDays(base, -6, -5) },
  { name: "last_wednesday", doc: "Wednesday of the week before.", span: (base) => weekDays(base, -5, -4) },
  { name: "last_thursday", doc: "Thursday of the week before.", span: (base) => weekDays(base, -4, -3) },
  { name: "last_friday", doc: "Friday of the week before.", span: (base) => weekDays(base, -3, -2) },
  { name: "last_saturday", doc: "Saturday of the week before.", span: (base) => weekDays(base, -2, -1) },
  { name: "last_sunday", doc: "Sunday of the week before.", span: (base) => weekDays(base, -1, 0) },
  { name: "this_month", doc: "The month of the schedule time.", span: (base) => month(base, 0) },
  { name: "this_month_begin", doc: "The first day of that month.", span: (base) => days(month(base, 0).from, 0, 1) },
  { name: "this_month_end", doc: "The last day of that month.", span: (base) => days(month(base, 0).to, -1, 0) },
  { name: "last_month", doc: "The month before.", span: (base) => month(base, -1) },
  {
    name: "last_month_begin",
    doc: "The first day of the month before.",
    span: (base) => days(month(base, -1).from, 0, 1),
  },
  { name: "last_month_end", doc: "The last day of the month before.", span: (base) => days(month(base, -1).to, -1, 0) },
];

export const windowNames: readonly string[] = windows.map(({ name }) => name);

/** Epoch milliseconds, from (inclusive) to (exclusive); undefined where there is no such window. */
export function windowSpan(
  name: string,
  baseTimeMs: number,
  zone: string,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  const window = windows.find((one) => one.name === name);
  if (!window) return undefined;
  const { from, to } = window.span(Temporal.Instant.fromEpochMilliseconds(baseTimeMs).toZonedDateTimeISO(zone));
  return { fromMs: from.epochMilliseconds, toMs: to.epochMilliseconds };
}

/** Whole hours of elapsed time around the beginning of the base time's hour. */
function hours(base: Temporal.ZonedDateTime, from: number, to: number): Span {
  const start = base.subtract({
    minutes: base.minute,
    seconds: base.second,
    milliseconds: base.millisecond,
    microseconds: base.microsecond,
    nanoseconds: base.nanosecond,
  });
  return { from: start.add({ hours: from }), to: start.add({ hours: to }) };
}

function days(base: Temporal.ZonedDateTime, from: number, to: number): Span {
  const day = base.toPlainDate();
  const start = (by: number) => day.add({ days: by }).toZonedDateTime(base.timeZoneId);
  return { from: start(from), to: start(to) };
}

/** Days counted from the week's Monday. */
const weekDays = (base: Temporal.ZonedDateTime, from: number, to: number): Span =>
  days(base, from - base.dayOfWeek + 1, to - base.dayOfWeek + 1);

function month(base: Temporal.ZonedDateTime, by: number): Span {
  const first = base.toPlainDate().with({ day: 1 });
  const start = (months: number) => first.add({ months }).toZonedDateTime(base.timeZoneId);
  return { from: start(by), to: start(by + 1) };
}
