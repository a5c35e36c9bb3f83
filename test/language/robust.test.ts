// Nothing that may be typed breaks the language's features, and half of a line makes no mess of the rest.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openDocument } from "../../scheduler/language/document.ts";
import { neighbours } from "../../scheduler/language/features/call-hierarchy.ts";
import { complete } from "../../scheduler/language/features/completion.ts";
import { fixesAt } from "../../scheduler/language/features/fixes.ts";
import { hover } from "../../scheduler/language/features/hover.ts";
import { inlayHints } from "../../scheduler/language/features/inlay-hints.ts";
import { folds, outline } from "../../scheduler/language/features/outline.ts";
import { embeddedScriptAt, previewScript } from "../../scheduler/language/features/preview.ts";
import { refactoringsAt } from "../../scheduler/language/features/refactorings.ts";
import { nameAt, referencesOf } from "../../scheduler/language/features/references.ts";
import { rename } from "../../scheduler/language/features/rename.ts";
import { selectionRanges } from "../../scheduler/language/features/selection-ranges.ts";
import { semanticTokens } from "../../scheduler/language/features/semantic-tokens.ts";
import { formatText } from "../../scheduler/language/format.ts";
import { nextFires, parseCron } from "../../scheduler/model/time/cron.ts";
import { formatInZone } from "../../scheduler/model/time/dates.ts";
import { randomEdit, randomFrom, randomGarbage } from "./random-text.ts";

const { PORPOISE_SEED: givenSeed } = process.env;
const seed = Number(givenSeed ?? Date.now() % 1_000_000);
const sample = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");
const nowMs = Date.parse("2026-02-01T10:00:00Z");
const everyHint = { cron: true, nextFire: true, placeholders: true, defaults: true };

/** Every feature at one position; none may throw, whatever stands there. */
function ask(text: string, line: number, character: number): void {
  const document = openDocument(text);
  const position = { line, character };
  const range = { start: { line: 0, character: 0 }, end: position };
  complete(document, position);
  hover(document, position, nowMs);
  const name = nameAt(document, position);
  if (name) referencesOf(document, name);
  if (name?.kind === "task") neighbours(document, name.name, "before");
  rename(document, position, "other");
  fixesAt(document, { start: position, end: position });
  refactoringsAt(document, position);
  selectionRanges(document, position);
  previewScript(document, position, { baseTimeMs: nowMs, settings: undefined });
  embeddedScriptAt(document, position);
  inlayHints(document, range, nowMs, everyHint);
  semanticTokens().encode(document);
  outline(document);
  folds(document);
}

test(`no feature throws anywhere in texts that random edits made (seed ${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 150; round += 1) {
    const document = openDocument(random(4) === 0 ? randomGarbage(random, 200) : sample);
    for (let edits = random(12); edits > 0; edits -= 1) {
      const edit = randomEdit(random, document.text());
      document.edit(edit.range, edit.text);
    }
    const text = document.text();
    const lines = text.split(/\r\n|\n|\r/);
    for (let count = 0; count < 4; count += 1) {
      const line = random(lines.length + 1);
      const character = random((lines[line]?.length ?? 0) + 2);
      try {
        ask(text, line, character);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}, ${line}:${character} of ${JSON.stringify(text)}`, {
          cause: error,
        });
      }
    }
  }
});

test("half of a line makes no more than one problem elsewhere", () => {
  const lines = sample.split("\n");
  for (const [index, line] of lines.entries())
    for (let end = 1; end < line.length; end += line.length > 30 ? 3 : 1) {
      if (line.slice(0, end).trim() === "") continue; // nothing has been typed
      const text = lines.with(index, line.slice(0, end)).join("\n");
      const elsewhere = openDocument(text)
        .problems()
        .filter(({ range }) => range.start.line > index || range.end.line < index);
      const shown = elsewhere.map((one) => `${one.range.start.line + 1} ${one.code}`);
      assert.ok(elsewhere.length <= 1, `line ${index + 1} "${line.slice(0, end)}": ${shown.join(", ")}`);
    }
});

