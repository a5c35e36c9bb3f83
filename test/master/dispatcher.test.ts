import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dispatcher } from "../../scheduler/master/dispatcher.ts";
import { incarnation, type TaskInstanceId, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { MemberData } from "../../scheduler/registry/contract.ts";

const taskNumber = (index: number): TaskInstanceId => taskInstanceId(workflowInstanceId("1"), index);
const [first, second] = [incarnation("first", "a"), incarnation("second", "b")];

const ready = (slots: number, groups: readonly string[] = ["default"]): MemberData => ({
  host: "127.0.0.1",
  port: 1,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  cpu: 0,
  memory: 0,
  slots,
  slotsUsed: 0,
  status: "ready",
  groups,
});
const asked = (index: number, group = "default") => ({ task: taskNumber(index), group, urgency: [2, 2, index] });

describe("the dispatcher", () => {
  test("a task that moves to another worker gives its slot on the former one back", () => {
    const queue = dispatcher({ isAlone: () => true });
    queue.setWorker(first, ready(1));
    assert.equal(queue.place(asked(0)), first);
    queue.setWorker(first, { ...ready(1), status: "draining" });
    queue.setWorker(second, ready(1));
    assert.equal(queue.place(asked(0)), second); // it is tried again at once, in the turn in which its attempt ended
    queue.setWorker(first, ready(1));
    queue.release(taskNumber(0));
    assert.deepEqual([queue.place(asked(1)), queue.place(asked(2))], [first, second]);
  });
  test("a task that is tried again at once is not in its own way", () => {
    const queue = dispatcher({ isAlone: () => true });
    queue.setWorker(first, ready(1));
    assert.deepEqual([queue.place(asked(0)), queue.place(asked(0))], [first, first]);
  });
  test("the slot of an ended attempt goes to a more urgent task before its own is tried again", () => {
    const queue = dispatcher({ isAlone: () => true });
    queue.setWorker(first, ready(1));
    const assigned: number[] = [];
    queue.place(asked(5));
    queue.enqueue({ ...asked(1), assign: () => assigned.push(1) });
    assert.equal(queue.place(asked(5)), undefined);
    assert.deepEqual(assigned, [1]);
  });
  test("a group without a worker holds no other group up", () => {
    const queue = dispatcher({ isAlone: () => true });
    queue.setWorker(first, ready(1, ["alive"]));
    const assigned: string[] = [];
    queue.enqueue({ ...asked(0, "dead"), assign: () => assigned.push("dead") });
    queue.enqueue({ ...asked(1, "alive"), assign: () => assigned.push("alive") });
    assert.deepEqual(assigned, ["alive"]);
  });
  test("the most urgent task that still waits goes first", () => {
    const queue = dispatcher({ isAlone: () => true });
    const assigned: number[] = [];
    for (const index of [3, 1, 2, 0]) queue.enqueue({ ...asked(index), assign: () => assigned.push(index) });
    queue.withdraw(taskNumber(0));
    queue.setWorker(first, ready(2));
    assert.deepEqual(assigned, [1, 2]);
  });
});
