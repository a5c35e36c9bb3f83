import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assignment, testWorker } from "../support/worker.ts";

test("a full disk fails attempts with that reason, keeps the worker, and harms nothing once there is room again", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    await rm(folder, { recursive: true });
    return t.skip("this user may not mount a small disk");
  }
  const { worker, master, api } = await testWorker(t, { dataFolder: folder });
  // Behind the worker's own end, which needs it.
  t.after(async () => {
    execFileSync("umount", ["--lazy", folder]);
    await rm(folder, { recursive: true });
  });

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
