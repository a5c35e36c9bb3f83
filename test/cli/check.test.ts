// `porpoise check` on folders of files: formats, exit codes, settings above the folder.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { type CheckFormat, check } from "../../scheduler/cli/commands/check.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-check-"));
before(() => {
  mkdirSync(path.join(folder, "flows/deep"), { recursive: true });
  writeFileSync(path.join(folder, "porpoise.json"), '{ "project": "shop" }');
  writeFileSync(path.join(folder, "flows/good.flow"), "workflow good {\n}\n");
  writeFileSync(path.join(folder, "flows/deep/bad.flow"), "workflow bad {\n  priorty = high\n}\n");
  writeFileSync(path.join(folder, "flows/deep/twice.flow"), "workflow shop/good {\n}\n");
});
after(() => rmSync(folder, { recursive: true }));

async function run(paths: readonly string[], format: CheckFormat = "text", cwd = folder) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await check(paths, { format }, { cwd, stdout, stderr });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
}

test("an error makes the exit code 1 and is shown with its line", async () => {
  const { code, out, err } = await run(["flows/deep/bad.flow"]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^flows\/deep\/bad\.flow:2:3 error attribute\/unknown .*did you mean "priority"\?\n {2}2 \| {3}priorty = high\n/,
  );
  assert.match(err, /1 file: 1 error/);
});

test("a clean file makes the exit code 0", async () => {
  assert.equal((await run(["flows/good.flow"])).code, 0);
});

test("a path that is not there is wrong usage", async () => {
  const { code, err } = await run(["nowhere"]);
  assert.equal(code, 2);
  assert.match(err, /nowhere: there is no such file or folder/);
});

test("the project comes from a porpoise.json above, so the same workflow in two files is found", async () => {
  const { code, out } = await run(["."], "text", path.join(folder, "flows"));
  assert.equal(code, 1);
  assert.match(out, /name\/duplicate workflow shop\/good is already defined/);
});

test("JSON holds every problem with its path and range", async () => {
  const { out } = await run(["flows/deep/bad.flow"], "json");
  const { problems } = JSON.parse(out);
  assert.equal(problems.length, 1);
  assert.deepEqual(problems[0].range, { start: { line: 1, character: 2 }, end: { line: 1, character: 9 } });
  assert.equal(problems[0].path, "flows/deep/bad.flow");
});

test("SARIF is of version 2.1.0 and counts from one", async () => {
  const { out } = await run(["flows/deep/bad.flow"], "sarif");
  const log = JSON.parse(out);
  assert.equal(log.version, "2.1.0");
  const [result] = log.runs[0].results;
  assert.equal(result.ruleId, "attribute/unknown");
  const [rule] = log.runs[0].tool.driver.rules;
  assert.deepEqual([rule.id, rule.defaultConfiguration], ["attribute/unknown", { level: "error" }]);
  assert.match(rule.shortDescription.text, /no attribute/);
  assert.deepEqual(result.locations[0].physicalLocation.region, {
    startLine: 2,
    startColumn: 3,
    endLine: 2,
    endColumn: 10,
  });
});

test("nothing is shown of a file that is no text", async () => {
  const file = path.join(folder, "binary.flow");
  writeFileSync(file, Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0, 1, 2, 0xff, 0xfe, 0x0a]));
  const { code, out } = await run(["binary.flow"]);
  rmSync(file);
  assert.equal(code, 1);
  assert.match(out, /^binary\.flow:1:1 error syntax\/not-text [^\n]*\n$/);
  assert.ok(!out.includes("\u001b"));
});

test("hidden folders and node_modules are passed over, and a file of another kind is wrong usage", async () => {
  for (const passedOver of [".hidden", "node_modules"]) {
    mkdirSync(path.join(folder, "flows", passedOver));
    writeFileSync(path.join(folder, "flows", passedOver, "x.flow"), "workflow {\n");
  }
  writeFileSync(path.join(folder, "notes.txt"), "");
  const { err } = await run(["flows"]);
  assert.match(err, /^3 files/);
  assert.equal((await run(["notes.txt"])).code, 2);
});
