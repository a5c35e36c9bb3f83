// biome-ignore-all lint/suspicious/noTemplateCurlyInString: scripts hold placeholders

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { secretMask } from "../../scheduler/worker/secret-mask.ts";
import { workerProcess } from "../support/doomed-worker.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { assignment, eventually, freshFolder, testApi, testWorker } from "../support/worker.ts";

test("lines are at the api while the attempt runs", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, "echo first; sleep 600\n");
  await master.dispatch(one);
  await master.started(one);
  const startMs = performance.now();
  await eventually(async () => ((await api.soFar(one)) === "first\n" ? true : undefined), "the first line");
  assert.ok(performance.now() - startMs < 1_000);
});

test("a log of many megabytes with a line of ten arrives whole", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(
    worker,
    `head -c 10000000 /dev/zero | tr '\\0' x; echo; head -c 20000000 /dev/zero | tr '\\0' '\\n'; echo '\${setValue(n=1)}'\n`,
    { outputs: ["n"] },
  );
  await master.dispatch(one);
  assert.deepEqual((await master.ended(one)).outputs, { n: "1" });
  const log = await api.log(one);
  assert.equal(log.length, 10_000_000 + 1 + 20_000_000 + "${setValue(n=1)}\n".length);
});

test("a log beyond the limit is cut with a line that says so, and its outputs still count", async (t) => {
  const { worker, master, api } = await testWorker(t, { logLimitBytes: 100_000 });
  const one = assignment(
    worker,
    `head -c 3000000 /dev/zero | tr '\\0' x; sleep 0.5; echo; echo '#{setValue(n=7)}'; echo end\n`,
    {
      outputs: ["n"],
    },
  );
  await master.dispatch(one);
  assert.deepEqual((await master.ended(one)).outputs, { n: "7" });
  const log = await api.log(one);
  assert.equal(log.slice(0, 100_000), "x".repeat(100_000));
  assert.match(
    log.slice(100_000),
    /^\n\[porpoise\] the log is cut here: it is longer than 100000 bytes, the limit on this worker\n$/,
  );
});

test("a killed worker takes at most two seconds of output with it, and leaves no hole", async (t) => {
  const registry = memoryRegistry();
  const api = await testApi(t, registry);
  const [member] = [...registry.joined.values()];
  const doomed = await workerProcess(t, await freshFolder(t), 20_000, member);
  // One trickles, one pours.
  const every = ["sleep 0.05", "sleep 0.01; for more in $(seq 200); do echo more; done"];
  const all = every.map((rest, task) =>
    assignment(doomed.worker, `for n in $(seq 100000); do echo "$n $(date +%s%N)"; ${rest}; done\n`, {
      raw: true,
      task,
    }),
  );
  await doomed.master.dispatch(...all);
  await eventually(
    async () => ((await api.soFar(all[1] ?? assert.fail())).length > 60_000 ? true : undefined),
    "output",
  );
  const killedMs = Date.now();
  doomed.child.kill("SIGKILL");
  await once(doomed.child, "exit");
  for (const one of all) {
    // Whatever was on its way has come, or never does: the connection is gone.
    const lines = (await api.soFar(one))
      .split("\n")
      .slice(0, -1)
      .filter((line) => line !== "more");
    assert.deepEqual(
      lines.map((line) => Number(line.split(" ")[0])),
      lines.map((_, index) => index + 1),
    );
    const lastMs = Number(BigInt(lines.at(-1)?.split(" ")[1] ?? 0) / 1_000_000n);
    assert.ok(lastMs > killedMs - 2_000, `the last line is of ${killedMs - lastMs} ms before`);
  }
});

test("a log goes on at another api when its own is gone, from the start, without a gap", async (t) => {
  const { worker, master, api, registry } = await testWorker(t);
  const one = assignment(worker, "echo one; trap 'echo two; exit' TERM; while :; do sleep 0.02; done\n");
  await master.dispatch(one);
  await eventually(async () => ((await api.soFar(one)) === "one\n" ? true : undefined), "the first line");
  await api.stop();
  const other = await testApi(t, registry, "other");
  await master.ask("kill", { attempts: [{ ...one, reason: "enough" }] });
  assert.match(await other.log(one), /^one\n.*two\n$/s);
});

test("logs wait on disk while no api is there, and are removed once they are sent", async (t) => {
  const { worker, master, api, registry, dataFolder } = await testWorker(t);
  await api.stop();
  const all = Array.from({ length: 5 }, (_, task) => assignment(worker, `echo ${task}\n`, { instance: 3, task }));
  await master.dispatch(...all);
  for (const one of all) await master.ended(one);
  assert.equal((await readdir(join(dataFolder, "logs"))).length, 5);
  const other = await testApi(t, registry, "other");
  for (const [task, one] of all.entries()) assert.equal(await other.log(one), `${task}\n`);
  await eventually(
    async () => ((await readdir(join(dataFolder, "logs"))).length === 0 ? true : undefined),
    "an empty folder",
  );
});

test("output that is not UTF-8 does no harm", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, `printf '\\377\\376\\000x\\n'; echo '\${setValue(n=ok)}'\n`, { outputs: ["n"] });
  await master.dispatch(one);
  assert.deepEqual((await master.ended(one)).outputs, { n: "ok" });
  assert.match(await api.log(one), /\u{FFFD}\u{FFFD}\0x\n/u);
});

test("a secret is not in the log, also where it is written in two halves, and the log keeps its length", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const secrets = ["hunter2-hunter2", "line one\nline two"];
  const script =
    "echo a hunter2-hunter2 b; printf hunter2-h; sleep 0.7; echo unter2; printf 'line two\nhunt'; sleep 600\n";
  const one = { ...assignment(worker, script, { raw: true }), secrets };
  await master.dispatch(one);
  const stars = "*".repeat(15);
  const shown = `a ${stars} b\n${stars}\n********\n`;
  await eventually(async () => ((await api.soFar(one)) === shown ? true : undefined), "what is no secret's beginning");
  await master.ask("kill", { attempts: [{ ...one, reason: "enough" }] });
  await master.ended(one);
  assert.equal(await api.log(one), `${shown}hunt`);
});

test("a secret is not in the log that a killed worker left to its successor", async (t) => {
  const dataFolder = await freshFolder(t);
  await mkdir(join(dataFolder, "logs"));
  await writeFile(join(dataFolder, "logs", "7.0.1.log"), "the key is hunter2!\n");
  await writeFile(join(dataFolder, "logs", "7.0.1.log.secrets"), '["hunter2"]');
  const { api } = await testWorker(t, { dataFolder });
  const ref = { taskInstance: taskInstanceId(workflowInstanceId("7"), 0), attempt: 1, ownerEpoch: 1 };
  assert.equal(await api.log(ref), "the key is *******!\n");
  await eventually(
    async () => ((await readdir(join(dataFolder, "logs"))).length === 0 ? true : undefined),
    "no file left",
  );
});

test("overlapping secrets are masked, and what is too short to be one is left", () => {
  const mask = secretMask(["abcd", "cdef", "x", ""]);
  assert.equal(mask?.inText("-abcdef-x-"), "-******-x-");
  assert.equal(mask?.openEnd(Buffer.from("...abc")), 3);
  assert.equal(mask?.openEnd(Buffer.from("...cd")), 2);
  assert.equal(secretMask(["x"]), undefined);
});
