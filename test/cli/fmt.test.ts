// `porpoise fmt` on files: what it writes, what it only says, and its exit codes.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { after, beforeEach, test } from "node:test";
import { fmt } from "../../scheduler/cli/commands/fmt.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-fmt-"));
const bad = "workflow   bad{\n}\n";
beforeEach(() => {
  writeFileSync(path.join(folder, "good.flow"), "workflow good {\n}\n");
  writeFileSync(path.join(folder, "bad.flow"), bad);
});
after(() => rmSync(folder, { recursive: true }));

const textOf = (file: string) => readFileSync(path.join(folder, file), "utf8");

async function run(paths: readonly string[], check = false) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await fmt(paths, { check }, { cwd: folder, stdout, stderr });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
}

test("files are formatted in place, and those that change are named", async () => {
  assert.deepEqual(await run([]), { code: 0, out: "bad.flow\n", err: "1 of 2 files changed\n" });
  assert.equal(textOf("bad.flow"), "workflow bad {\n}\n");
  assert.deepEqual(await run([]), { code: 0, out: "", err: "0 of 2 files changed\n" });
});

test("with --check nothing is written, and a file that would change makes the exit code 1", async () => {
  const { code, out, err } = await run(["."], true);
  assert.deepEqual([code, out], [1, "bad.flow\n"]);
  assert.match(err, /1 of 2 files would change: run porpoise fmt/);
  assert.equal(textOf("bad.flow"), bad);
  assert.equal((await run(["good.flow"], true)).code, 0);
});

test("a path that is not there is wrong usage", async () => {
  const { code, err } = await run(["nowhere"]);
  assert.equal(code, 2);
  assert.match(err, /nowhere: there is no such file or folder/);
});

test("a block with syntax errors is named and left alone", async () => {
  writeFileSync(path.join(folder, "bad.flow"), "workflow w {\n}\n\ntask  a {\n}\n");
  const { code, err } = await run(["bad.flow"]);
  assert.equal(code, 0);
  assert.match(err, /^bad\.flow:4: left as it is: it has syntax errors/);
});

test("a file that is not UTF-8 keeps its bytes", async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x20, 0x20, 0x0a]);
  writeFileSync(path.join(folder, "bad.flow"), bytes);
  assert.match((await run(["bad.flow"])).err, /left as it is: it is not UTF-8 text/);
  assert.deepEqual(readFileSync(path.join(folder, "bad.flow")), bytes);
});
