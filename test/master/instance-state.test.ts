// Random graphs, random events, random commands and takeovers: what must never happen to an instance, whatever comes in which order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type InstanceState, instanceState } from "../../scheduler/master/instance-state.ts";
import type { TaskDefinition, WorkflowDefinition } from "../../scheduler/model/definition.ts";
import { incarnation, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { RunPlan } from "../../scheduler/model/life/run-plan.ts";
import { isActive, type TaskEvent, type TaskLife } from "../../scheduler/model/life/task.ts";
import { isOver, needsOwner } from "../../scheduler/model/life/workflow-instance.ts";
import type { LoadedInstance } from "../../scheduler/store/loading.ts";
import type { AttemptRecord, CommandKind, InstanceRecord, TaskRecord } from "../../scheduler/store/records.ts";
import type { Transition } from "../../scheduler/store/transitions.ts";
import { seededRandom } from "../support/seeded-random.ts";

type Random = ReturnType<typeof seededRandom>;

const owner = incarnation("master", "m");
const worker = incarnation("worker", "w");

function randomTask(random: Random, index: number): TaskDefinition {
  return {
    name: `t${index}`,
    type: random(4) === 0 ? "flink" : "shell",
    enabled: random(8) > 0,
    retries: random(3) === 0 ? 1 : 0,
    retryIntervalMs: random(2) * 1000,
    delayMs: random(6) === 0 ? 1000 : 0,
    priority: "medium",
    files: [],
    inputs: [],
    outputs: [],
    attributes: {},
    ...(random(5) === 0 ? { taskGroup: { name: "g", priority: 1 } } : {}),
  };
}

/** Edges go from lower to higher indexes; some tasks decide which of their successors run. */
function randomDefinition(random: Random): WorkflowDefinition {
  const count = 2 + random(7);
  const edges: (readonly [number, number])[] = [];
  for (let to = 1; to < count; to += 1) {
    for (let from = 0; from < to; from += 1) if (random(3) === 0) edges.push([from, to]);
  }
  const tasks = Array.from({ length: count }, (_, index): TaskDefinition => {
    const task = randomTask(random, index);
    const to = edges.filter(([from]) => from === index).map(([, one]) => one);
    const before = edges.filter(([, one]) => one === index).map(([one]) => one);
    const [first] = before;
    if (random(4) > 0 || to.length === 0) return task;
    const otherwise = to.filter(() => random(2) === 0);
    const isGate = first !== undefined && random(2) === 0;
    const condition = isGate
      ? ({ kind: "outcome", task: first, is: "succeeded" } as const)
      : ({ kind: "literal", value: random(2) === 0 } as const);
    const branches = { whens: [{ condition, to: to.filter((one) => !otherwise.includes(one)) }], otherwise };
    return { ...task, type: isGate ? "conditions" : "switch", branches };
  });
  return {
    project: "t",
    name: "random",
    zone: "UTC",
    concurrency: "parallel",
    onFailure: random(3) === 0 ? "end" : "continue",
    priority: "medium",
    workerGroup: "default",
    params: [],
    tasks,
    edges,
  };
}

/** What a database would hold, and a clock. */
interface World {
  record: InstanceRecord;
  readonly tasks: Map<number, TaskRecord>;
  readonly attempts: Map<string, AttemptRecord>;
  readonly slots: Map<number, "wait">;
  nowMs: number;
  epoch: number;
}

const newRecord: InstanceRecord = {
  id: workflowInstanceId(1),
  workflowId: "1",
  version: 1,
  state: "submitted",
  trigger: "manual",
  scheduleTimeMs: null,
  createdAtMs: 0,
  startedAtMs: null,
  endedAtMs: null,
  runTimes: 0,
  dryRun: false,
  priority: 2,
  options: { params: {} },
  params: {},
  owner,
  ownerEpoch: 1,
  givenUp: 0,
  eventSeq: 1,
  backfill: null,
  parent: null,
  plan: null,
  timeoutAtMs: null,
};

function load(world: World, definition: WorkflowDefinition): InstanceState {
  const loaded: LoadedInstance = {
    instance: world.record,
    tasks: [...world.tasks.values()],
    attempts: [...world.attempts.values()].sort((a, b) => a.taskIndex - b.taskIndex || a.attempt - b.attempt),
  };
  return instanceState({ loaded, definition, epoch: world.epoch, nowMs: () => world.nowMs, lostLimit: 3 });
}

function save(world: World, transition: Transition | undefined): void {
  if (!transition) return;
  const { header } = transition;
  world.record = { ...world.record, ...header };
  for (const task of transition.removedTasks) world.tasks.delete(task);
  for (const task of transition.tasks) world.tasks.set(task.taskIndex, task);
  for (const one of transition.attempts) world.attempts.set(`${one.taskIndex}#${one.attempt}`, one);
  for (const pool of transition.pools) {
    if (pool.kind === "wait") world.slots.set(pool.taskIndex, "wait");
    else world.slots.delete(pool.taskIndex);
  }
}

const lifeIn = (world: World, task: number): TaskLife | undefined => world.tasks.get(task)?.life;

function check(world: World, definition: WorkflowDefinition, before: ReadonlyMap<number, TaskRecord>): void {
  const { record } = world;
  const lives = definition.tasks.map((_, task) => lifeIn(world, task));
  const plan: RunPlan = record.plan ?? { tasks: null, cut: [] };
  const includes = (task: number): boolean => plan.tasks?.includes(task) ?? true;
  const edges = definition.edges.filter(
    ([from, to]) => includes(from) && includes(to) && !plan.cut.some(([a, b]) => a === from && b === to),
  );

  const active = lives.filter((life) => life && isActive(life));
  if (!needsOwner(record.state)) assert.equal(active.length, 0, `${record.state} with active tasks`);
  else assert.ok(active.length > 0, `${record.state}, and nothing is active: it is stuck`);
  assert.equal(record.owner === null, !needsOwner(record.state), "owner");
  if (isOver(record.state)) assert.notEqual(record.endedAtMs, null, "over without an end");
  const takesFailure = (task: number): boolean =>
    definition.tasks[task]?.type === "conditions" && definition.tasks[task]?.enabled === true;
  if (record.state === "succeeded") {
    lives.forEach((life, task) => {
      const next = edges.filter(([from]) => from === task).map(([, to]) => to);
      const isTakenUp = next.length > 0 && next.every(takesFailure);
      assert.ok(life?.state !== "killed" && life?.state !== "paused", `succeeded with ${task} ${life?.state}`);
      assert.ok(life?.state !== "failed" || isTakenUp, `succeeded though ${task} failed`);
    });
  }

  lives.forEach((life, task) => {
    const open = [...world.attempts.values()].filter(
      (one) => one.taskIndex === task && (one.state === "dispatched" || one.state === "running"),
    );
    const isUnderWay = life?.state === "dispatched" || life?.state === "running";
    assert.equal(open.length, isUnderWay ? 1 : 0, `task ${task} is ${life?.state} with ${open.length} open attempts`);
    if (isUnderWay) assert.equal(open[0]?.attempt, life.attempt, `the open attempt of task ${task}`);
    const newest = [...world.attempts.values()].filter((one) => one.taskIndex === task).at(-1);
    const leavesJob = newest?.submission != null && newest.state === "lost" && newest.reason === lostReason;
    assert.ok(!(life?.state === "killed" && life.lost > 0 && leavesJob), `task ${task} is killed, its job is left`);
    const holds = life?.state === "submitted" || isUnderWay;
    const hasSlot = world.slots.has(task);
    assert.equal(hasSlot, holds && definition.tasks[task]?.taskGroup !== undefined, `slot of task ${task}`);
    if (!life || before.has(task)) return;
    for (const [from] of edges.filter(([, to]) => to === task)) {
      const state = lives[from]?.state;
      const passes = ["succeeded", "forced_success", "disabled", "skipped"].includes(state ?? "");
      assert.ok(passes || (state === "failed" && takesFailure(task)), `task ${task} began while ${from} is ${state}`);
    }
  });
}

interface Step {
  readonly note: string;
  readonly act: (instance: InstanceState) => void;
}

function workerEvent(random: Random, task: number, life: TaskLife): TaskEvent {
  const attempt = Math.max(0, life.attempt - (random(5) === 0 ? 1 : 0)); // now and then a late one
  const kinds = ["started", "succeeded", "succeeded", "failed", "killed", "lost", "returned", "due"] as const;
  const kind = kinds[random(kinds.length)] ?? "due";
  if (kind === "due") return { kind };
  if (kind === "returned") return { kind, attempt };
  if (kind === "started") return { kind, attempt, atMs: task };
  return { kind: "ended", attempt, atMs: 5, outcome: kind, ...(kind === "lost" ? { reason: lostReason } : {}) };
}

const lostReason = "its worker is gone";

function randomStep(random: Random, world: World, definition: WorkflowDefinition, count: number): Step {
  const task = random(definition.tasks.length);
  const life = lifeIn(world, task);
  if (life && isActive(life) && random(10) < 8) {
    const event = workerEvent(random, task, life);
    return { note: `${task} ${JSON.stringify(event)}`, act: (instance) => instance.applyTask(task, event) };
  }
  const kinds: readonly CommandKind[] = [
    "pause",
    "resume",
    "stop",
    "rerun",
    "recover_failed",
    "run_task",
    "force_success",
  ];
  const kind = kinds[random(kinds.length)] ?? "pause";
  const scope = (["only", "with_upstream", "with_downstream"] as const)[random(3)] ?? "only";
  const payload = kind === "run_task" ? { tasks: [`t${task}`], scope } : kind === "force_success" ? { task } : {};
  const command = { id: `c${count}`, kind, instance: world.record.id, payload };
  return { note: `${kind} ${JSON.stringify(payload)}`, act: (instance) => instance.applyCommand(command) };
}

/** Everything that is under way succeeds, until nothing is. */
function drain(world: World, definition: WorkflowDefinition): void {
  let instance = load(world, definition);
  for (let round = 0; round < 100; round += 1) {
    if (world.record.state === "paused") {
      world.record = { ...world.record, owner };
      instance = load(world, definition);
      instance.applyCommand({ id: `r${round}`, kind: "resume", instance: world.record.id, payload: {} });
    }
    definition.tasks.forEach((_, task) => {
      const life = instance.lifeOf(task);
      if (life?.state === "delayed" || life?.state === "retry_wait") instance.applyTask(task, { kind: "due" });
      if (life?.state === "submitted") instance.applyTask(task, { kind: "assigned", worker });
      const now = instance.lifeOf(task);
      if (now?.state !== "dispatched" && now?.state !== "running") return;
      const outcome = world.record.state === "stopping" ? "killed" : "succeeded";
      instance.applyTask(task, { kind: "ended", attempt: now.attempt, atMs: 9, outcome });
    });
    instance.settle(() => worker);
    save(world, instance.takeTransition(owner));
    if (isOver(world.record.state)) return;
  }
  assert.fail(`it does not come to an end: ${world.record.state} ${JSON.stringify([...world.tasks.values()])}`);
}

test("whatever happens in whatever order, an instance keeps its promises and comes to an end", () => {
  const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
  const runs = Number(process.env["PORPOISE_RUNS"] ?? 600);
  for (let run = 0; run < runs; run += 1) {
    const random = seededRandom(seed + run);
    const definition = randomDefinition(random);
    const world: World = {
      record: newRecord,
      tasks: new Map(),
      attempts: new Map(),
      slots: new Map(),
      nowMs: 1,
      epoch: 1,
    };
    const notes: string[] = [];
    let instance = load(world, definition);
    const turn = (step: Step): void => {
      notes.push(step.note);
      const before = new Map(world.tasks);
      world.nowMs += 1;
      step.act(instance);
      instance.settle(() => (random(3) === 0 ? undefined : worker));
      save(world, instance.takeTransition(owner));
      instance.takeDuties();
      check(world, definition, before);
      // At rest nobody holds it; and a master may die at any moment. Who loads it then has nothing to do that is not done.
      if (!needsOwner(world.record.state) || random(4) === 0) {
        world.record = { ...world.record, owner };
        world.epoch += 1;
        instance = load(world, definition);
        const states = JSON.stringify([...world.tasks.values()].map((task) => task.life));
        const { state } = world.record;
        instance.settle(() => undefined);
        instance.recoveredDuties();
        const found = instance.takeTransition(owner);
        save(world, found);
        assert.equal(world.record.state, state, "a new owner changes the state");
        assert.equal(JSON.stringify([...world.tasks.values()].map((task) => task.life)), states, "or a task");
      }
    };
    try {
      turn({
        note: "start",
        act: (one) => one.applyCommand({ id: "s", kind: "start", instance: newRecord.id, payload: {} }),
      });
      for (let count = 0; count < 40; count += 1) {
        // A task that waits for a worker finds one now and then.
        const waiting = [...world.tasks.values()].find((task) => task.life.state === "submitted");
        if (waiting && random(3) > 0 && needsOwner(world.record.state)) {
          const { taskIndex } = waiting;
          turn({ note: `${taskIndex} assigned`, act: (one) => one.applyTask(taskIndex, { kind: "assigned", worker }) });
        } else turn(randomStep(random, world, definition, count));
      }
      if (!isOver(world.record.state)) drain(world, definition);
    } catch (error) {
      const shape = definition.tasks.map(({ type, enabled }) => `${type}${enabled ? "" : " off"}`).join(", ");
      const edges = definition.edges.map(([from, to]) => `${from}>${to}`).join(" ");
      throw new Error(`seed ${seed + run}: ${shape}; ${edges}; ${definition.onFailure}\n  ${notes.join("\n  ")}`, {
        cause: error,
      });
    }
  }
});
