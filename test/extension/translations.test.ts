// What the extension says is there in every language it speaks.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), "utf8"));
const keysOf = (file: string) => Object.keys(Object(read(file)));

test("every sentence of the extension's code has a Chinese translation, and none is left over", () => {
  const said = new Set<string>();
  for (const file of globSync("extension/**/*.ts", { cwd: root })) {
    const source = readFileSync(path.join(root, file), "utf8");
    const calls = source.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g);
    for (const [, literal] of calls) if (literal !== undefined) said.add(unquoted(literal));
    assert.equal(
      source.match(/l10n\.t\(/g)?.length ?? 0,
      source.match(/l10n\.t\(\s*["']/g)?.length ?? 0,
      `${file} translates something that is no literal`,
    );
  }
  assert.deepEqual([...said].sort(), keysOf("l10n/bundle.l10n.zh-cn.json").sort());
});

test("a translation uses the same placeholders as the sentence it translates", () => {
  for (const [sentence, translation] of Object.entries(Object(read("l10n/bundle.l10n.zh-cn.json")))) {
    assert.deepEqual(placeholders(String(translation)), placeholders(sentence), sentence);
  }
});

test("every text that the manifest names exists in English and in Chinese", () => {
  const manifest = readFileSync(path.join(root, "package.json"), "utf8");
  const named = [...manifest.matchAll(/"%([\w.]+)%"/g)].map(([, name]) => name ?? "");
  assert.deepEqual([...new Set(named)].sort(), keysOf("package.nls.json").sort());
  assert.deepEqual(keysOf("package.nls.zh-cn.json").sort(), keysOf("package.nls.json").sort());
});

const placeholders = (text: string) => [...text.matchAll(/\{\d\}/g)].map(([found]) => found).sort();

const unquoted = (literal: string) =>
  literal.startsWith("'") ? literal.slice(1, -1).replaceAll("\\'", "'") : String(JSON.parse(literal));
