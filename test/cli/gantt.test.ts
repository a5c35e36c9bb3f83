import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceShape, TaskInstanceShape } from "../../scheduler/api/contract.ts";
import { gantt } from "../../scheduler/cli/gantt.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 31) + second * 1000).toISOString();

type Attempt = readonly [state: TaskInstanceShape["attempts"][number]["state"], from: number, to: number];

function task(name: string, submitted: number, attempts: readonly Attempt[]): TaskInstanceShape {
  const last = attempts.at(-1);
  return {
    id: `1.${name}`,
    name,
    type: "shell",
    state: last?.[0] === "running" ? "running" : "succeeded",
    submittedAt: at(submitted),
    startedAt: at(attempts[0]?.[1] ?? submitted),
    endedAt: last === undefined || last[0] === "running" ? null : at(last[2]),
    attempts: attempts.map(([state, from, to], index) => ({
      attempt: index + 1,
      state,
      worker: "w1",
      startedAt: at(from),
      endedAt: state === "running" ? null : at(to),
    })),
    outputs: {},
  };
}

const picture = (...tasks: TaskInstanceShape[]): string | undefined =>
  gantt({ tasks } as unknown as InstanceShape, { width: 33, nowMs: Date.parse(at(20)), isColoured: false }); // the rest is not read

test("work, waits and attempts in vain are told apart, on one scale", () => {
  const drawn = picture(
    task("a", 0, [["succeeded", 0, 5]]),
    task("b", 5, [
      ["failed", 6, 8],
      ["succeeded", 12, 16],
    ]),
    task("c", 16, [["running", 16, 20]]),
  );
  assert.deepEqual(
    drawn?.split("\n").map((line) => line.slice(0, 23)),
    ["a  █████               ", "b       ·▒▒····████    ", "c                  ████", "   0s               20s"],
  );
});

test("what was short is seen all the same, and what has not started is no line", () => {
  assert.match(picture(task("a", 0, [["succeeded", 0, 0]]), task("b", 0, [["succeeded", 0, 20]])) ?? "", /^a {2}█ /);
  assert.equal(picture(), undefined);
});
