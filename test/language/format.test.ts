// The formatter: what it changes, and that nothing it changes means anything.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import { openDocument } from "../../scheduler/language/document.ts";
import { formatEdits, formatText } from "../../scheduler/language/format.ts";
import { randomEdit, randomFrom, randomGarbage } from "./random-text.ts";

const { PORPOISE_SEED: givenSeed } = process.env;
const seed = Number(givenSeed ?? Date.now() % 1_000_000);
const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const sample = read("test/cases/sample.flow");

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const formats = (name: string, text: string, expected: string) =>
  test(name, () => {
    assert.equal(formatText(text).text, expected);
    assert.equal(formatText(expected).text, expected);
  });
const keeps = (name: string, text: string) => formats(name, text, text);

keeps("the sample of the language is formatted as it stands", sample);

test("the examples are formatted", () => {
  for (const file of globSync("examples/**/*.flow", { cwd: root }))
    assert.equal(formatText(read(file)).text, read(file), `run porpoise fmt ${file}`);
});

formats(
  "indents by two, one attribute a line, one space where spaces stand",
  lines('workflow  shop / w   "T"{', " retries=2", "\ttimeout   =  4h", "      on_failure=end }"),
  lines('workflow shop/w "T" {', "  retries = 2", "  timeout = 4h", "  on_failure = end", "}"),
);

formats(
  "never aligns =, and leaves an alignment of comments alone",
  lines("workflow w {", "  priority    = high    // a", "  timeout     = 4h      // b", "}"),
  lines("workflow w {", "  priority = high    // a", "  timeout = 4h      // b", "}"),
);

formats(
  "comments and at most one blank line stay",
  lines(
    "",
    "",
    "// top",
    "",
    "",
    "workflow w { // head",
    "",
    "",
    "    // in",
    "  timeout = 4h",
    "",
    "} // end",
    "",
    "",
    "   // after",
    "",
  ),
  lines("// top", "", "workflow w { // head", "", "  // in", "  timeout = 4h", "", "} // end", "", "// after"),
);

formats(
  "line breaks inside brackets stay, with their comments",
  lines("[a,", "// first", "b", "] >>", "c", "x>>[y ,z]").replace("\nb\n", "\n   b\n").replace("\nc\n", "\n c\n"),
  lines("[a,", "  // first", "  b", "] >>", "  c", "x >> [y, z]"),
);

formats(
  "a nested body on one line stays on one, any other is spread out",
  lines("task a:http{", ' headers{ X="1" }', ' headers { A = "1"', ' B = "2" }', "}"),
  lines("task a: http {", '  headers { X = "1" }', "  headers {", '    A = "1"', '    B = "2"', "  }", "}"),
);

formats(
  "a script moves as a whole, and what it is stays",
  lines(
    "task a: shell {",
    "      ```bash   raw",
    "      if x; then",
    "        echo",
    "      fi",
    "",
    "EOF",
    "      ```",
    "}",
  ),
  lines("task a: shell {", "  ```bash raw", "  if x; then", "    echo", "  fi", "", "  EOF", "  ```", "}"),
);

keeps(
  "a script that stands right is left byte for byte",
  lines("task a: shell {", "  ```bash", "  cat <<EOF  ", "text \t", "EOF", "\techo", "   ", "  ```", "}"),
);

formats(
  "a block with syntax errors stays as it is, its neighbours do not",
  lines("workflow w {", "    timeout=", "}", "task   a:shell{", "}"),
  lines("workflow w {", "    timeout=", "}", "task a: shell {", "}"),
);

test("the first lines of blocks with syntax errors are told", () => {
  assert.deepEqual(formatText(lines("workflow w {", "}", "task a {", "}", "a >> b")).leftAlone, [2]);
});

keeps("conditions keep the author's spaces", lines("task r: switch {", "  when (a+b) / 2>1 and c >> d", "}"));

keeps(
  "a blank line between a doc comment and a task stays: without it the comment would become the task's",
  lines("/// Not the task's.", "", "task a: shell {", "}"),
);

keeps(
  "an indented comment of three slashes does not become documentation",
  lines("workflow w {", "}", "  /// no doc", "task a: shell {", "}"),
);

