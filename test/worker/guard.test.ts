import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { launcher } from "../../scheduler/worker/guard/launch.ts";
import { hostClockMs, type ProcessEnd } from "../../scheduler/worker/guard/messages.ts";
import { workerProcess } from "../support/doomed-worker.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { assignment, eventually, freshFolder, guardOf, isAlive, testApi, testWorker } from "../support/worker.ts";

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

test("what a worker and its guard leave alive is ended by another worker of the host", async (t) => {
  const folder = await freshFolder(t);
  const doomed = await workerProcess(t, folder, 20_000);
  const one = assignment(doomed.worker, script, { raw: true });
  await doomed.master.dispatch(one);
  const pids = await eventually(async () => pidsOf(folder, one), "two processes");
  const guard = await guardOf(doomed.child.pid ?? 0);
  process.kill(guard, "SIGSTOP"); // so that neither sees the other die
  doomed.child.kill("SIGKILL");
  await once(doomed.child, "exit");
  process.kill(guard, "SIGKILL");
  for (const pid of pids) assert.ok(await isAlive(pid), `${pid} ended by itself`);

  const { worker, master } = await testWorker(t, { registry: memoryRegistry(1_000) });
  const own = assignment(worker, "sleep 600\n");
  await master.dispatch(own);
  await master.started(own);
  for (const pid of pids)
    await eventually(async () => ((await isAlive(pid)) ? undefined : true), `the end of ${pid}`, 3_000);
  await master.ask("kill", { attempts: [{ ...own, reason: "enough" }] });
  assert.equal((await master.ended(own)).outcome, "killed");
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

test("when the guard is killed its attempts are ended and reported as lost, and the next ones run", async (t) => {
  const { worker, master, one, pids } = await running(t);
  process.kill(await guardOf(process.pid), "SIGKILL");
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.reason], ["lost", "its worker's guard was killed, and it with it"]);
  for (const pid of pids) assert.equal(await isAlive(pid), false, `${pid} lives`);
  const next = assignment(worker, "echo next\n");
  await master.dispatch(next);
  assert.equal((await master.ended(next)).outcome, "succeeded");
});

test("a frozen guard is replaced, with all that it ran and was to run", async (t) => {
  const { worker, master, one, pids } = await running(t);
  process.kill(await guardOf(process.pid), "SIGSTOP");
  const never = assignment(worker, "echo never\n");
  await master.dispatch(never);
  assert.equal((await master.ended(one)).outcome, "lost");
  assert.equal((await master.ended(never)).outcome, "lost");
  for (const pid of pids) assert.equal(await isAlive(pid), false, `${pid} lives`);
});

test("what was to start before a freeze of worker and guard does not start after it", async () => {
  const ends: ProcessEnd[] = [];
  const { start } = launcher(
    (message) => message.kind === "ended" && ends.push(message.end),
    () => assert.fail("it was started"),
  );
  const request = { id: 1, command: "true", args: [], directory: "/", environment: {}, log: "/dev/null" };
  start({ ...request, notAfterMs: hostClockMs() - 1 });
  assert.deepEqual(ends, [{ kind: "lost", reason: "its worker stood still while it started it" }]);
});

test("a guard that never comes up keeps no attempt from being killed", async (t) => {
  const { worker, master } = await testWorker(t, { guardCommand: ["/nowhere/guard"] });
  const one = assignment(worker, "echo never\n");
  await master.dispatch(one);
  await master.ask("kill", { attempts: [{ ...one, reason: "enough" }] });
  assert.equal((await master.ended(one)).outcome, "killed");
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

/** A worker with a short lease in this very process, and two processes that it runs. */
async function running(t: TestContext) {
  const folder = await freshFolder(t);
  const { worker, master } = await testWorker(t, { dataFolder: folder, registry: memoryRegistry(1_000) });
  const one = assignment(worker, script, { raw: true });
  await master.dispatch(one);
  const pids = await eventually(async () => pidsOf(folder, one), "two processes");
  return { worker, master, one, pids };
}

async function pidsOf(
  folder: string,
  ref: { taskInstance: string; attempt: number },
): Promise<readonly number[] | undefined> {
  const text = await readFile(`${folder}/logs/${ref.taskInstance}.${ref.attempt}.log`, "utf8").catch(() => "");
  const pids = text.trim().split("\n").map(Number);
  return pids.length === 2 && pids.every((pid) => pid > 0) ? pids : undefined;
}
