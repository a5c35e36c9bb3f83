import assert from "node:assert/strict";
import { test } from "node:test";
import { upstreamOutputs } from "../../scheduler/master/upstream-outputs.ts";
import { graph } from "../../scheduler/model/graph.ts";
import type { TaskRecord } from "../../scheduler/store/records.ts";

/** a >> b >> c, of which `a` and `b` set outputs. */
function chain() {
  const tasks = new Map<number, TaskRecord>();
  const outputs = [{ name: "x", type: "string" as const }];
  const definition = { tasks: [{ outputs }, { outputs }, { outputs: [] }] };
  const shape = graph(3, [
    [0, 1],
    [1, 2],
  ]);
  const upstream = upstreamOutputs(definition as never, shape, (task) => tasks.get(task)); // what it reads of them
  const set = (
    taskIndex: number,
    state: "running" | "succeeded",
    values: { readonly [name: string]: string },
  ): void => {
    const life = { state, attempt: 1, retriesUsed: 0, lost: 0 };
    tasks.set(taskIndex, { taskIndex, life, outputs: values, endedAtMs: 1 } as never); // likewise
    upstream.forget(taskIndex);
  };
  return { upstream, set };
}

test("a task that is run again hands its new outputs also to those behind its successors", () => {
  const { upstream, set } = chain();
  set(0, "succeeded", { x: "1" });
  set(1, "succeeded", { y: "1" });
  assert.deepEqual(upstream.of(2), { x: "1", y: "1" });
  set(0, "running", {});
  assert.deepEqual(upstream.of(2), { y: "1" });
  set(0, "succeeded", { x: "2" });
  assert.deepEqual(upstream.of(2), { x: "2", y: "1" });
});
