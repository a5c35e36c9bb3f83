// What a rename changes and what it refuses: `|` is the cursor.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openDocument } from "../../scheduler/language/document.ts";
import { prepareRename, rename } from "../../scheduler/language/features/rename.ts";

const head = 'workflow w {\n  param day: date = "$[yyyyMMdd]"\n  param label: string = "of ${day}"\n}\n\n';
const shell = (name: string, body: string, script = "echo") =>
  `task ${name}: shell {\n${body}  \`\`\`bash\n  ${script}\n  \`\`\`\n}\n\n`;

function at(marked: string) {
  const offset = marked.indexOf("|");
  const lines = marked.slice(0, offset).split("\n");
  const document = openDocument(marked.slice(0, offset) + marked.slice(offset + 1));
  return { document, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } };
}

function renamed(marked: string, name: string): string {
  const { document, position } = at(marked);
  const edits = rename(document, position, name);
  if ("refusal" in edits) return edits.refusal;
  const ordered = edits.toSorted(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  );
  for (const { range, text } of ordered) document.edit(range, text);
  return document.text();
}

const renames = (about: string, marked: string, name: string, expected: string) =>
  test(about, () => assert.equal(renamed(marked, name), expected));
const refuses = (about: string, marked: string, name: string, expected: RegExp) =>
  test(about, () => assert.match(renamed(marked, name), expected));

renames(
  "a task's name changes in its header, in after and in edges",
  `${head}${shell("a", "")}${shell("b", "  after = [|a, c]\n")}${shell("c", "")}[a, b] >> c\na >> b\n`,
  "first",
  `${head}${shell("first", "")}${shell("b", "  after = [first, c]\n")}${shell("c", "")}[first, b] >> c\nfirst >> b\n`,
);

renames(
  "a name that is no word is quoted, and one that has become a word is not",
  `${head}${shell('"a |b"', "")}${shell("c", '  after = "a b"\n')}"a b" >> c\n`,
  "ab",
  `${head}${shell("ab", "")}${shell("c", "  after = ab\n")}ab >> c\n`,
);

renames(
  "a new name with a space is quoted everywhere",
  `${head}${shell("a", "")}|a >> b\n${shell("b", "")}`,
  'x "y"',
  `${head}${shell('"x \\"y\\""', "")}"x \\"y\\"" >> b\n${shell("b", "")}`,
);

renames(
  "a task's name changes in branches and conditions, a param of that name does not",
  `${head}task g: conditions {\n  when all(|a is succeeded) and a == 1 >> a\n  else >> b\n}\n`.replace("|", "") +
    shell("|a", ""),
  "z",
  `${head}task g: conditions {\n  when all(z is succeeded) and a == 1 >> z\n  else >> b\n}\n${shell("z", "")}`,
);

renames(
  "a param changes in strings, scripts, values of in and the environment",
  `${head}${shell("a", '  in k: string = "${day}"\n', "echo ${day} $PORPOISE_DAY ${DAY} $day")}`.replace(
    "param day",
    "param d|ay",
  ),
  "date",
  `${head}${shell("a", '  in k: string = "${day}"\n', "echo ${day} $PORPOISE_DAY ${DAY} $day")}`
    .replace("param day", "param date")
    .replaceAll("${day}", "${date}")
    .replace("PORPOISE_DAY", "PORPOISE_DATE"),
);

renames(
  "an in of its own changes in its task alone, and its value still means the param",
  `${head}${shell("a", '  in day: string = "${day}"\n', "echo ${d|ay}")}${shell("b", "", "echo ${day}")}`,
  "own",
  `${head}${shell("a", '  in own: string = "${day}"\n', "echo ${own}")}${shell("b", "", "echo ${day}")}`,
);

renames(
  "a param does not change where an in hides it, but in the value of that in",
  `${head}${shell("a", '  in day: string = "${|day}"\n', "echo ${day}")}`,
  "date",
  `${head}${shell("a", '  in day: string = "${date}"\n', "echo ${day}")}`
    .replace("param day", "param date")
    .replace("of ${day}", "of ${date}"),
);

