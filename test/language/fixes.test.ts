// What quick fixes make of a text: `|` is the cursor.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openDocument } from "../../scheduler/language/document.ts";
import type { Fix } from "../../scheduler/language/features/fix.ts";
import { fixesAt } from "../../scheduler/language/features/fixes.ts";

const head = "workflow w {\n}\n\n";
const shell = (name: string, more = "") => `task ${name}: shell {\n${more}  \`\`\`bash\n  echo\n  \`\`\`\n}\n`;
const tasks = ["a", "b", "c", "d"].map((name) => shell(name)).join("");

function at(marked: string) {
  const offset = marked.indexOf("|");
  const lines = marked.slice(0, offset).split("\n");
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return { text, fixes: fixesAt(openDocument(text), { start: position, end: position }) };
}

function applied(text: string, { edit }: Fix): string {
  const document = openDocument(text);
  document.edit(edit.range, edit.text);
  return document.text();
}

/** The fix of that title gives the text. */
const fixes = (about: string, marked: string, title: string, expected: string) =>
  test(about, () => {
    const { text, fixes } = at(marked);
    const fix = fixes.find((one) => one.title === title);
    assert.ok(fix, `${title} among ${fixes.map((one) => one.title).join(", ")}`);
    assert.equal(applied(text, fix), expected);
  });
/** The file's edge lines, below tasks a to d. */
const unlinks = (about: string, marked: string, title: string, expected: string) =>
  fixes(about, `${head}${tasks}${marked}`, title, `${head}${tasks}${expected}`);

fixes(
  "a misspelt attribute becomes the one that is meant",
  `${head}${shell("a", "  retr|ys = 2\n")}`,
  "Change to retries",
  `${head}${shell("a", "  retries = 2\n")}`,
);
fixes(
  "a misspelt word becomes the one that is meant",
  "workflow w {\n  priority = hi|hg\n}\n",
  "Change to high",
  "workflow w {\n  priority = high\n}\n",
);
fixes(
  "a misspelt type becomes the one that is meant",
  `${head}${shell("a")}`.replace(": shell", ": sh|el"),
  "Change to shell",
  `${head}${shell("a")}`,
);
fixes(
  "a misspelt time zone stays a string",
  'workflow w {\n  schedule = cron("0 0 4 * * ?") in "Europe/Be|rln"\n}\n',
  'Change to "Europe/Berlin"',
  'workflow w {\n  schedule = cron("0 0 4 * * ?") in "Europe/Berlin"\n}\n',
);
fixes(
  "a misspelt task becomes the nearest one, quoted where it must be",
  `${head}${shell('"load it"')}${shell("b", "  after = |load_it\n")}`,
  'Change to "load it"',
  `${head}${shell('"load it"')}${shell("b", '  after = "load it"\n')}`,
);
fixes(
  "a misspelt param of a string becomes the one that is meant",
  'workflow w {\n  param region: string = "eu"\n  param x: string = "${reg|on}"\n}\n',
  "Change to ${region}",
  'workflow w {\n  param region: string = "eu"\n  param x: string = "${region}"\n}\n',
);
fixes(
  "a misspelt param of a script becomes the one that is meant",
  `workflow w {\n  param region: string = "eu"\n}\n\n${shell("a").replace("echo", "echo ${reg|on}")}`,
  "Change to ${region}",
  `workflow w {\n  param region: string = "eu"\n}\n\n${shell("a").replace("echo", "echo ${region}")}`,
);

test("a missing attribute is added with its example, and is then there", () => {
  for (const marked of [
    "task a: ht|tp {\n}\n",
    "task a: ht|tp { // note\r\n}\r\n",
    "task a: ht|tp { method = post\n}\n",
    "task a: ht|tp {}\n",
  ]) {
    const { text, fixes } = at(head + marked);
    const fix = fixes.find((one) => one.title === "Add url");
    assert.ok(fix);
    const found = openDocument(applied(text, fix)).problems();
    assert.deepEqual(
      found.filter((one) => one.severity === "error"),
      [],
      applied(text, fix),
    );
  }
});

