// Time placeholders against hand-made cases.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { localToEpochMs } from "../../../scheduler/model/time/dates.ts";
import { parsePlaceholder, resolvePlaceholder } from "../../../scheduler/model/time/placeholder.ts";

const cases = ["placeholders.txt", "calendar.txt"]
  .flatMap((name) => readFileSync(new URL(`../../cases/time/${name}`, import.meta.url), "utf8").split("\n"))
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "));

test("there are a hundred and fifty cases and more", () => assert.ok(cases.length >= 150, String(cases.length)));

for (const [expression = "", base = "", zone = "", expected = ""] of cases)
  test(`$[${expression}] on ${base} in ${zone} is ${expected}`, () => {
    const parsed = parsePlaceholder(expression);
    if (expected.startsWith("! ")) {
      assert.ok(!parsed.ok, "read without a problem");
      assert.ok(parsed.problem.message.includes(expected.slice(2)), parsed.problem.message);
    } else {
      assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem.message);
      assert.equal(resolvePlaceholder(parsed.placeholder, localToEpochMs(base, zone) ?? Number.NaN, zone), expected);
    }
  });