renames(
  "an in without a value lets the output through, so it changes with it",
  `${head}${shell("a", "  out rows|: integer\n", 'echo "#{setValue(rows=1)} ${rows}"')}${shell("b", "  after = a\n  in rows: integer\n", "echo ${rows}")}`,
  "count",
  `${head}${shell("a", "  out count: integer\n", 'echo "#{setValue(count=1)} ${rows}"')}${shell("b", "  after = a\n  in count: integer\n", "echo ${count}")}`,
);

renames(
  "a script's own variable that only looks like an output stays",
  `${head}${shell("a", "  out |rows: integer\n")}${shell("before", "", "rows=1; echo ${rows}")}${shell("b", "  after = a\n", "echo ${rows}")}before >> a\n`,
  "count",
  `${head}${shell("a", "  out count: integer\n")}${shell("before", "", "rows=1; echo ${rows}")}${shell("b", "  after = a\n", "echo ${count}")}before >> a\n`,
);

refuses("a workflow is not renamed", head.replace("w {", "|w {"), "x", /a workflow is known by its name/);
refuses(
  "nothing is renamed where no name stands",
  `${head}${shell("a", "")}`.replace("echo", "ec|ho"),
  "x",
  /no task or param here/,
);
refuses("a taken task name is refused", `${head}${shell("|a", "")}${shell("b", "")}`, "b", /already is a task "b"/);
refuses("a task name with a slash is refused", `${head}${shell("|a", "")}`, "b/c", /holds a slash/);
refuses("an unknown task is not renamed", `${head}${shell("a", "  after = |b\n")}`, "c", /there is no task "b"/);
refuses(
  "one of two tasks of a name is not renamed",
  `${head}${shell("|a", "")}${shell("a", "")}`,
  "c",
  /2 tasks named "a"/,
);
refuses("a param's name is letters, digits and _", head.replace("day:", "d|ay:"), "a-b", /no name of a parameter/);
refuses(
  "a taken param name is refused",
  head.replace("day:", "d|ay:"),
  "label",
  /already is a param, in or out "label"/,
);
refuses(
  "a name that differs from another in capitals only is refused",
  head.replace("day:", "d|ay:"),
  "LABEL",
  /already is a param/,
);
refuses("a built-in is not renamed", `${head}${shell("a", "", "echo ${system.biz|.date}")}`, "x", /built in/);
refuses(
  "a name that a script uses for itself is refused",
  `${head}${shell("a", "", "file=1; echo ${file} ${day}")}`.replace("param day", "param |day"),
  "file",
  /"file" is already used in "a"/,
);
refuses(
  "a script's own variable is not renamed",
  `${head}${shell("a", "  out rows: integer\n")}${shell("b", "", "rows=1; echo ${ro|ws}")}`,
  "x",
  /the script's own/,
);

test("what is to be renamed is the name without ${ and }", () => {
  const { document, position } = at(`${head}${shell("a", "", "echo ${d|ay}")}`);
  assert.deepEqual(prepareRename(document, position), {
    range: { start: { line: 7, character: 9 }, end: { line: 7, character: 12 } },
    name: "day",
  });
});

test("renaming everything in the sample and back gives the sample", () => {
  const sample = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");
  const document = openDocument(sample);
  const problems = document.problems().length;
  let count = 0;
  for (const [index, { summary }] of document.blocks().entries()) {
    const start = document.starts()[index] ?? 0;
    const own = summary.kind === "task" && summary.name ? [summary.name] : [];
    for (const { range } of [...own, ...summary.params, ...summary.ins, ...summary.outs, ...summary.after]) {
      const position = { line: start + range.start.line, character: range.start.character };
      const ready = prepareRename(document, position);
      assert.ok(!("refusal" in ready), JSON.stringify(ready));
      const there = openDocument(sample);
      const change = (name: string) => {
        const edits = rename(there, position, name);
        assert.ok(!("refusal" in edits), JSON.stringify(edits));
        for (const edit of edits.toReversed()) there.edit(edit.range, edit.text);
      };
      change("quite_new");
      assert.notEqual(there.text(), sample);
      assert.equal(there.problems().length, problems, JSON.stringify(there.problems()));
      change(ready.name);
      assert.equal(there.text(), sample);
      count += 1;
    }
  }
  assert.ok(count > 15);
});
