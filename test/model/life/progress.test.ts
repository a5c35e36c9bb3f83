import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trackProgress } from "../../../scheduler/model/life/progress.ts";
import { tasksInScope } from "../../../scheduler/model/life/run-plan.ts";
import type { TaskLife } from "../../../scheduler/model/life/task.ts";
import type { TaskInstanceState, WorkflowInstanceState } from "../../../scheduler/model/states.ts";
import { shapeOf } from "../../support/shape.ts";

const life = (state: TaskInstanceState): TaskLife =>
  ({
    state,
    attempt: 1,
    retriesUsed: 0,
    lost: 0,
    worker: "w",
    sinceMs: 0,
    untilMs: 0,
    timedOut: false,
  }) as unknown as TaskLife; // every field any state has

/** `a>b, b>c` and states in the order of the names: which tasks may start, and the outcome. */
function judge(edges: string, states: string, state: WorkflowInstanceState = "running"): string {
  const { definition, names } = shapeOf(edges);
  const progress = trackProgress({ definition });
  for (const word of states.split(", ").filter((one) => one !== "")) {
    const [name = "", is = ""] = word.split(" ");
    progress.set(names.indexOf(name), life(is as TaskInstanceState)); // the test's own words
  }
  const ready = progress.unborn().map((task) => names[task]);
  return `${ready.join(" ") || "-"} → ${progress.outcome(state) ?? "goes on"}`;
}

describe("the outcome of an instance", () => {
  const cases: readonly (readonly [string, string, string, string, WorkflowInstanceState?])[] = [
    ["goes on while a task is active", "a>b", "a running", "- → goes on"],
    ["a task starts when all before it are over", "a>c, b>c", "a succeeded, b succeeded", "c → succeeded"],
    ["a task waits for the last of those before it", "a>c, b>c", "a succeeded, b running", "- → goes on"],
    ["what follows a failed task does not start", "a>b", "a failed", "- → failed"],
    ["a disabled task is passed through", "a>b", "a disabled", "b → succeeded"],
    ["something left paused pauses the instance", "a>b", "a succeeded, b paused", "- → paused"],
    ["a failure outweighs a pause", "a>b, c>d", "a failed, c paused", "- → failed"],
    ["a stop that killed something was obeyed", "a>b", "a killed", "- → stopped", "stopping"],
    ["a stop that kept something from starting was obeyed", "a>b", "a succeeded", "b → stopped", "stopping"],
    ["a stop that came too late changes nothing", "a>b", "a succeeded, b succeeded", "- → succeeded", "stopping"],
    ["a pause that came too late changes nothing", "a>b", "a succeeded, b succeeded", "- → succeeded", "pausing"],
  ];
  for (const [statement, edges, states, expected, state] of cases) {
    test(statement, () => assert.equal(judge(edges, states, state), expected));
  }
});

test("a task all of whose branches are skipped is skipped, one with another branch is not", () => {
  const { definition, names } = shapeOf("a>c, b>c");
  const progress = trackProgress({ definition });
  progress.set(names.indexOf("a"), life("skipped"));
  assert.deepEqual(progress.set(names.indexOf("b"), life("skipped")), [names.indexOf("c")]);
  assert.equal(progress.isBranchSkipped(names.indexOf("c")), true);
  const other = trackProgress({ definition });
  other.set(names.indexOf("a"), life("skipped"));
  other.set(names.indexOf("b"), life("succeeded"));
  assert.equal(other.isBranchSkipped(names.indexOf("c")), false);
});

test("a failure is taken up only where all that follows is enabled `conditions`", () => {
  const { definition, names } = shapeOf("a>k, b>k, b>c");
  const gate = names.indexOf("k");
  const tasks = definition.tasks.map((task, index) => ({
    ...task,
    enabled: true,
    type: index === gate ? "conditions" : "shell",
  }));
  const outcome = (failed: string): string => {
    const progress = trackProgress({ definition: { ...definition, tasks } });
    for (const name of ["a", "b", "c"])
      progress.set(names.indexOf(name), life(name === failed ? "failed" : "succeeded"));
    const ready = progress.unborn().map((task) => names[task]);
    progress.set(gate, life("succeeded"));
    return `${ready.join(" ")} → ${progress.outcome("running")}`;
  };
  assert.equal(outcome("a"), "k → succeeded");
  assert.equal(outcome("b"), "k → failed");
});

describe("the tasks of a run that starts in the middle", () => {
  const { definition, names } = shapeOf("a>b, b>c, d>c");
  const inScope = (scope: "only" | "with_upstream" | "with_downstream"): string =>
    [...tasksInScope(definition, [names.indexOf("b")], scope)]
      .map((task) => names[task])
      .sort()
      .join(" ");
  test("only", () => assert.equal(inScope("only"), "b"));
  test("with downstream", () => assert.equal(inScope("with_downstream"), "b c"));
  test("with upstream", () => assert.equal(inScope("with_upstream"), "a b"));
});
