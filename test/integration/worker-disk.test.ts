import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TaskInstanceId } from "../../scheduler/model/ids.ts";
import { openJournal } from "../../scheduler/worker/journal.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { keptLog } from "../support/wire.ts";
import { assignment, eventually, testWorker } from "../support/worker.ts";

test("a worker's journal that met a full disk holds all that is open as soon as there is room again", async (t) => {
  const folder = await smallDisk(t, 0.2);
  if (folder === undefined) return;
  const path = join(folder, "journal");
  const journal = openJournal(path, keptLog());
  t.after(() => journal.close());
  const ballast = join(folder, "ballast");
  await writeFile(ballast, Buffer.alloc(160_000));
  const all = Array.from({ length: 200 }, (_, number) => ({
    ref: { taskInstance: `${number}.0` as TaskInstanceId, attempt: 1, ownerEpoch: 1 },
    end: { outcome: "failed", reason: "x".repeat(400), outputs: {} } as const,
    atMs: 1,
  }));
  for (const one of all) journal.ended(one);
  assert.ok((await stat(path)).size < 60_000, "the disk was not full");
  await rm(ballast);
  await eventually(async () => {
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    return lines.length === all.length ? true : undefined;
  }, "the whole journal");
  for (const line of (await readFile(path, "utf8")).trimEnd().split("\n")) assert.ok(JSON.parse(line).ended);
});

test("a full disk fails attempts with that reason, keeps the worker, and harms nothing once there is room again", async (t) => {
  const folder = await smallDisk(t, 0.6);
  if (folder === undefined) return;
  const { worker, master, api } = await testWorker(t, { dataFolder: folder });

  const floods = assignment(worker, "head -c 5000000 /dev/zero | tr '\\0' x\n");
  await master.dispatch(floods);
  const flooded = await master.ended(floods);
  assert.equal(flooded.outcome, "failed");
  assert.match(flooded.reason ?? "", /the disk of this worker's data folder is full: free some space there/);
  const log = await api.log(floods);
  assert.ok(log.length > 100_000, `${log.length} bytes of the log were kept`);

  const ballast = join(folder, "ballast");
  await writeFile(ballast, Buffer.alloc(1_000_000)).catch(() => {});
  const cannotStart = assignment(worker, `echo ${"x".repeat(10_000)}\n`);
  await master.dispatch(cannotStart);
  assert.match((await master.ended(cannotStart)).reason ?? "", /the disk of this worker's data folder is full/);

  await rm(ballast);
  const fine = assignment(worker, "echo room again\n");
  await master.dispatch(fine);
  assert.equal((await master.ended(fine)).outcome, "succeeded");
  assert.equal(await api.log(fine), "room again\n");
});

/** Undefined, and the test is skipped: this user may not mount one. */
async function smallDisk(t: TestContext, sizeMb: number): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-disk-"));
  const disk = mountSmallDisk(folder, sizeMb);
  t.after(async () => {
    disk?.close();
    await rm(folder, { recursive: true });
  });
  if (disk === undefined) t.skip("this user may not mount a small disk");
  return disk && folder;
}
