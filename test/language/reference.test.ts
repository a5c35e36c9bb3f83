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

test("docs/language.md is current", () => {
  assert.equal(readFileSync(referencePath, "utf8"), languageReference(), "run `node scripts/language-reference.ts`");
});

test("the example of every supported task type has no problem", () => {
  for (const type of taskTypes.filter((one) => !one.notYet))
    assert.deepEqual(problemsOf(`workflow w {\n}\n\n${type.example}\n`), [], type.name);
});

test("a use of a type or attribute to come has exactly one problem", () => {
  for (const type of taskTypes.filter((one) => one.notYet)) {
    const text = `workflow w {\n}\n\n${type.example}\n${["notify", "load", "publish", "page"].map((name) => (type.example.includes(`task ${name}:`) ? "" : `task ${name}: shell {\n  \`\`\`\n  x\n  \`\`\`\n}\n`)).join("")}`;
    assert.deepEqual(
      problemsOf(text).map((one) => one.split(" ")[0]),
      ["syntax/not-yet"],
      type.name,
    );
  }
  for (const one of taskAttributes.filter((attribute) => attribute.notYet)) {
    const found = problemsOf(`workflow w {\n}\n\ntask a: shell {\n  ${one.example}\n  \`\`\`\n  x\n  \`\`\`\n}\n`);
    assert.deepEqual(
      found.map((problem) => problem.split(" ")[0]),
      ["syntax/not-yet"],
      one.name,
    );
  }
  for (const one of workflowAttributes.filter((attribute) => attribute.notYet))
    assert.deepEqual(
      problemsOf(`workflow w {\n  ${one.example}\n}\n`).map((problem) => problem.split(" ")[0]),
      ["syntax/not-yet"],
      one.name,
    );
});

test("the example of every supported attribute has no problem", () => {
  for (const one of workflowAttributes.filter((attribute) => !attribute.notYet))
    assert.deepEqual(problemsOf(`workflow w {\n  ${one.example}\n}\n`), [], one.name);
  for (const one of taskAttributes.filter((attribute) => !attribute.notYet)) {
    const others = ["extract", "load"].map((name) => `task ${name}: shell {\n  \`\`\`\n  x\n  \`\`\`\n}\n`).join("");
    assert.deepEqual(
      problemsOf(`workflow w {\n}\n\n${others}task a: shell {\n  ${one.example}\n  \`\`\`\n  x\n  \`\`\`\n}\n`),
      [],
      one.name,
    );
  }
});
