// What the documents show is true: their workflows are clean, their links lead somewhere, their scripts exist.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compile } from "../scheduler/language/compile.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", ...globSync("docs/*.md", { cwd: root })];
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

test("the workflow in the README has no problem", () => {
  const text = /^````flow\n([\s\S]*?)^````/m.exec(read("README.md"))?.[1];
  assert.ok(text);
  const [compiled] = compile([{ path: "sales_daily.flow", text }]);
  assert.deepEqual(compiled?.problems, []);
  assert.equal(compiled?.definition?.name, "sales_daily");
});

test("every link of the documents leads to a file", () => {
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !existsSync(path.join(root, path.dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("every npm script that the documents name exists", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/npm run (?:-s )?([\w:]+)/g)].map((match) => match[1] ?? ""),
  );
  assert.deepEqual(
    named.filter((name) => scripts[name] === undefined),
    [],
  );
});

test("every source file that the documents name exists", () => {
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/`((?:scheduler|server|extension|test|scripts|bench)\/[\w./-]+\.(?:ts|json))`/g)].map(
      (match) => `${document}: ${match[1]}`,
    ),
  );
  assert.deepEqual(
    named.filter((one) => !existsSync(path.join(root, one.split(": ")[1] ?? ""))),
    [],
  );
});
