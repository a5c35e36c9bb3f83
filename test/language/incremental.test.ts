// After any sequence of edits the open document says what a fresh reading of its text says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { draftOf, type FlowDocument, openDocument } from "../../scheduler/language/document.ts";
import { randomEdit, randomFrom, randomGarbage } from "./random-text.ts";

const { PORPOISE_SEED: givenSeed, PORPOISE_EDITS_SCALE: givenScale } = process.env;
/** 10 at night. */
const scale = Number(givenScale ?? 1);
const seed = Number(givenSeed ?? Date.now() % 1_000_000);
const sample = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");

const all = (document: FlowDocument) => ({
  problems: document.problems(),
  definition: document.definition(),
  starts: document.starts(),
  lines: document.blocks().map((block) => block.lines),
  drafts: document.blocks().map(draftOf),
  edges: document.names().graph(),
});

/** An independent application of an edit, by offsets in the whole text. */
function apply(
  text: string,
  range: { start: { line: number; character: number }; end: { line: number; character: number } },
  insert: string,
): string {
  const ends = [...text.matchAll(/\r\n|\n|\r/g)];
  const offset = (line: number, character: number): number => {
    if (line > ends.length) return text.length;
    const previous = ends[line - 1];
    const start = previous ? previous.index + previous[0].length : 0;
    return Math.min(start + character, ends[line]?.index ?? text.length);
  };
  return (
    text.slice(0, offset(range.start.line, range.start.character)) +
    insert +
    text.slice(offset(range.end.line, range.end.character))
  );
}

for (const [name, start, count] of [
  ["the sample", sample, 5000],
  ["the sample with CRLF", sample.replaceAll("\n", "\r\n"), 2000],
  ["an empty file", "", 3000],
] as const) {
  const edits = count * scale;
  test(`${edits} random edits of ${name} leave the document equal to a fresh reading (seed ${seed})`, () => {
    const random = randomFrom(seed);
    let text = start;
    let document = openDocument(text);
    for (let count = 0; count < edits; count += 1) {
      const edit = randomEdit(random, text);
      text = apply(text, edit.range, edit.text);
      document.edit(edit.range, edit.text);
      const about = `seed ${seed}, edit ${count}: ${JSON.stringify(edit)}`;
      assert.equal(document.text(), text, about);
      assert.deepEqual(all(document), all(openDocument(text)), about);
      // Garbage grows or everything is deleted: begin again now and then.
      if (text.length > 12_000 || text.includes("\u0000") || count % 400 === 399) {
        text = start;
        document = openDocument(text);
      }
    }
  });
}

test(`random text never throws (seed ${seed})`, () => {
  const random = randomFrom(seed + 1);
  for (let count = 0; count < 2000; count += 1) {
    const text = randomGarbage(random, 1 + random(120));
    const document = openDocument(text);
    assert.equal(document.text(), text);
    document.problems();
    document.definition();
  }
});

test("text with a thousand brackets inside each other is a problem, not a crash", () => {
  const document = openDocument(`workflow w {\n  schedule = ${"all(".repeat(100_000)}\n}\n`);
  assert.ok(document.problems().length > 0);
  const bodies = openDocument(`workflow w {\n  ${"a {".repeat(100_000)}\n}\n`);
  assert.ok(bodies.problems().length > 0);
});
