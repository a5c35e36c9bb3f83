import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TaskInstanceId } from "../../scheduler/model/ids.ts";
import { attemptKey } from "../../scheduler/worker/attempt-key.ts";
import { type EndedAttempt, openJournal } from "../../scheduler/worker/journal.ts";
import { keptLog } from "../support/wire.ts";
import { eventually, freshFolder } from "../support/worker.ts";

const ref = (number: number) => ({ taskInstance: `${number}.0` as TaskInstanceId, attempt: 1, ownerEpoch: 1 });
const ended = (number: number, text = ""): EndedAttempt => ({
  ref: ref(number),
  end: { outcome: "succeeded", outputs: { text } },
  atMs: 1,
});

async function journal(t: TestContext) {
  const path = join(await freshFolder(t), "journal");
  return { path, open: () => openJournal(path, keptLog()) };
}

test("what was promised and not delivered is found by the next life, and what was delivered is not", async (t) => {
  const { open } = await journal(t);
  const first = open();
  first.taken([ref(1), ref(2), ref(3)]);
  first.ended(ended(2));
  first.ended(ended(3));
  first.forget(attemptKey(ref(3)));
  const { left } = open();
  assert.deepEqual(left.taken, [ref(1)]);
  assert.deepEqual(left.ended, [ended(2), ended(3)]); // a line too many is told twice, and does no harm
});

test("a journal that was emptied keeps what comes next", async (t) => {
  const { path, open } = await journal(t);
  const first = open();
  first.ended(ended(1, "x".repeat(100_000)));
  first.forget(attemptKey(ref(1)));
  assert.equal((await readFile(path)).length, 0);
  first.ended(ended(2));
  assert.deepEqual(open().left.ended, [ended(2)]);
});

test("a journal of many megabytes is written anew with what is still open", async (t) => {
  const { path, open } = await journal(t);
  const first = open();
  first.ended(ended(0));
  for (let number = 1; number <= 50; number += 1) {
    first.ended(ended(number, "x".repeat(100_000)));
    first.forget(attemptKey(ref(number)));
  }
  assert.ok((await readFile(path)).length < 4_500_000);
  first.ended(ended(99));
  const left = open().left.ended.filter(({ end }) => end.outputs["text"] === "");
  assert.deepEqual(left, [ended(0), ended(99)]);
});

test("a journal that cannot be written anew goes on as soon as it can, and has lost nothing", async (t) => {
  const { path, open } = await journal(t);
  const first = open();
  await mkdir(`${path}.new`); // in the way of the new file
  first.ended(ended(0));
  for (let number = 1; number <= 50; number += 1) {
    first.ended(ended(number, "x".repeat(100_000)));
    first.forget(attemptKey(ref(number)));
  }
  first.ended(ended(99));
  await rmdir(`${path}.new`);
  await eventually(async () => ((await readFile(path)).length < 1_000 ? true : undefined), "a new journal", 5_000);
  first.close();
  assert.deepEqual(open().left.ended, [ended(0), ended(99)]);
});

test("a line that a dying machine cut in half takes no other with it", async (t) => {
  const { path, open } = await journal(t);
  open().ended(ended(1));
  await appendFile(path, '{"ended":{"ref":{"taskIn');
  const second = open();
  assert.deepEqual(second.left.ended, [ended(1)]);
  second.ended(ended(2));
  assert.deepEqual(open().left.ended, [ended(1), ended(2)]);
});