formats("the text ends in one line end", "workflow w {\n}\n\n\n", "workflow w {\n}\n");
formats("CRLF stays CRLF", "workflow w {\r\n timeout=4h\r\n}\r\n", "workflow w {\r\n  timeout = 4h\r\n}\r\n");
formats("a byte order mark stays", "\ufeffworkflow  w {\n}\n", "\ufeffworkflow w {\n}\n");
keeps("a text that is not read stays", "a\u0000b  {");

test("only blocks that change are edited, and of a range only those that it touches", () => {
  const document = openDocument(lines("workflow w {", "}", "a>>b", "task a: shell {", "}", "b>>c"));
  const starts = (edits: ReturnType<typeof formatEdits>) => edits.map(({ range }) => range.start.line);
  assert.deepEqual(starts(formatEdits(document)), [2, 5]);
  const line = (at: number) => ({ line: at, character: 0 });
  assert.deepEqual(starts(formatEdits(document, { start: line(3), end: line(5) })), [5]);
});

test("the edits of a document give the formatted text", () => {
  for (const text of [sample.replaceAll("  ", "    "), "a>>b", "a>>b\r\nc>>d", "\n\na>>b\n\n\n"]) {
    const document = openDocument(text);
    for (const { range, text: fresh } of formatEdits(document).toReversed()) document.edit(range, fresh);
    assert.equal(document.text(), formatText(text).text);
  }
});

function holds(text: string, about: string): void {
  const once = formatText(text).text;
  assert.equal(formatText(once).text, once, `not idempotent, ${about}: ${JSON.stringify(text)}`);
  const meaning = (of: string) => {
    const [compiled] = compile([{ path: "x.flow", text: of }]);
    const problems = compiled?.problems.map(({ code, message }) => `${code} ${message}`).sort();
    return { definition: compiled?.definition, problems };
  };
  assert.deepEqual(meaning(once), meaning(text), `${about}: ${JSON.stringify(text)}`);
  const comments = (of: string) => [...of.matchAll(/\/\/.*/g)].map(([comment]) => comment.trim());
  assert.deepEqual(comments(once), comments(text), `comments, ${about}`);
}

test("every case and example means the same when formatted, and formatting again changes nothing", () => {
  for (const file of globSync(["test/cases/**/*.flow", "examples/**/*.flow"], { cwd: root })) {
    const text = read(file).replaceAll(/[«»]/g, "");
    holds(text, file);
    holds(text.replaceAll("\n", "\r\n"), file);
  }
});

test(`random spaces between the sample's words change nothing that the formatter keeps (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const [workflow = ""] = sample.split("/// Blocks until");
  const simple = workflow.replaceAll(/ *\/\/ .*/g, "");
  const expected = formatText(simple).text;
  for (let count = 0; count < 300; count += 1) {
    const shaken = simple.replaceAll(/^ +| (?=[^"\n]*$)/gm, () => " ".repeat(1 + random(6)));
    holds(shaken, `seed ${seed}, round ${count}`);
    const isQuiet = (text: string) => text.replaceAll(/ +/g, " ");
    assert.equal(isQuiet(formatText(shaken).text), isQuiet(expected));
  }
});

for (const [name, start, rounds] of [
  ["the sample", sample, 600],
  ["the sample with CRLF", sample.replaceAll("\n", "\r\n"), 200],
  ["an empty file", "", 1500],
] as const)
  test(`${rounds} random edits of ${name} mean the same when formatted (seed ${seed})`, () => {
    const random = randomFrom(seed + 2);
    let document = openDocument(start);
    for (let round = 0; round < rounds; round += 1) {
      const edit = randomEdit(random, document.text());
      document.edit(edit.range, edit.text);
      holds(document.text(), `seed ${seed}, round ${round}`);
      if (document.text().length > 12_000 || document.text().includes("\u0000") || round % 60 === 59)
        document = openDocument(start);
    }
  });

test(`random text means the same when formatted (seed ${seed})`, () => {
  const random = randomFrom(seed + 3);
  for (let round = 0; round < 1500; round += 1) holds(randomGarbage(random, 1 + random(120)), `seed ${seed}`);
});
