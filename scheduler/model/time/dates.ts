// Dates and datetimes as the language writes them (`2026-01-31`, `2026-01-31T02:00:00`), and the instants they mean in a zone.

import { Temporal } from "temporal-polyfill";

/** Which instant a text stands for: a bare date's first or last millisecond, a doubled time's first or second pass. */
export type Edge = "start" | "end";

/** True for a date, or a datetime with minutes and optional seconds, that the calendar has. */
export const isDate = (text: string): boolean => plainDate(text) !== undefined;
export const isDatetime = (text: string): boolean => plainDatetime(text) !== undefined;

/**
 * Milliseconds of a local date or datetime in the zone; undefined where the text is neither. A local time that does not exist
 * means the first instant after the gap.
 */
export function localToEpochMs(text: string, zone: string, edge: Edge = "start"): number | undefined {
  const date = plainDate(text);
  if (date && edge === "start") return date.toZonedDateTime(zone).epochMilliseconds;
  if (date) return date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds - 1;
  const datetime = plainDatetime(text);
  return datetime && instantOf(datetime, zone, edge).epochMilliseconds;
}

/** A wall time's instant: after the gap where it does not exist, first or second pass where it exists twice. */
export function instantOf(wall: Temporal.PlainDateTime, zone: string, edge: Edge = "start"): Temporal.ZonedDateTime {
  const earlier = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = wall.toZonedDateTime(zone, { disambiguation: "later" });
  const exists = earlier.toPlainDateTime().equals(wall);
  if (exists) return edge === "start" ? earlier : later;
  return earlier.getTimeZoneTransition("next") ?? later;
}

/** 00:00 of the local day that is `days` after the instant's day. */
export function startOfDay(zone: string, atMs: number, days = 0): number {
  const day = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDate().add({ days });
  return day.toZonedDateTime(zone).epochMilliseconds;
}

/** ISO 8601 with the zone's offset, to the second: `2026-01-31T02:00:00+08:00`. */
export const formatInZone = (atMs: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: "never", smallestUnit: "second" });

function plainDate(text: string): Temporal.PlainDate | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match ? attempt(() => Temporal.PlainDate.from(text, { overflow: "reject" })) : undefined;
}

function plainDatetime(text: string): Temporal.PlainDateTime | undefined {
  const match = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.exec(text);
  return match ? attempt(() => Temporal.PlainDateTime.from(text, { overflow: "reject" })) : undefined;
}

/** Temporal says "no such day" by a RangeError only. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
