// The examples are what they say: without a problem, and none is a second workflow of the same name.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { compile } from "../../scheduler/language/compile.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = globSync("examples/**/{*.flow,porpoise.json}", { cwd: root }).map((file) =>
  file.split(path.sep).join("/"),
);

test("every example is free of problems", () => {
  const sources = files.map((file) => ({ path: file, text: readFileSync(path.join(root, file), "utf8") }));
  const compiled = compile(sources, { hasFile: (file) => existsSync(path.join(root, file)) });
  const found = compiled.flatMap((file) =>
    file.problems.map((one) => `${file.path}:${one.range.start.line + 1} ${one.code} ${one.message}`),
  );
  assert.deepEqual(found, []);
  assert.ok(compiled.some((file) => file.definition?.project === "pipelines"));
});
