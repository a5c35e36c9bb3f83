import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { folderLogStore } from "../../scheduler/logs/folder.ts";
import { taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import { logStoreContract } from "./contract.ts";

logStoreContract("folder", async (t) => {
  const folder = await freshFolder(t);
  let store = folderLogStore({ folder, maxOpen: 8 });
  t.after(() => store.close());
  return {
    store,
    reopen: async () => {
      await store.close();
      store = folderLogStore({ folder, maxOpen: 8 });
      return store;
    },
  };
});

test("two stores on one folder see each other's bytes and ends", async (t) => {
  const folder = await freshFolder(t);
  const [one, other] = [folderLogStore({ folder }), folderLogStore({ folder })];
  t.after(() => Promise.all([one.close(), other.close()]));
  await one.append(key, 0, Buffer.from("abc"));
  assert.deepEqual(await other.append(key, 0, Buffer.from("abcdef")), { end: 6 });
  const seen = one.changed(key, 6, 10_000, new AbortController().signal);
  await other.end(key);
  await seen;
  const read = await one.read(key, 0, 100);
  assert.deepEqual([Buffer.from(read.bytes).toString(), read.ended], ["abcdef", true]);
});

test("a full disk is said so, and nothing that was stored is lost", async (t) => {
  const folder = await freshFolder(t);
  const store = folderLogStore({ folder });
  t.after(() => store.close());
  await mkdir(join(folder, "7"));
  // Every write to /dev/full finds the disk full.
  await symlink("/dev/full", join(folder, "7", "3.1.log"));
  await assert.rejects(store.append(key, 0, Buffer.from("abc")), (error) => {
    assert.ok(error instanceof OperationError);
    assert.equal(error.code, "exhausted");
    assert.match(error.message, /disk of the log folder .* is full: free some space/);
    return true;
  });
});

test("the same log that comes to two stores at once in one piece is there once and has ended", async (t) => {
  for (let round = 0; round < 30; round += 1) {
    const folder = await freshFolder(t);
    const stores = [folderLogStore({ folder }), folderLogStore({ folder })];
    await Promise.all(stores.map((store) => store.append(key, 0, Buffer.from("abc"), true)));
    for (const store of stores) {
      const read = await store.read(key, 0, 100);
      assert.deepEqual([Buffer.from(read.bytes).toString(), read.ended], ["abc", true]);
      await store.close();
    }
    assert.deepEqual(await readdir(join(folder, "7")), ["3.1.ended.log"]);
  }
});

const key = { taskInstance: taskInstanceId(workflowInstanceId(7), 3), attempt: 1 };

async function freshFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-logs-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
