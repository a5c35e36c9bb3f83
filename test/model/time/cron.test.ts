// Fire times and messages of crons against hand-made cases, and the fires that a backfill asks for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fireTimesBetween, nextFires, parseCron } from "../../../scheduler/model/time/cron.ts";
import { formatInZone, localToEpochMs } from "../../../scheduler/model/time/dates.ts";

const cases = readFileSync(new URL("../../cases/cron/fires.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "));

for (const [expression = "", zone = "", after = "", expected = ""] of cases)
  test(`${expression} in ${zone} after ${after}: ${expected}`, () => {
    const parsed = parseCron(expression);
    if (expected.startsWith("! ")) {
      const [message = "", column] = expected.slice(2).split(" @ ");
      assert.ok(!parsed.ok, "read without a problem");
      const found = parsed.problems.map((problem) => `${problem.message} @ ${problem.column}`);
      assert.ok(
        parsed.problems.some((one) => one.message.includes(message) && one.column === Number(column)),
        found.join("\n"),
      );
      return;
    }
    assert.ok(parsed.ok);
    const wanted = expected === "never" ? [] : expected.split(", ");
    const fires = nextFires(parsed.cron, zone, Date.parse(after), Math.max(wanted.length, 1));
    assert.deepEqual(
      fires.map((at, index) => formatInZone(at, zone).slice(0, wanted[index]?.length)),
      wanted,
    );
  });

test("a backfill without a cron takes every local day's first instant, both ends included", () => {
  const zone = "America/Sao_Paulo";
  const [from = 0, to = 0] = [localToEpochMs("2018-11-03", zone), localToEpochMs("2018-11-05", zone, "end")];
  const days = fireTimesBetween(undefined, zone, from, to).map((at) => formatInZone(at, zone));
  assert.deepEqual(days, ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]);
});

test("a backfill includes fires exactly at its ends and stops at its limit", () => {
  const parsed = parseCron("0 0 * * * ?");
  assert.ok(parsed.ok);
  const [from, to] = [Date.parse("2026-01-01T00:00:00Z"), Date.parse("2026-01-01T03:00:00Z")];
  assert.equal(fireTimesBetween(parsed.cron, "UTC", from, to).length, 4);
  assert.equal(fireTimesBetween(parsed.cron, "UTC", from, to, 2).length, 2);
});
