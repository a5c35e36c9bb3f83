import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backfillDates, nextOfBackfill, planBackfill } from "../../../scheduler/model/life/backfill.ts";

const zone = "Europe/Berlin";
const dates = (from: string, to: string, cron?: string): string => {
  const found = backfillDates({ dates: { kind: "range", from, to } }, { cron, zone });
  return found.ok ? found.timesMs.map((ms) => new Date(ms).toISOString()).join(" ") : found.message;
};

describe("the dates of a backfill", () => {
  test("include both ends, a bare date being that local day", () => {
    assert.equal(
      dates("2026-03-28", "2026-03-30"),
      "2026-03-27T23:00:00.000Z 2026-03-28T23:00:00.000Z 2026-03-29T22:00:00.000Z",
    );
  });
  test("are the schedule's fire times", () => {
    assert.equal(
      dates("2026-01-01", "2026-01-01", "0 0 6,18 * * ?"),
      "2026-01-01T05:00:00.000Z 2026-01-01T17:00:00.000Z",
    );
  });
  test("say so when they end before they begin", () => {
    assert.match(dates("2026-01-02", "2026-01-01"), /ends \(2026-01-01\) before it begins \(2026-01-02\)/);
  });
  test("say so when one is no date", () => assert.match(dates("yesterday", "2026-01-01"), /"yesterday" is no date/));
  test("say so when the schedule does not fire in them", () => {
    assert.match(dates("2026-01-01", "2026-01-01", "0 0 0 ? * MON"), /no fire time of the schedule/);
  });
  test("of a list come once each, in order", () => {
    const found = backfillDates(
      { dates: { kind: "list", list: ["2026-01-03", "2026-01-01", "2026-01-03"] } },
      { cron: undefined, zone: "UTC" },
    );
    assert.deepEqual(found.ok && found.timesMs, [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3)]);
  });
});

describe("the plan of a backfill", () => {
  const existing = new Map([
    [1, { id: "7", state: "succeeded" as const }],
    [2, { id: "8", state: "failed" as const }],
  ]);
  const actions = (reprocess: "missing" | "failed" | "all", order: "asc" | "desc" = "asc"): string =>
    planBackfill([1, 2, 3], { order, reprocess }, existing)
      .map((date) => `${date.scheduleTimeMs} ${date.action}`)
      .join(", ");
  test("fills what is missing", () => assert.equal(actions("missing"), "1 skip, 2 skip, 3 create"));
  test("repeats what has failed", () => assert.equal(actions("failed"), "1 skip, 2 create, 3 create"));
  test("repeats all", () => assert.equal(actions("all"), "1 create, 2 create, 3 create"));
  test("goes backwards when asked to", () => assert.equal(actions("missing", "desc"), "3 create, 2 skip, 1 skip"));
});

describe("a running backfill", () => {
  const step = (
    lanes: number,
    running: number,
    failed: number,
    left: number,
    onFailure: "stop" | "continue" = "stop",
  ) => {
    const { start, state } = nextOfBackfill({ state: "running", lanes, onFailure }, { running, failed, left });
    return `${start} ${state}`;
  };
  test("fills its lanes", () => assert.equal(step(3, 1, 0, 9), "2 running"));
  test("starts nothing while its lanes are full", () => assert.equal(step(1, 1, 0, 9), "0 running"));
  test("succeeds when nothing is left", () => assert.equal(step(3, 0, 0, 0), "0 succeeded"));
  test("stops at a failure, and fails once the others have ended", () => {
    assert.equal(step(3, 1, 1, 5), "0 running");
    assert.equal(step(3, 0, 1, 5), "0 failed");
  });
  test("goes on after a failure when asked to, and fails in the end", () => {
    assert.equal(step(2, 0, 1, 5, "continue"), "2 running");
    assert.equal(step(2, 0, 1, 0, "continue"), "0 failed");
  });
});
