// docs/language.md is what the catalogue says, and the catalogue's own examples are right.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";
import { taskAttributes } from "../../scheduler/tasks/task-attributes.ts";
import { taskTypes } from "../../scheduler/tasks/task-types.ts";
import { workflowAttributes } from "../../scheduler/tasks/workflow-attributes.ts";
import { languageReference, referencePath } from "../../scripts/language-reference.ts";

const problemsOf = (text: string) =>
  compile([{ path: "x.flow", text }])[0]?.problems.map((one) => `${one.code} ${one.message}`) ?? [];

const shell = (name: string) => `task ${name}: shell {\n  \`\`\`\n  x\n  \`\`\`\n}\n`;

test("docs/language.md is current", () => {
  assert.equal(readFileSync(referencePath, "utf8"), languageReference(), "run `node scripts/language-reference.ts`");
});

test("the example of every task type has no problem", () => {
  const others = ["load", "notify", "publish", "page"];
  for (const type of taskTypes) {
    const known = others.filter((name) => !type.example.includes(`task ${name}:`)).map(shell);
    assert.deepEqual(problemsOf(`workflow w {\n}\n\n${type.example}\n${known.join("")}`), [], type.name);
  }
});

test("the example of every attribute has no problem", () => {
  for (const one of workflowAttributes)
    assert.deepEqual(problemsOf(`workflow w {\n  ${one.example}\n}\n`), [], one.name);
  for (const one of taskAttributes) {
    const others = ["extract", "load"].map(shell).join("");
    assert.deepEqual(
      problemsOf(`workflow w {\n}\n\n${others}task a: shell {\n  ${one.example}\n  \`\`\`\n  x\n  \`\`\`\n}\n`),
      [],
      one.name,
    );
  }
});
