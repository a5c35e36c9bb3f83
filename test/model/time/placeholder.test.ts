// Time placeholders against hand-made cases.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { localToEpochMs } from "../../../scheduler/model/time/dates.ts";
import { parsePlaceholder, resolvePlaceholder } from "../../../scheduler/model/time/placeholder.ts";

const cases = readFileSync(new URL("../../cases/time/placeholders.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "));

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
