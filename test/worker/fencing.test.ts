import assert from "node:assert/strict";
import { test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { assignment, eventually, isAlive, testMaster, testWorker } from "../support/worker.ts";

const hold = "echo $$; sleep 600\n";

test("a dispatch that is sent twice starts once", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, "echo once\n");
  const answers = await Promise.all([master.dispatch(one), master.dispatch(one), master.dispatch(one, one)]);
  assert.deepEqual(
    answers.flat(),
    Array.from({ length: 4 }, () => "accepted"),
  );
  await master.ended(one);
  assert.deepEqual(await master.dispatch(one), ["accepted"]);
  assert.equal(await api.log(one), "once\n");
  assert.equal(master.reports.filter((report) => report.kind === "started").length, 1);
});

test("an assignment for another life of the worker is refused", async (t) => {
  const { worker, master } = await testWorker(t);
  const one = assignment(worker, "true\n");
  assert.deepEqual(await master.dispatch({ ...one, worker: "worker#before" as typeof one.worker }), ["wrong_worker"]);
});

test("after a higher epoch, a lower one dispatches, kills and settles nothing, and is counted", async (t) => {
  const { worker, master, counted } = await testWorker(t);
  const one = assignment(worker, hold, { ownerEpoch: 5 });
  await master.dispatch(one);
  await master.started(one);
  const other = {
    ...one,
    task: one.task,
    taskInstance: `${one.workflowInstance}.1` as typeof one.taskInstance,
    ownerEpoch: 4,
  };
  assert.deepEqual(await master.dispatch(other), ["stale"]);
  await master.ask("kill", { attempts: [{ ...one, ownerEpoch: 4, reason: "late" }] });
  await assert.rejects(
    master.ask("settle", { attempts: [{ ...one, ownerEpoch: 4 }] }),
    (error) => error instanceof OperationError && error.code === "conflict",
  );
  assert.equal(counted.get("epochs_refused"), 3);
  const { settlements } = await master.ask("settle", { attempts: [{ ...one, ownerEpoch: 6 }] });
  assert.equal(settlements[0]?.kind, "running");
});

test("a kill that comes before its dispatch keeps the attempt from starting", async (t) => {
  const { worker, master } = await testWorker(t);
  const one = assignment(worker, "true\n");
  await master.ask("kill", { attempts: [{ ...one, reason: "stopped" }] });
  assert.deepEqual(await master.dispatch(one), ["killed_before"]);
});

test("settling tells how attempts stand, and an unknown one never starts afterwards", async (t) => {
  const { worker, master } = await testWorker(t, { slots: 1 });
  const [runs, waits, never] = [0, 1, 2].map((task) => assignment(worker, hold, { instance: 7, task }));
  assert.ok(runs !== undefined && waits !== undefined && never !== undefined);
  await master.dispatch(runs, waits);
  await master.started(runs);
  const attempts = [runs, waits, never].map((ref) => ({ ...ref, ownerEpoch: 2 }));
  const { settlements } = await master.ask("settle", { attempts });
  assert.deepEqual(
    settlements.map((settlement) => settlement.kind),
    ["running", "queued", "unknown"],
  );
  assert.deepEqual(await master.dispatch({ ...never, ownerEpoch: 2 }), ["killed_before"]);
  await master.ask("kill", { attempts: attempts.map((ref) => ({ ...ref, reason: "test" })) });
  assert.equal((await master.ended(waits)).outcome, "killed");
  assert.equal((await master.ended(runs)).outcome, "killed");
  const after = await master.ask("settle", { attempts });
  const end = after.settlements[0];
  assert.ok(end?.kind === "ended" && end.report.kind === "ended");
  assert.equal(end.report.outcome, "killed");
});

test("killing ends the whole group, asks nicely first, and finds what hid in another session", async (t) => {
  const { worker, master, api } = await testWorker(t, { stopGraceMs: 1_000 });
  const one = assignment(
    worker,
    `trap 'echo bye; exit 0' TERM
setsid sh -c 'trap "" TERM; echo hidden $$; sleep 600 & wait; sleep 600' &
(trap "" TERM; sleep 600) &
echo ready
while :; do sleep 0.05; done
`,
    { raw: true },
  );
  await master.dispatch(one);
  await eventually(async () => (/ready.*hidden|hidden.*ready/s.test(await api.soFar(one)) ? true : undefined), "ready");
  await master.ask("kill", { attempts: [{ ...one, reason: "stopped by somebody" }] });
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.reason], ["killed", "stopped by somebody"]);
  const log = await api.log(one);
  assert.match(log, /bye\n/);
  const hidden = Number(/hidden (\d+)/.exec(log)?.[1]);
  assert.equal(await isAlive(hidden), false);
});

