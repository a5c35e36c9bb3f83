import assert from "node:assert/strict";
import { test } from "node:test";
import { poolChange } from "../../scheduler/master/pool-change.ts";
import { incarnation } from "../../scheduler/model/ids.ts";
import type { TaskLife } from "../../scheduler/model/life/task.ts";

const tries = { attempt: 1, retriesUsed: 0, lost: 0 };
const running: TaskLife = { ...tries, state: "running", worker: incarnation("w", "1"), sinceMs: 1, timedOut: false };
const submitted = (carriesOn: boolean): TaskLife => ({ ...tries, state: "submitted", sinceMs: 2, carriesOn });
const definition = { taskGroup: { name: "g", priority: 0 }, priority: "medium" } as const;
const change = (before: TaskLife | undefined, after: TaskLife): string | undefined =>
  poolChange(0, definition, 2, { before, after })?.kind;

test("a task whose lost attempt left a job keeps its slot: the job runs on in it", () => {
  assert.equal(change(running, submitted(true)), undefined);
  assert.equal(change(running, submitted(false)), "wait");
});

test("a task that takes something over after a rest waits for a slot again", () => {
  assert.equal(change({ ...tries, state: "paused", carriesOn: true }, submitted(true)), "wait");
  assert.equal(change({ ...tries, state: "failed" }, submitted(true)), "wait");
  assert.equal(change(running, { ...tries, state: "paused", carriesOn: true }), "leave");
});
