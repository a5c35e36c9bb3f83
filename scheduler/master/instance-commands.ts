// How an instance obeys what it is asked. What does not fit its state changes nothing: an api has refused it, or it came too late.

import type { TaskDefinition, WorkflowDefinition } from "../model/definition.ts";
import { planOfStart, planWith, type RunPlan, startScopes, tasksInScope } from "../model/life/run-plan.ts";
import { isActive, type TaskEvent, type TaskLife } from "../model/life/task.ts";
import { type InstanceEvent, needsOwner } from "../model/life/workflow-instance.ts";
import type { WorkflowInstanceState } from "../model/states.ts";
import type { ChildChange } from "../store/children.ts";
import type { CommandRecord, InstanceRecord } from "../store/records.ts";

/** What a command may do to an instance. */
export interface Commanded {
  readonly definition: WorkflowDefinition;
  readonly record: InstanceRecord;
  state(): WorkflowInstanceState;
  plan(): RunPlan;
  lives(): readonly (TaskLife | undefined)[];
  isTakenUp(task: number): boolean;
  setInstance(event: InstanceEvent): boolean;
  applyTask(task: number, event: TaskEvent): void;
  /** It runs now (again): what is ready starts. First: its params get their values. */
  begin(isFirst: boolean): void;
  /** Other tasks are to run; the forgotten ones go back to "not started". */
  replan(plan: RunPlan, forgotten: readonly number[]): void;
  touch(task: number): void;
  changeChildren(change: ChildChange): void;
  countRun(): void;
}

export function obey(command: CommandRecord, it: Commanded): void {
  switch (command.kind) {
    case "start":
      if (!it.setInstance({ kind: "taken" })) return;
      it.begin(true);
      it.countRun();
      return;
    case "pause":
      it.setInstance({ kind: "pause" });
      return;
    case "stop":
      it.setInstance({ kind: "stop" });
      return;
    case "resume":
      if (it.setInstance({ kind: "resume" })) resume(it);
      return;
    case "rerun":
      if (it.setInstance({ kind: "rerun" })) rerun(it);
      return;
    case "recover_failed":
      recoverFailed(it);
      return;
    case "run_task":
      runTasks(it, command.payload);
      return;
    case "force_success":
      forceSuccess(it, command.payload);
      return;
    case "recover_failover":
      return; // the instance has an owner again: that is all it asked for
  }
}

function resume(it: Commanded): void {
  it.begin(false);
  each(it, (task, life, definition) => {
    it.applyTask(task, { kind: "resume" });
    const isOpen = (life.state === "running" && life.worker === null) || (life.state === "paused" && life.carriesOn);
    if (!isOpen) return;
    // Its children were asked to pause, or may have been: what they are asked now comes after that.
    if (definition.subWorkflow) it.changeChildren({ kind: "resume", taskIndex: task, attempt: life.attempt });
    it.touch(task);
  });
}

function rerun(it: Commanded): void {
  // Only an instance that was given up has tasks under way now: those are adopted, for two attempts must not live at once.
  const ended = it.lives().flatMap((life, task) => (life && !isActive(life) ? [task] : []));
  it.replan(planOfStart(it.definition, it.record.options), ended);
  it.begin(true);
  it.countRun();
}

function recoverFailed(it: Commanded): void {
  if (it.state() !== "running") {
    if (!it.setInstance({ kind: "recover" })) return;
    it.replan(planOfStart(it.definition, it.record.options), []);
    it.begin(false);
    it.countRun();
  }
  each(it, (task, life) => {
    if (life.state === "killed" || (life.state === "failed" && !it.isTakenUp(task))) {
      it.applyTask(task, { kind: "rerun" });
    } else if (life.state === "paused") {
      it.applyTask(task, { kind: "resume" });
      if (life.carriesOn) it.changeChildren({ kind: "resume", taskIndex: task, attempt: life.attempt });
    }
  });
}

function runTasks(it: Commanded, payload: CommandRecord["payload"]): void {
  const names: readonly unknown[] = Array.isArray(payload["tasks"]) ? payload["tasks"] : [];
  const from = it.definition.tasks.flatMap(({ name }, task) => (names.includes(name) ? [task] : []));
  const scope = startScopes.find((one) => one === payload["scope"]) ?? "with_downstream";
  const goesOn = needsOwner(it.state());
  if (from.length === 0 || (goesOn && it.state() !== "running")) return;
  if (!goesOn && !it.setInstance({ kind: "recover" })) return;
  const lives = it.lives();
  const chosen = tasksInScope(it.definition, from, scope);
  const again = [...chosen].filter((task) => {
    const life = lives[task];
    return life !== undefined && !isActive(life); // what is under way is what was asked for
  });
  it.replan(planWith(it.definition, { plan: it.plan(), chosen, goesOn, lives }), again);
  it.begin(false);
  if (!goesOn) it.countRun();
}

function forceSuccess(it: Commanded, payload: CommandRecord["payload"]): void {
  const task = Number(payload["task"]);
  const before = it.lives()[task];
  if (before?.state !== "failed" && before?.state !== "killed") return;
  // What the failure had ended goes on behind it, whatever was run alone meanwhile. One that was stopped or paused stays so.
  if (it.state() === "failed" && it.setInstance({ kind: "recover" })) {
    it.replan(planOfStart(it.definition, it.record.options), []);
    it.begin(false);
  }
  it.applyTask(task, { kind: "forceSuccess" });
}

function each(it: Commanded, visit: (task: number, life: TaskLife, definition: TaskDefinition) => void): void {
  it.lives().forEach((life, task) => {
    const definition = it.definition.tasks[task];
    if (life && definition) visit(task, life, definition);
  });
}
