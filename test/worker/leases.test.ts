import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { assignment, eventually, isAlive, testMaster, testWorker } from "../support/worker.ts";

const hold = "echo $$; sleep 600\n";

test("a worker that neither the registry nor an owner hears ends its attempts within the lease", async (t) => {
  const { worker, master, api, registry } = await testWorker(t, { leaseMs: 1_200 });
  const one = assignment(worker, hold);
  await master.dispatch(one);
  const pid = Number((await eventually(async () => (await api.soFar(one)) || undefined, "its first line")).trim());
  registry.fallSilent();
  const silentMs = performance.now();
  const end = await master.ended(one);
  const tookMs = performance.now() - silentMs;
  assert.equal(end.outcome, "lost");
  assert.match(end.reason ?? "", /cut off/);
  assert.ok(tookMs > 600 && tookMs < 1_200, `after ${tookMs} ms`);
  assert.equal(await isAlive(pid), false);
});

test("a dispatch that comes when the lease is over is not started", async (t) => {
  const { worker, master, api, registry } = await testWorker(t, { leaseMs: 400 });
  registry.fallSilent();
  await delay(400);
  const late = assignment(worker, "echo began\n");
  assert.deepEqual(await master.dispatch(late), ["draining"]);
  registry.speakAgain();
  assert.deepEqual(await master.dispatch(late), ["draining"], "its owner has gone on meanwhile");
  assert.equal(await api.soFar(late), "");
});

test("an owner's confirmation keeps attempts alive while the registry is away, and after its session was lost", async (t) => {
  const { worker, master, registry } = await testWorker(t, { leaseMs: 1_000 });
  let asked = 0;
  master.confirm = () => {
    asked += 1;
    return 5;
  };
  const one = assignment(worker, hold);
  await master.dispatch(one);
  await master.started(one);
  registry.fallSilent();
  await eventually(() => (asked >= 8 ? true : undefined), "eight questions");
  assert.equal(worker.running(), 1);
  const before = worker.member.incarnation;
  registry.say("lost");
  registry.speakAgain();
  registry.say("connected");
  assert.notEqual(worker.member.incarnation, before);
  asked = 0;
  await eventually(() => (asked >= 8 ? true : undefined), "eight more questions");
  assert.equal(worker.running(), 1);
  await eventually(() => registry.joined.get(worker.member.incarnation), "the new name in the registry");
  master.confirm = () => null;
  assert.equal((await master.ended(one)).outcome, "lost");
});

test("a confirmation counts only for the name under which the owner knows the attempt's worker", async (t) => {
  const { worker, master, registry } = await testWorker(t, { leaseMs: 1_200 });
  const one = assignment(worker, hold);
  await master.dispatch(one);
  await master.started(one);
  registry.say("lost");
  registry.say("connected");
  const again = await testMaster(t, worker.member.data.port);
  again.confirm = () => 5;
  const two = assignment(worker, hold);
  assert.deepEqual(await again.dispatch(two), ["accepted"]);
  // Whichever of the two connections stood when it ended.
  const end = await Promise.race([again.ended(one), master.ended(one)]);
  assert.equal(end.outcome, "lost");
  assert.equal(worker.running(), 1);
});

test("the age of the owner's own proof is taken off the lease", async (t) => {
  const { worker, master, registry } = await testWorker(t, { leaseMs: 1_200 });
  master.confirm = () => 900;
  const one = assignment(worker, hold);
  await master.dispatch(one);
  await master.started(one);
  registry.fallSilent();
  const silentMs = performance.now();
  assert.equal((await master.ended(one)).outcome, "lost");
  assert.ok(performance.now() - silentMs < 1_400);
});
