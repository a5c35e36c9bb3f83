// Where each class of faults that other schedulers are known for is held against this one: what must hold, and the test that shows it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Row {
  readonly holds: string;
  readonly file: string;
  readonly test: string;
}

const rows: readonly Row[] = [
  {
    holds: "a write or dispatch without the current owner epoch changes nothing",
    file: "test/engine/failover.ts",
    test: "a write without the current owner epoch changes nothing",
  },
  {
    holds: "a dispatch, kill or question without the current owner epoch changes nothing",
    file: "test/worker/fencing.test.ts",
    test: "after a higher epoch, a lower one dispatches, kills and settles nothing, and is counted",
  },
  {
    holds: "suspended takes no commands",
    file: "test/faults/masters.test.ts",
    test: "a master that does not know whether its session lives takes no commands, and takes them when it knows",
  },
  {
    holds: "a worker whose lease nobody confirms kills its groups before anyone may take over",
    file: "test/faults/clusters.test.ts",
    test: "a worker whose lease nobody confirms kills its groups before anyone may take over",
  },
  {
    holds: "its guard does so when the worker itself is killed",
    file: "test/worker/guard.test.ts",
    test: "a killed worker's attempts die at once, and its successor reports them and sends the rest of their logs",
  },
  {
    holds: "its guard does so when the worker itself is frozen",
    file: "test/worker/guard.test.ts",
    test: "a frozen worker's attempts die within half a lease, and are reported as lost when it wakes",
  },
  {
    holds: "unknown is not failed: same attempt, same worker, or wait out its lease; one live attempt a task",
    file: "test/faults/clusters.test.ts",
    test: "unknown is not failed: a dispatch without an answer is asked again of the same worker, under the same attempt",
  },
  {
    holds: "epochs and incarnations decide, clocks never",
    file: "test/faults/masters.test.ts",
    test: "a host's clock that jumps a day ahead makes nobody look dead",
  },
  {
    holds: "takeover is one conditional transaction; what follows is resumable",
    file: "test/faults/masters.test.ts",
    test: "what a rescuer that died half-way had not freed is freed by the next one",
  },
  {
    holds: "ownership is an instance's own",
    file: "test/faults/clusters.test.ts",
    test: "ownership is an instance's own: a sub-workflow is rescued although its parent's master is healthy",
  },
  {
    holds: "a sweep finds ownerless work whatever was missed",
    file: "test/faults/swept.test.ts",
    test: "a sweep finds ownerless work whatever was missed: masters that start together take what a dead one owned",
  },
  {
    holds: "identity is an incarnation",
    file: "test/faults/clusters.test.ts",
    test: "identity is an incarnation: a worker that comes back at once at the same place is another one",
  },
  {
    holds: "what was meant for a former life is refused",
    file: "test/worker/fencing.test.ts",
    test: "an assignment for another life of the worker is refused",
  },
  {
    holds: "an expired session makes a new one",
    file: "test/registry/server-contract.ts",
    test: "who asked to join before the session was lost never stands in the next one",
  },
  {
    holds: "commit first, then memory; handlers idempotent",
    file: "test/faults/masters.test.ts",
    test: "a commit whose answer was lost is written once more and counts once",
  },
  {
    holds: "terminal states final; attempt states only go forward; late events change nothing",
    file: "test/model/life/task.test.ts",
    test: "whatever happens, attempts only count up, a late event changes nothing, and what is over stays so",
  },
  {
    holds: "intents are rows and obeyed by the new owner",
    file: "test/engine/failover.ts",
    test: "an intent that the dead master did not obey is obeyed by the new owner",
  },
  {
    holds: "a worker keeps a result until it is acknowledged after commit, and asks who owns the instance now",
    file: "test/faults/clusters.test.ts",
    test: "a worker keeps a result until it is acknowledged after the commit, and asks who owns the instance now",
  },
  {
    holds: "a result that an owner does not keep goes to whoever owns the instance now",
    file: "test/worker/fencing.test.ts",
    test: "a result is sent again until it is kept, to whoever owns the instance now",
  },
  {
    holds: "claimed by affected rows in the transaction that takes the instance",
    file: "test/engine/failover.ts",
    test: "an instance with a command is taken once, however many masters reach for it",
  },
  {
    holds: "back-pressure slows, never disables",
    file: "test/faults/capacity.test.ts",
    test: "more work than slots slows it down, and all of it runs",
  },
  {
    holds: "pending and idle is reported",
    file: "test/api/metrics.test.ts",
    test: "say that something waits although there is room",
  },
  {
    holds: "a master that takes nothing holds nothing up",
    file: "test/faults/capacity.test.ts",
    test: "a living master that takes nothing keeps no instance from running",
  },
  {
    holds: "unique (schedule, fire time)",
    file: "test/store/schedules.test.ts",
    test: "two masters that find the same due schedule fire it once",
  },
  {
    holds: "all fire, once, within five seconds",
    file: "test/store/schedules.test.ts",
    test: "4,000 schedules that are due at once all fire, each once, in one go",
  },
  {
    holds: "an edit never fires",
    file: "test/store/schedules.test.ts",
    test: "a deployment that puts a schedule online fires nothing of the time when it was offline",
  },
  {
    holds: "slots are rows with owners, released in the transaction of the terminal state",
    file: "test/faults/swept.test.ts",
    test: "slots are rows with owners, released in the transaction of the terminal state",
  },
  {
    holds: "slots are swept",
    file: "test/faults/swept.test.ts",
    test: "slots are swept: one that nobody gave back is free again, and who waits gets it",
  },
  {
    holds: "the queue is computed from rows under a lock",
    file: "test/store/serial-queue.test.ts",
    test: "one that asked earlier and is seen later waits for the one that was let in",
  },
  {
    holds: "the queue is swept",
    file: "test/faults/swept.test.ts",
    test: "the queue is swept: one whose turn has come starts though nobody said so",
  },
  {
    holds: "the parent looks, it does not rely on being told",
    file: "test/faults/clusters.test.ts",
    test: "the parent looks, it does not rely on being told: a child that ends while the parent's master is away is found",
  },
  {
    holds: "the parent looks, also where its own master is healthy",
    file: "test/faults/swept.test.ts",
    test: "the parent looks: a child that another master brought to its end is found though nobody said so",
  },
  { holds: "a queue a group", file: "test/master/dispatcher.test.ts", test: "lets no group wait for another" },
  {
    holds: "short transactions, fixed lock order, retry on 1205/1213",
    file: "test/integration/races-mariadb.test.ts",
    test: "instances that start, are stopped and run again by many at once all end, and no deadlock is left to the user",
  },
  {
    holds: "SIGTERM is tested like SIGKILL",
    file: "test/faults/clusters.test.ts",
    test: "a worker that is asked to end hands its attempts over as one that is killed does",
  },
  {
    holds: "own process group; verified gone; pids never parsed from text",
    file: "test/worker/fencing.test.ts",
    test: "killing ends the whole group, asks nicely first, and finds what hid in another session",
  },
  {
    holds: "logs are shipped while running; at most 2 s of output lost at a `kill -9` of the worker, never a hole",
    file: "test/worker/logs.test.ts",
    test: "a killed worker takes at most two seconds of output with it, and leaves no hole",
  },
  {
    holds: "none of a killed task's processes lives on, in whatever session",
    file: "test/worker/fencing.test.ts",
    test: "what an attempt leaves in its group or in another session does not outlive it",
  },
  {
    holds: "the plan of a backfill is what happens: same list, same order, same limit",
    file: "test/faults/capacity.test.ts",
    test: "a parallel backfill runs no more dates at once than it may, and every date once",
  },
  {
    holds: "one function for preview and firing",
    file: "test/faults/swept.test.ts",
    test: "one function for preview and firing: what a schedule is said to do over two clock changes is what it does",
  },
  {
    holds: "clock changes are cases",
    file: "test/model/time/quartz.test.ts",
    test: "fires around clock changes differ from Quartz only by the three policies",
  },
  {
    holds: "every waiting task has a reason in the API",
    file: "test/faults/swept.test.ts",
    test: "every waiting task has a reason in the API",
  },
];

for (const row of rows) {
  test(`shown: ${row.holds}`, () => {
    const text = readFileSync(new URL(`../../${row.file}`, import.meta.url), "utf8");
    assert.ok(text.includes(row.test), `${row.file} has no test "${row.test}" any more: say here which one shows it`);
  });
}
