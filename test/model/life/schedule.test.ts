import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CatchUp } from "../../../scheduler/model/definition.ts";
import { fireDue, nextFireAt } from "../../../scheduler/model/life/schedule.ts";

const minute = 60_000;
const every5 = "0 0/5 * * * ?";
const at = (text: string): number => Date.parse(`2026-01-01T${text}Z`);
const clock = (ms: number | null): string => (ms === null ? "never" : new Date(ms).toISOString().slice(11, 19));

function fired(due: string, now: string, catchUp: CatchUp, cron = every5): string {
  const schedule = { cron, zone: "UTC", activeFrom: null, activeUntil: null, catchUp, nextFireAtMs: at(due) };
  const { fireTimesMs, nextFireAtMs } = fireDue(schedule, at(now), minute);
  return `${fireTimesMs.map(clock).join(" ") || "-"}, next ${clock(nextFireAtMs)}`;
}

describe("a schedule that is due", () => {
  test("fires when it is late by less than the misfire limit", () => {
    for (const catchUp of ["none", "last", "all"] as const) {
      assert.equal(fired("10:00:00", "10:00:59", catchUp), "10:00:00, next 10:05:00");
    }
  });
  test("without catch-up a missed time is passed over", () => {
    assert.equal(fired("10:00:00", "10:12:00", "none"), "-, next 10:15:00");
  });
  test("catch-up `last` fires the last missed time alone", () => {
    assert.equal(fired("10:00:00", "10:12:00", "last"), "10:10:00, next 10:15:00");
  });
  test("catch-up `all` fires every missed time", () => {
    assert.equal(fired("10:00:00", "10:12:00", "all"), "10:00:00 10:05:00 10:10:00, next 10:15:00");
  });
  test("a year of missed seconds is looked through quickly", () => {
    const schedule = {
      cron: "* * * * * ?",
      zone: "UTC",
      activeFrom: null,
      activeUntil: null,
      catchUp: "last" as const,
      nextFireAtMs: at("00:00:00") - 365 * 86_400_000,
    };
    const { fireTimesMs } = fireDue(schedule, at("00:00:00"), minute);
    assert.equal(fireTimesMs.length, 61);
    assert.equal(clock(fireTimesMs[0] ?? null), "23:59:00");
  });
});

test("a schedule fires from its first active day to its last, both included", () => {
  const schedule = { cron: "0 0 12 * * ?", zone: "UTC", activeFrom: "2026-01-02", activeUntil: "2026-01-03" };
  const first = nextFireAt(schedule, at("00:00:00"));
  assert.equal(first, Date.UTC(2026, 0, 2, 12));
  assert.equal(nextFireAt(schedule, first ?? 0), Date.UTC(2026, 0, 3, 12));
  assert.equal(nextFireAt(schedule, Date.UTC(2026, 0, 3, 12)), null);
});
