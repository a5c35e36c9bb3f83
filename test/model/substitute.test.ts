// What substitution touches and what it never touches, as cases.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  escapeText,
  placeholders,
  type Substitution,
  substituteScript,
  substituteText,
} from "../../scheduler/model/substitute.ts";

const substitution: Substitution = {
  values: { dt: "2026-01-31", n: "7", odd: "$&${dt}", "system.biz.date": "20260131" },
  baseTimeMs: Date.parse("2026-02-01T00:00:00Z"),
  zone: "UTC",
};

const casesOf = (name: string) =>
  readFileSync(new URL(`../cases/substitute/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.includes(" => ") && !line.startsWith("# "))
    .map((line) => line.split(" => "));

for (const [input = "", output = ""] of casesOf("script.txt"))
  test(`in a script ${input} becomes ${output}`, () => {
    const breaks = (text: string) => text.replaceAll("\\n", "\n");
    assert.equal(substituteScript(breaks(input), substitution), breaks(output));
  });

for (const [input = "", rest = ""] of casesOf("text.txt"))
  test(`in a string ${input} becomes ${rest}`, () => {
    const [output = "", unknown] = rest.split(" ! ");
    assert.deepEqual(substituteText(input, substitution), { text: output, unknown: unknown?.split(" ") ?? [] });
  });

test("a literal text that is escaped comes back byte for byte", () => {
  for (const text of ["${dt}", "\\${dt}", "\\\\$", "C:\\x", "$[yyyyMMdd]", "a$b\\", "$"])
    assert.equal(substituteText(escapeText(text), substitution).text, text);
});

test("placeholders are found in order and never overlap", () => {
  const text = "${a} $[yyyyMMdd] ${b.c} $[yyyyMMddT] ${x:-y}";
  const found = placeholders(text, "script").map((one) => text.slice(one.start, one.end));
  assert.deepEqual(found, ["${a}", "$[yyyyMMdd]", "${b.c}", "$[yyyyMMddT]"]);
});

test("a megabyte of dollars is scanned in time", () => {
  const text = "${".repeat(500_000);
  const started = performance.now();
  assert.equal(placeholders(text, "script").length, 0);
  assert.ok(performance.now() - started < 2000);
});
