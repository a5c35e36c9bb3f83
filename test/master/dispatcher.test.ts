import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dispatcher } from "../../scheduler/master/dispatcher.ts";
import { type Incarnation, incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { MemberData } from "../../scheduler/registry/contract.ts";
import { asTold } from "../../scheduler/store/worker-groups.ts";

const task = (number: number) => taskInstanceId(workflowInstanceId(1), number);
const w1 = incarnation("w1", "a");
const w2 = incarnation("w2", "b");

const data = (slots: number, more: Partial<MemberData> = {}): MemberData => ({
  host: "",
  port: 0,
  pid: 0,
  startedAt: "",
  cpu: 0,
  memory: 0,
  slots,
  slotsUsed: 0,
  status: "ready",
  groups: ["default"],
  ...more,
});

/** A dispatcher that notes what it assigns: `3 w1` is task 3 to worker w1. */
function noted(options: { readonly isAlone?: boolean } = {}) {
  const unreachable = new Set<Incarnation>();
  const told: string[] = [];
  const found = dispatcher({
    isAlone: () => options.isAlone ?? true,
    isReachable: (worker) => !unreachable.has(worker),
    groupsOf: asTold,
  });
  const enqueue = (number: number, urgency: number, group = "default", isJob = false): void =>
    found.enqueue({
      task: task(number),
      group,
      isJob,
      urgency: [urgency],
      assign: (worker) => told.push(`${number} ${worker.split("#")[0]}`),
    });
  return { ...found, enqueue, unreachable, told: () => told.splice(0).join(", ") };
}

describe("the dispatcher", () => {
  test("gives the most urgent task the next free slot", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.enqueue(1, 5);
    one.enqueue(2, 9);
    one.enqueue(3, 1);
    one.release(task(1));
    one.release(task(3));
    assert.equal(one.told(), "1 w1, 3 w1, 2 w1");
  });
  test("what watches over jobs needs no slot, stands in nobody's way, and waits for no slot", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.enqueue(1, 5);
    one.enqueue(2, 5);
    for (const number of [3, 4, 5]) one.enqueue(number, 9, "default", true);
    assert.equal(one.told(), "1 w1, 3 w1, 4 w1, 5 w1");
    one.setWorker(w1, data(1, { status: "busy", slotsUsed: 1 }));
    one.enqueue(6, 9, "default", true);
    one.release(task(3));
    assert.equal(one.told(), "6 w1");
    one.setWorker(w1, data(1));
    one.release(task(1));
    assert.equal(one.told(), "2 w1");
    one.avoid(w1);
    one.enqueue(7, 9, "default", true);
    assert.deepEqual([one.told(), one.waitingCount(), one.placedCount()], ["", 1, 4]);
  });
  test("chooses the least loaded worker", () => {
    const one = noted();
    one.setWorker(w1, data(4));
    one.setWorker(w2, data(8));
    for (const number of [1, 2, 3, 4, 5, 6]) one.enqueue(number, 0);
    assert.equal(one.told(), "1 w1, 2 w2, 3 w2, 4 w1, 5 w2, 6 w2");
  });
  test("counts the slots that other masters use", () => {
    const one = noted({ isAlone: false });
    one.setWorker(w1, data(2, { slotsUsed: 2 }));
    one.enqueue(1, 0);
    assert.equal(one.told(), "");
    one.setWorker(w1, data(2, { slotsUsed: 1 }));
    assert.equal(one.told(), "1 w1");
  });
  test("lets no group wait for another", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.enqueue(1, 0, "nobody");
    one.enqueue(2, 9);
    assert.equal(one.told(), "2 w1");
  });
  test("gives nothing to a worker that cannot be reached, and does once it can", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.unreachable.add(w1);
    assert.equal(one.place({ task: task(1), group: "default", urgency: [0] }), undefined);
    one.enqueue(1, 0);
    assert.equal(one.told(), "");
    one.unreachable.delete(w1);
    one.lookAgain();
    assert.equal(one.told(), "1 w1");
  });
  test("gives nothing to a worker that drains, until it says otherwise", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.avoid(w1);
    one.enqueue(1, 0);
    assert.equal(one.told(), "");
    one.setWorker(w1, data(1));
    assert.equal(one.told(), "1 w1");
  });
  test("forgets a task that was withdrawn", () => {
    const one = noted();
    one.enqueue(1, 0);
    one.enqueue(2, 1);
    one.withdraw(task(1));
    one.setWorker(w1, data(1));
    assert.equal(one.told(), "2 w1");
  });
  test("places a task at once unless one as urgent waits", () => {
    const one = noted();
    one.enqueue(1, 5, "later");
    one.setWorker(w1, data(2, { groups: ["default", "other"] }));
    assert.equal(one.place({ task: task(2), group: "default", urgency: [9] }), w1);
    assert.equal(one.place({ task: task(3), group: "default", urgency: [9] }), w1);
    assert.equal(one.place({ task: task(4), group: "default", urgency: [9] }), undefined);
  });
  test("a task that moves to another worker gives its slot on the former one back", () => {
    const one = noted();
    const place = (number: number) => one.place({ task: task(number), group: "default", urgency: [number] });
    one.setWorker(w1, data(1));
    assert.equal(place(0), w1);
    one.setWorker(w1, data(1, { status: "draining" }));
    one.setWorker(w2, data(1));
    assert.equal(place(0), w2); // it is tried again at once, in the turn in which its attempt ended
    one.setWorker(w1, data(1));
    one.release(task(0));
    assert.deepEqual([place(1), place(2)], [w1, w2]);
  });
  test("a task that is tried again at once is not in its own way", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    const place = () => one.place({ task: task(0), group: "default", urgency: [0] });
    assert.deepEqual([place(), place()], [w1, w1]);
  });
  test("gives the slot of an ended attempt to a more urgent task before its own is tried again", () => {
    const one = noted();
    one.setWorker(w1, data(1));
    one.place({ task: task(5), group: "default", urgency: [5] });
    one.enqueue(1, 1);
    assert.equal(one.place({ task: task(5), group: "default", urgency: [5] }), undefined);
    assert.equal(one.told(), "1 w1");
  });
});