unlinks(
  "an edge said twice goes with its line",
  "a >> b\na >> |b // twice\nb >> c\n",
  "Remove the edge a → b",
  "a >> b\nb >> c\n",
);
unlinks(
  "an edge said twice goes out of a group",
  "a >> b\na >> [c, |b, d]\n",
  "Remove the edge a → b",
  "a >> b\na >> [c, d]\n",
);
unlinks(
  "of a product only the one edge goes",
  "a >> c\n[a, b] >> [|c, d]\n",
  "Remove the edge a → c",
  "a >> c\n[a, b] >> d\nb >> c\n",
);
unlinks(
  "of a chain only the one edge goes",
  "b >> c\na >> b >> |c >> d\n",
  "Remove the edge b → c",
  "b >> c\na >> b\nc >> d\n",
);
unlinks("a task said twice in a group is said once", "a >> [b, c, |b]\n", "Remove the edge a → b", "a >> [b, c]\n");
unlinks("an edge from a task to itself goes", "a >> |a\na >> b\n", "Remove the edge a → a", "a >> b\n");
unlinks(
  "a doc comment goes with its edge, so that it does not become the next block's",
  "a >> b\n/// why\na >> |b\nb >> c\n",
  "Remove the edge a → b",
  "a >> b\nb >> c\n",
);
fixes(
  "the only task of after goes with its line",
  `${head}${shell("a")}${shell("b", "  after = a\n")}${shell("c")}`.replace("after = a", "after = |b"),
  "Remove the edge b → b",
  `${head}${shell("a")}${shell("b")}${shell("c")}`,
);
fixes(
  "one task of after goes alone",
  `${head}${shell("a")}${shell("b", "  after = [a, |a]\n")}`,
  "Remove the edge a → a".replace("a → a", "a → b"),
  `${head}${shell("a")}${shell("b", "  after = [a]\n")}`,
);

test("every edge of a circle can be removed, and each removal ends it", () => {
  const { text, fixes } = at(`${head}${tasks}${shell("e", "  after = [c, d]\n")}[a, b] >> c\n[e, b] >> |a\n`);
  assert.deepEqual(fixes.map((one) => one.title).sort(), [
    "Remove the edge a → c",
    "Remove the edge c → e",
    "Remove the edge e → a",
  ]);
  const edgesOf = (of: string) =>
    openDocument(of)
      .names()
      .graph()
      .successors.flatMap((list, from) => list.map((to) => `${from} ${to}`));
  for (const fix of fixes) {
    const mended = applied(text, fix);
    assert.deepEqual(openDocument(mended).problems(), [], mended);
    assert.equal(edgesOf(mended).length, edgesOf(text).length - 1);
    assert.ok(edgesOf(mended).every((edge) => edgesOf(text).includes(edge)));
  }
});

test("an edge line with comments in between is not taken apart", () => {
  assert.deepEqual(at(`${head}${tasks}a >> b\n[a, // why\n c] >> |b\n`).fixes, []);
});

const folder = new URL("../cases/problems/", import.meta.url);

test("no fix of a case leaves its problem there", () => {
  let count = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".flow"))) {
    const text = readFileSync(new URL(file, folder), "utf8").replaceAll(/[«»]/g, "");
    const document = openDocument(text);
    for (const problem of document.problems())
      for (const fix of fixesAt(document, problem.range).filter((one) => one.problem.message === problem.message)) {
        const left = openDocument(applied(text, fix)).problems();
        assert.ok(!left.some((one) => one.message === problem.message), `${file}: ${fix.title}`);
        assert.ok(left.length <= document.problems().length, `${file}: ${fix.title}: ${JSON.stringify(left)}`);
        count += 1;
      }
  }
  assert.ok(count >= 8, String(count));
});
