// What conditions come to: data small enough to read aloud.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import { evaluateCondition } from "../../scheduler/model/evaluate.ts";

const params = ["n: integer", "f: float", "s: string", "b: boolean", "l: list", "d: date"];
const values: { readonly [name: string]: string } = { n: "12", f: "1.5", s: "eu", b: "true", l: '["eu","us",3]' };

/** The condition as a run would evaluate it; tasks `good` and `bad` come before and ended so. */
function come(condition: string, given = values): boolean | string {
  const shell = (name: string) => `task ${name}: shell {\n  \`\`\`\n  x\n  \`\`\`\n}\n`;
  const text = `workflow w {\n${params.map((one) => `  param ${one}\n`).join("")}}\n${shell("good")}${shell("bad")}${shell("idle")}${shell("next")}task k: conditions {\n  after = [good, bad, idle]\n  when ${condition} >> next\n}\n`;
  const [compiled] = compile([{ path: "w.flow", text }]);
  const task = compiled?.definition?.tasks.find((one) => one.name === "k");
  const expression = task?.branches?.whens[0]?.condition;
  assert.ok(expression, `${condition}: ${JSON.stringify(compiled?.problems.map((one) => one.message))}`);
  const result = evaluateCondition(expression, {
    param: (name) => given[name],
    outcome: (index) => (["succeeded", "failed"] as const)[index],
  });
  return result.ok ? result.value : result.problem;
}

const cases: readonly (readonly [condition: string, expected: boolean])[] = [
  ["n == 12", true],
  ["n != 12", false],
  ["n > 11.5 and n < 13", true],
  ["n - 2 * 5 == 2", true],
  ["n -2 == 10", true],
  ["(n - 2) * 5 == 50", true],
  ["n % 5 == 2 and n / 8 == f", true],
  ["-3 < n", true],
  ['s == "eu"', true],
  ['"eu" != s', false],
  ['s in ["us", "eu"]', true],
  ["s in l", true],
  ["n in [1, 2]", false],
  ['"3" in l', true],
  ["contains(l, s)", true],
  ['contains(s, "e")', true],
  ['starts_with(s, "e") and ends_with(s, "u")', true],
  ['upper(s) == "EU" and lower("EU") == s', true],
  ["length(s) == 2 and length(l) == 3", true],
  ["b", true],
  ["not b", false],
  ["not not b", true],
  ["not b or n == 12", true],
  ["b and false or true", true],
  ["false and (b or true)", false],
  ["all(b, n > 1, not false)", true],
  ["any(false, n > 100)", false],
  ["good is succeeded", true],
  ["good is failed", false],
  ["bad is failed and not bad is succeeded", true],
  ["idle is succeeded or idle is failed", false],
  ["all(good is succeeded, any(bad is succeeded, bad is failed))", true],
  ['"good" is succeeded', true],
  ['s < "fr"', true],
  ['s + "-1" == "eu-1"', true],
  ['d == ""', true],
  ["b == true", true],
  ["false and n / 0 == 1", false],
  ["(\n    n == 12 and\n    b\n  )", true],
];

for (const [condition, expected] of cases)
  test(`${condition} is ${expected}`, () => assert.equal(come(condition), expected));

test("a condition that cannot be answered says why", () => {
  assert.equal(come("n / 0 == 1"), "division by zero");
  assert.equal(come("n == 1", {}), '"n" has no value');
  assert.equal(come("n == 1", { n: "many" }), '"n" is "many", must be a number');
  assert.equal(come("b", { b: "yes" }), '"b" is "yes", must be true or false');
  assert.equal(come('"x" in l', { l: "a,b" }), '"l" is "a,b", must be a list such as ["a", "b"]');
});

test("names that are also words of the language stay names", () => {
  const text =
    "workflow w {\n  param is: integer\n  param not: boolean\n  param all: integer\n}\ntask a: shell {\n  ```\n  x\n  ```\n}\ntask s: switch {\n  when not and is == 1 and all > 2 >> a\n}\n";
  assert.deepEqual(compile([{ path: "w.flow", text }])[0]?.problems, []);
});
