// Scripts pass through a workflow file byte for byte, but for names in scope and times: what is shown is what a worker runs.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import { openDocument } from "../../scheduler/language/document.ts";
import { previewScript } from "../../scheduler/language/features/preview.ts";
import { formatText } from "../../scheduler/language/format.ts";
import { taskValues, workflowValues } from "../../scheduler/model/params.ts";
import { substituteScript } from "../../scheduler/model/substitute.ts";

const folder = new URL("../cases/scripts/", import.meta.url);
const names = readdirSync(folder).filter((name) => name !== "README.md");
const baseTimeMs = Date.parse("2026-02-01T10:00:00Z");
const head =
  'workflow w {\n  param region: string = "eu"\n  param n: integer = 7\n  param dt: date = "$[yyyy-MM-dd-1]"\n}\n\n';

/** In a fence longer than any inside, the lines indented as a person would. */
function flowOf(script: string, indent: string, lineEnd = "\n"): string {
  const ticks = "`".repeat(3 + Math.max(0, ...[...script.matchAll(/`{3,}/g)].map(([run]) => run.length)));
  const lines = script.replace(/\n$/, "").split("\n");
  const body = lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
  return `${head}task a: javascript {\n${indent}${ticks}\n${body}\n${indent}${ticks}\n}\n`.replaceAll("\n", lineEnd);
}

/** Independent of the code under test: exactly these five texts are replaced. */
const expected = (script: string): string =>
  script
    .split(/(\$\{dt\}|\$\{region\}|\$\{n\}|\$\[yyyyMMdd\]|\$\[yyyy-MM-dd\])/)
    .map((part) => known.get(part) ?? part)
    .join("");
const known = new Map([
  ["${dt}", "2026-01-31"],
  ["${region}", "eu"],
  ["${n}", "7"],
  ["$[yyyyMMdd]", "20260201"],
  ["$[yyyy-MM-dd]", "2026-02-01"],
]);

test("there are at least sixty scripts, in ten languages", () => {
  assert.ok(names.length >= 60, String(names.length));
  assert.ok(new Set(names.map((name) => name.slice(name.lastIndexOf(".")))).size >= 10);
});

for (const name of names)
  test(`${name} runs as it was written`, () => {
    const script = readFileSync(new URL(name, folder), "utf8");
    const wanted = `${expected(script).replace(/\n+$/, "")}\n`;
    for (const [indent, lineEnd] of [
      ["  ", "\n"],
      ["      ", "\r\n"],
      ["\t", "\n"],
    ] as const) {
      const text = flowOf(script, indent, lineEnd);
      const [compiled] = compile([{ path: "w.flow", text }]);
      const problems = compiled?.problems.filter((one) => one.code !== "name/unused-param") ?? [];
      // A near miss of a name may be hinted at; nothing may be said to be wrong.
      assert.deepEqual(
        problems.filter((one) => one.severity !== "hint").map((one) => `${one.code} ${one.message}`),
        [],
      );
      const definition = compiled?.definition;
      const task = definition?.tasks[0];
      assert.ok(definition && task?.script);
      // As master and worker do it.
      const run = { definition, workflowInstance: "1", baseTimeMs, startParams: {} };
      const values = taskValues(run, workflowValues(run), task, "1.0", {});
      const ran = substituteScript(task.script.text, { values, baseTimeMs, zone: definition.zone });
      assert.equal(ran, wanted);
      const line = text.split(lineEnd).findIndex((one) => one.startsWith("task"));
      const preview = previewScript(openDocument(text), { line, character: 0 }, { baseTimeMs, settings: undefined });
      assert.equal(preview?.text, ran, "the preview is what runs");
      const [formatted] = compile([{ path: "w.flow", text: formatText(text).text }]);
      assert.equal(formatted?.definition?.tasks[0]?.script?.text, task.script.text, "formatting does not change it");
    }
  });
