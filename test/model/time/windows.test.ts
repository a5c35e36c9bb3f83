// The windows of dependent tasks, each with its first and last instant as a calendar shows them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatInZone } from "../../../scheduler/model/time/dates.ts";
import { windowNames, windowSpan } from "../../../scheduler/model/time/windows.ts";

/** `base | window | from | to`: local times with offset. */
function span(base: string, zone: string, window: string): string {
  const found = windowSpan(window, Date.parse(base), zone);
  assert.ok(found, window);
  return `${formatInZone(found.fromMs, zone)} ${formatInZone(found.toMs, zone)}`;
}

// Wednesday; weeks begin on Monday the 11th.
const shanghai = "2024-03-13T02:30:15+08:00";
const plain: { readonly [window: string]: string } = {
  current_hour: "2024-03-13T02:00:00 2024-03-13T03:00:00",
  last_1_hours: "2024-03-13T01:00:00 2024-03-13T02:00:00",
  last_2_hours: "2024-03-13T00:00:00 2024-03-13T02:00:00",
  last_3_hours: "2024-03-12T23:00:00 2024-03-13T02:00:00",
  last_24_hours: "2024-03-12T02:00:00 2024-03-13T02:00:00",
  today: "2024-03-13T00:00:00 2024-03-14T00:00:00",
  last_1_days: "2024-03-12T00:00:00 2024-03-13T00:00:00",
  last_2_days: "2024-03-11T00:00:00 2024-03-13T00:00:00",
  last_3_days: "2024-03-10T00:00:00 2024-03-13T00:00:00",
  last_7_days: "2024-03-06T00:00:00 2024-03-13T00:00:00",
  this_week: "2024-03-11T00:00:00 2024-03-18T00:00:00",
  last_week: "2024-03-04T00:00:00 2024-03-11T00:00:00",
  last_monday: "2024-03-04T00:00:00 2024-03-05T00:00:00",
  last_tuesday: "2024-03-05T00:00:00 2024-03-06T00:00:00",
  last_wednesday: "2024-03-06T00:00:00 2024-03-07T00:00:00",
  last_thursday: "2024-03-07T00:00:00 2024-03-08T00:00:00",
  last_friday: "2024-03-08T00:00:00 2024-03-09T00:00:00",
  last_saturday: "2024-03-09T00:00:00 2024-03-10T00:00:00",
  last_sunday: "2024-03-10T00:00:00 2024-03-11T00:00:00",
  this_month: "2024-03-01T00:00:00 2024-04-01T00:00:00",
  this_month_begin: "2024-03-01T00:00:00 2024-03-02T00:00:00",
  this_month_end: "2024-03-31T00:00:00 2024-04-01T00:00:00",
  last_month: "2024-02-01T00:00:00 2024-03-01T00:00:00",
  last_month_begin: "2024-02-01T00:00:00 2024-02-02T00:00:00",
  last_month_end: "2024-02-29T00:00:00 2024-03-01T00:00:00",
};

test("every window has its case", () => assert.deepEqual(Object.keys(plain).sort(), [...windowNames].sort()));

for (const [window, expected] of Object.entries(plain))
  test(`${window} is ${expected}`, () =>
    assert.equal(
      span(shanghai, "Asia/Shanghai", window),
      expected
        .split(" ")
        .map((one) => `${one}+08:00`)
        .join(" "),
    ));

test("days keep their midnight where clocks change", () => {
  // In Berlin 2024-03-31 has 23 hours and 2024-10-27 has 25.
  assert.equal(
    span("2024-04-01T01:00:00+02:00", "Europe/Berlin", "last_1_days"),
    "2024-03-31T00:00:00+01:00 2024-04-01T00:00:00+02:00",
  );
  assert.equal(
    span("2024-10-27T12:00:00+01:00", "Europe/Berlin", "today"),
    "2024-10-27T00:00:00+02:00 2024-10-28T00:00:00+01:00",
  );
  assert.equal(
    span("2024-04-30T12:00:00+02:00", "Europe/Berlin", "last_month"),
    "2024-03-01T00:00:00+01:00 2024-04-01T00:00:00+02:00",
  );
});

test("hours are hours of time where clocks change", () => {
  // 03:10 summer time: the hour before it is 01:00 to 02:00 winter time, which ends where 03:00 begins.
  assert.equal(
    span("2024-03-31T03:10:00+02:00", "Europe/Berlin", "last_1_hours"),
    "2024-03-31T01:00:00+01:00 2024-03-31T03:00:00+02:00",
  );
  // The second 02:30 of the long night: its hour, and the one before it, which bears the same name.
  assert.equal(
    span("2024-10-27T02:30:00+01:00", "Europe/Berlin", "current_hour"),
    "2024-10-27T02:00:00+01:00 2024-10-27T03:00:00+01:00",
  );
  assert.equal(
    span("2024-10-27T02:30:00+01:00", "Europe/Berlin", "last_1_hours"),
    "2024-10-27T02:00:00+02:00 2024-10-27T02:00:00+01:00",
  );
});

test("hours begin with the wall clock's hour in zones of half an hour", () =>
  assert.equal(
    span("2024-03-13T10:15:00+05:30", "Asia/Kolkata", "current_hour"),
    "2024-03-13T10:00:00+05:30 2024-03-13T11:00:00+05:30",
  ));

test("weeks and months go over the year's end", () => {
  assert.equal(span("2025-01-01T00:00:00Z", "UTC", "this_week"), "2024-12-30T00:00:00+00:00 2025-01-06T00:00:00+00:00");
  assert.equal(
    span("2025-01-31T23:59:59Z", "UTC", "last_month_end"),
    "2024-12-31T00:00:00+00:00 2025-01-01T00:00:00+00:00",
  );
  assert.equal(
    span("2025-01-05T12:00:00Z", "UTC", "last_sunday"),
    "2024-12-29T00:00:00+00:00 2024-12-30T00:00:00+00:00",
  );
});

test("a word that is no window has no span", () => assert.equal(windowSpan("yesterday", 0, "UTC"), undefined));