test("what an attempt leaves in its group or in another session does not outlive it", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, "sleep 600 & echo $!\nsetsid sh -c 'echo $$; exec sleep 600' &\nsleep 0.2\n", {
    raw: true,
  });
  await master.dispatch(one);
  assert.equal((await master.ended(one)).outcome, "succeeded");
  const pids = (await api.log(one)).trim().split("\n").map(Number);
  assert.equal(pids.length, 2);
  for (const pid of pids) await eventually(async () => ((await isAlive(pid)) ? undefined : true), `the end of ${pid}`);
});

test("a result is sent again until it is kept, to whoever owns the instance now", async (t) => {
  const { worker, master } = await testWorker(t);
  master.answer = () => "not_mine";
  master.owner = () => ({ kind: "none" });
  const one = assignment(worker, "true\n");
  await master.dispatch(one);
  await master.started(one);
  const heir = await testMaster(t, worker.member.data.port, "heir");
  const toHeir = { kind: "owner", master: incarnation("heir", "1") } as const;
  master.owner = () => toHeir;
  heir.owner = () => toHeir;
  assert.equal((await heir.ended(one)).outcome, "succeeded");
});

test("what nobody wants any more is dropped, and ended where it still runs", async (t) => {
  const { worker, master, api } = await testWorker(t);
  master.answer = () => "not_mine";
  master.owner = () => ({ kind: "drop" });
  const one = assignment(worker, hold);
  await master.dispatch(one);
  const log = await api.log(one);
  assert.equal(await isAlive(Number(log.trim())), false);
});

test("what its owner gave up without a word is ended within some leases, and is lost, not killed", async (t) => {
  const { worker, master } = await testWorker(t, { registry: memoryRegistry(400) });
  const [one, wanted] = [assignment(worker, hold), assignment(worker, hold)];
  await master.dispatch(one, wanted);
  await Promise.all([master.started(one), master.started(wanted)]);
  const { owner } = master;
  master.owner = (ref) => (ref.taskInstance === one.taskInstance ? { kind: "drop" } : owner(ref));
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.reason], ["lost", "nobody waits for this attempt any more"]);
  assert.equal(worker.running(), 1);
});

test("attempts beyond the slots wait their turn", async (t) => {
  const { worker, master } = await testWorker(t, { slots: 2 });
  const all = Array.from({ length: 6 }, (_, task) => assignment(worker, "sleep 0.05\n", { instance: 9, task }));
  await master.dispatch(...all);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, worker.running());
  }, 5);
  t.after(() => clearInterval(watch));
  for (const one of all) assert.equal((await master.ended(one)).outcome, "succeeded");
  assert.equal(most, 2);
});

test("an attempt that finds no slot within a second goes back, and counts as no loss", async (t) => {
  const { worker, master } = await testWorker(t, { slots: 1 });
  const [runs, waits] = [0, 1].map((task) => assignment(worker, hold, { instance: 8, task }));
  assert.ok(runs && waits);
  await master.dispatch(runs, waits);
  const end = await master.ended(waits);
  assert.deepEqual([end.outcome, end.handedOver], ["lost", true]);
  assert.match(end.reason ?? "", /had no free slot for it/);
  assert.equal(worker.running(), 1);
});

test("an attempt for which there is a slot does not go back because its worker stood still", async (t) => {
  const { worker, master } = await testWorker(t, { slots: 100 });
  const all = Array.from({ length: 100 }, (_, task) => assignment(worker, "true\n", { instance: 7, task }));
  await master.dispatch(...all);
  const untilMs = performance.now() + 1_500;
  while (performance.now() < untilMs); // the whole process, and the worker in it
  for (const one of all) assert.equal((await master.ended(one)).outcome, "succeeded");
});

test("a draining worker takes nothing new and waits for what runs", async (t) => {
  const { worker, master, registry } = await testWorker(t);
  const one = assignment(worker, "sleep 0.3; echo done\n");
  await master.dispatch(one);
  await master.started(one);
  const drained = worker.drain(AbortSignal.timeout(10_000));
  assert.deepEqual(await master.dispatch(assignment(worker, "true\n")), ["draining"]);
  await eventually(
    () => (registry.joined.get(worker.member.incarnation)?.data.status === "draining" ? true : undefined),
    "its status",
  );
  await drained;
  assert.equal((await master.ended(one)).outcome, "succeeded");
});

test("closing ends what runs and reports it as lost", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, hold);
  await master.dispatch(one);
  const pid = Number((await eventually(async () => (await api.soFar(one)) || undefined, "its first line")).trim());
  await worker.close();
  assert.equal((await master.ended(one)).outcome, "lost");
  assert.equal(await isAlive(pid), false);
});