test("lines of a megabyte, brackets without end and strange characters are read at once", () => {
  const strange = [
    `workflow w {\n  alert = ${"x".repeat(1_000_000)}\n}\n`,
    `workflow w {\n  param s: string = "${"${".repeat(200_000)}"\n}\n`,
    `workflow w {\n}\ntask a: shell {\n  \`\`\`bash\n  ${"$[yyyy ".repeat(100_000)}\n  \`\`\`\n}\n`,
    `workflow w {\n}\ntask s: switch {\n  when ${"(".repeat(100_000)} >> a\n}\n`,
    `workflow w {\n}\ntask s: switch {\n  when ${"not ".repeat(100_000)}x >> a\n}\n`,
    `workflow w {\n}\ntask s: switch {\n  when ${"n and ".repeat(50_000)}n >> a\n}\n`,
    `workflow w {\n}\ntask d: dependent {\n  wait_for = ${"all(".repeat(50_000)}\n}\n`,
    `workflow w {\n}\ntask d: dependent {\n  wait_for = all(${"x @ today, ".repeat(20_000)})\n}\n`,
    `\ufeffworkflow w {\r\n  param a\ud800: string\r}\r\n`,
    "a >> ".repeat(100_000),
  ];
  for (const text of strange) {
    const started = performance.now();
    const document = openDocument(text);
    assert.equal(document.text(), text);
    const problems = document.problems();
    assert.ok(
      problems.every((one) => one.message.length < 2000),
      text.slice(0, 40),
    );
    formatText(text.slice(0, 300_000));
    const took = performance.now() - started;
    assert.ok(took < 5000, `${Math.round(took)} ms for ${text.slice(0, 60)}`);
  }
});

test("ten thousand edits leave no memory behind", () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert.ok(typeof collect === "function");
  const heapMb = () => {
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const document = openDocument(sample + shells(200));
  const lines = document.text().split("\n").length;
  const type = (count: number) => {
    for (let edit = 0; edit < count; edit += 2) {
      const line = (edit * 7919) % lines;
      document.edit({ start: { line, character: 0 }, end: { line, character: 0 } }, "x ");
      document.problems();
      document.edit({ start: { line, character: 0 }, end: { line, character: 2 } }, "");
      document.problems();
    }
  };
  type(1000);
  const before = heapMb();
  type(10_000);
  const grown = heapMb() - before;
  assert.ok(grown < 2, `${grown.toFixed(1)} MB more`);
});

const shells = (count: number): string =>
  Array.from({ length: count }, (_, at) => `task t${at}: shell {\n  \`\`\`\n  echo ${at}\n  \`\`\`\n}\n`).join("");

test("finding the next fire from many places costs a few conversions of time each", () => {
  const crons = [
    "0 0 2 * * ?",
    "0 0/5 * * * ?",
    "0 15 10 ? * 6L",
    "0 0 0 LW * ?",
    "30 10 3 ? * MON-FRI",
    "0 0 12 1/5 * ? 2026-2099",
  ];
  const zones = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York"];
  const cpuMs = (work: () => void): number => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  const fires = (count: number) => (): void => {
    for (let round = 0; round < count; round += 1) {
      const parsed = parseCron(crons[round % crons.length] ?? "");
      assert.ok(parsed.ok);
      const zone = zones[round % zones.length] ?? "UTC";
      nextFires(parsed.cron, zone, nowMs + round * 86_400_000, 1);
    }
  };
  const bare = (): void => {
    for (let count = 0; count < 2_000; count += 1) formatInZone(nowMs + count * 86_400_000, "Europe/Berlin");
  };
  bare();
  fires(24)();
  // A fire costs as much as some conversions between zones, wherever it lies and whatever else the machine does.
  const ratio = cpuMs(fires(2_000)) / cpuMs(bare);
  assert.ok(ratio < 20, `${ratio.toFixed(1)} times a conversion`);
});
