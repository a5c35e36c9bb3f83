import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import {
  assignment,
  eventually,
  freshFolder,
  isAlive,
  type TestMaster,
  testApi,
  testMaster,
  testWorker,
} from "../support/worker.ts";

const script = "setsid sh -c 'echo $$; exec sleep 600' &\necho $$; sleep 600\n";

test("a killed worker's attempts die at once, and its successor reports them and sends the rest of their logs", async (t) => {
  const folder = await freshFolder(t);
  const doomed = await workerProcess(t, folder, 20_000);
  const one = assignment(doomed.worker, script, { raw: true });
  const done = assignment(doomed.worker, "echo done\n");
  doomed.master.answer = () => "not_mine";
  doomed.master.owner = () => ({ kind: "none" });
  await doomed.master.dispatch(one, done);
  await doomed.master.started(one);
  const pids = await eventually(async () => pidsOf(folder, one), "two processes");
  // Its end stands in the journal, which nobody has taken yet.
  await eventually(
    async () => ((await readFile(`${folder}/journal`, "utf8")).includes('"outcome":"succeeded"') ? true : undefined),
    "the other's end",
  );
  doomed.child.kill("SIGKILL");
  for (const pid of pids)
    await eventually(async () => ((await isAlive(pid)) ? undefined : true), `the end of ${pid}`, 2_000);

  const registry = memoryRegistry();
  const api = await testApi(t, registry);
  const next = await testWorker(t, { dataFolder: folder, registry });
  const lost = await next.master.ended(one);
  assert.deepEqual([lost.outcome, lost.reason], ["lost", "its worker ended and was started again"]);
  assert.equal((await next.master.ended(done)).outcome, "succeeded");
  const logs = await Promise.any([api.log(one), next.api.log(one)]);
  assert.deepEqual(logs.trim().split("\n").map(Number).sort(), [...pids].sort());
});

test("a frozen worker's attempts die within half a lease, and are reported as lost when it wakes", async (t) => {
  const folder = await freshFolder(t);
  const frozen = await workerProcess(t, folder, 1_000);
  const one = assignment(frozen.worker, script, { raw: true });
  await frozen.master.dispatch(one);
  await frozen.master.started(one);
  const pids = await eventually(async () => pidsOf(folder, one), "two processes");
  frozen.child.kill("SIGSTOP");
  const frozenMs = performance.now();
  for (const pid of pids)
    await eventually(async () => ((await isAlive(pid)) ? undefined : true), `the end of ${pid}`, 2_000);
  const tookMs = performance.now() - frozenMs;
  assert.ok(tookMs < 1_000, `after ${tookMs} ms`);
  frozen.child.kill("SIGCONT");
  const end = await frozen.master.ended(one);
  assert.equal(end.outcome, "lost");
  const again = assignment(frozen.worker, "echo again\n");
  await frozen.master.dispatch(again);
  assert.equal((await frozen.master.ended(again)).outcome, "succeeded");
});

test("an attempt that something else kills has failed, not been lost", async (t) => {
  const { worker, master } = await testWorker(t);
  const one = assignment(worker, "kill -9 $$\n", { raw: true });
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.reason], ["failed", "ended by SIGKILL: perhaps the machine ran out of memory"]);
});

test("two workers do not share a data folder", async (t) => {
  const { dataFolder } = await testWorker(t);
  await assert.rejects(
    testWorker(t, { dataFolder }),
    /another worker uses the data folder .*: end that one, or give this one/,
  );
});

interface WorkerProcess {
  readonly child: ChildProcess;
  readonly master: TestMaster;
  readonly worker: Parameters<typeof assignment>[0];
}

async function workerProcess(t: TestContext, folder: string, leaseMs: number): Promise<WorkerProcess> {
  const path = new URL("../support/worker-process.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [path, folder, String(leaseMs)], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  assert.ok(child.stdout !== null);
  const [line] = await once(child.stdout, "data");
  const master = await testMaster(t, Number(String(line).trim()));
  return { child, master, worker: { member: { incarnation: incarnation("doomed", "1") } } };
}

async function pidsOf(
  folder: string,
  ref: { taskInstance: string; attempt: number },
): Promise<readonly number[] | undefined> {
  const text = await readFile(`${folder}/logs/${ref.taskInstance}.${ref.attempt}.log`, "utf8").catch(() => "");
  const pids = text.trim().split("\n").map(Number);
  return pids.length === 2 && pids.every((pid) => pid > 0) ? pids : undefined;
}
