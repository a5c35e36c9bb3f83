// Time zones: what is one, its offsets and its changes, in whole seconds.

import { Temporal } from "temporal-polyfill";

/** True for IANA names (`Asia/Shanghai`, `UTC`), whatever their case; fixed offsets (`+08:00`) are none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false; // The only sign of an unknown zone that Intl gives.
  }
}

/** All canonical names, for completion and "did you mean". */
export const zoneNames = (): readonly string[] => [
  "UTC",
  ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC"),
];

export interface ZoneChange {
  /** The first second of the new offset. */
  readonly at: number;
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

/** Seconds that local time is ahead of UTC at an instant (in seconds). */
export const offsetAt = (zone: string, at: number): number => zoned(zone, at).offsetNanoseconds / 1e9;

/** First change of offset after the instant; undefined where the zone never changes again. */
export function nextChange(zone: string, at: number): ZoneChange | undefined {
  return change(zone, zoned(zone, at).getTimeZoneTransition("next"));
}

/** Last change at or before the instant. */
export function lastChange(zone: string, at: number): ZoneChange | undefined {
  return change(zone, zoned(zone, at + 1).getTimeZoneTransition("previous"));
}

export const zoned = (zone: string, at: number): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(zone);

function change(zone: string, at: Temporal.ZonedDateTime | null): ZoneChange | undefined {
  if (at === null) return undefined;
  const second = Math.floor(at.epochMilliseconds / 1000);
  return { at: second, offsetBefore: offsetAt(zone, second - 1), offsetAfter: at.offsetNanoseconds / 1e9 };
}
