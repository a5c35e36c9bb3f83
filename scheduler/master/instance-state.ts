// One workflow instance as its owner holds it: applies events to lives and gathers what changed. It sends and saves nothing.

import { graph } from "../model/graph.ts";
import { type Incarnation, type TaskInstanceId, taskInstanceId } from "../model/ids.ts";
import { next as nextAttempt } from "../model/life/attempt.ts";
import { tasksInScope, trackProgress } from "../model/life/progress.ts";
import {
  born,
  duties,
  type InstanceMode,
  isActive,
  next,
  type TaskDuty,
  type TaskEvent,
  type TaskLife,
  type TaskRules,
} from "../model/life/task.ts";
import {
  type InstanceEvent,
  isOver,
  modeOf,
  needsOwner,
  next as nextInstance,
} from "../model/life/workflow-instance.ts";
import { type RunFacts, taskValues, type Values, workflowValues } from "../model/params.ts";
import type { LoadedDefinition, LoadedInstance } from "../store/loading.ts";
import type { AttemptRecord, CommandRecord, EventRecord, InstanceRecord, TaskRecord } from "../store/records.ts";
import type { InstanceHeader, Transition } from "../store/transitions.ts";
import { turn } from "./turn.ts";
import { upstreamOutputs } from "./upstream-outputs.ts";

/** What a worker tells of an attempt beside its outcome. */
export interface EndDetails {
  readonly exitCode?: number;
  readonly outputs?: Values;
}

export interface OwedDuties {
  readonly task: number;
  readonly duties: readonly TaskDuty[];
}

export interface InstanceState {
  readonly record: InstanceRecord;
  readonly definition: LoadedDefinition["definition"];
  readonly baseTimeMs: number;
  idOf(task: number): TaskInstanceId;
  lifeOf(task: number): TaskLife | undefined;
  /** What the task sees; its upstream is over. */
  valuesOf(task: number): Values;

  applyTask(task: number, event: TaskEvent, details?: EndDetails): void;
  applyCommand(command: CommandRecord): void;
  /** Brings the instance to rest after events: starts what may start, ends what is over. */
  settle(place: (task: number) => Incarnation | undefined): void;
  /** What this turn changed, or undefined. The owner is given up where the instance needs none. */
  takeTransition(owner: Incarnation): Transition | undefined;
  /** What is owed to the tasks that the taken turn touched. */
  takeDuties(): readonly OwedDuties[];
  /** What is owed to all tasks by a new owner. */
  recoveredDuties(): readonly OwedDuties[];
}

export interface InstanceStateDeps {
  readonly loaded: LoadedInstance;
  readonly definition: LoadedDefinition["definition"];
  readonly epoch: number;
  readonly nowMs: () => number;
  readonly lostLimit: number;
}

export function instanceState(deps: InstanceStateDeps): InstanceState {
  const { loaded, definition, nowMs } = deps;
  const { instance: record } = loaded;
  const indexOf = new Map(definition.tasks.map((task, index) => [task.name, index]));
  const from = record.options.from?.map((name) => indexOf.get(name)).filter((index) => index !== undefined);
  const included = tasksInScope(definition, from, record.options.scope ?? "with_downstream");
  const failureEnds = (record.options.failureStrategy ?? definition.onFailure) === "end";
  const shape = graph(definition.tasks.length, definition.edges);

  let header: InstanceHeader = { ...record };
  const tasks = new Map(loaded.tasks.map((task) => [task.taskIndex, task]));
  const attempts = new Map<number, AttemptRecord>();
  for (const attempt of loaded.attempts) attempts.set(attempt.taskIndex, attempt); // the newest is last
  let progress = trackProgress({ definition, included }, livesOf(tasks, definition.tasks.length));
  let scope: ReturnType<typeof workflowValues> | undefined;
  const upstream = upstreamOutputs(definition, shape, (task) => tasks.get(task));
  const change = turn(record.id, deps.epoch);
  let takenTasks: readonly number[] = [];
  /** Tasks that are ready and have not been looked at: first what the predecessor had no time for. */
  const ready: number[] = needsOwner(record.state) ? [...progress.unborn()] : [];
  // Not the present one: what the predecessor left waiting has yet to follow a pause or a stop.
  let mode: InstanceMode = "running";

  const currentMode = (): InstanceMode => modeOf(header.state, failureEnds && progress.hasFailed);

  const baseTimeMs = (): number => record.scheduleTimeMs ?? header.startedAtMs ?? record.createdAtMs;

  const run = (): RunFacts => ({
    definition,
    workflowInstance: record.id,
    baseTimeMs: baseTimeMs(),
    startParams: record.options.params,
  });

  const definitionOf = (task: number) => {
    const found = definition.tasks[task];
    if (!found) throw new Error(`instance ${record.id} has no task ${task}`);
    return found;
  };
  const rulesOf = (task: number): TaskRules => ({ task: definitionOf(task), mode, lostLimit: deps.lostLimit });

  const tell = (event: Omit<EventRecord, "seq" | "atMs">): void => {
    header = { ...header, eventSeq: header.eventSeq + 1 };
    change.tell({ ...event, seq: header.eventSeq, atMs: nowMs() });
  };

  const setInstance = (event: InstanceEvent): boolean => {
    const state = nextInstance(header.state, event);
    if (state === header.state) return false;
    header = { ...header, state };
    tell({ kind: "instance", taskIndex: null, attempt: null, state, reason: null });
    return true;
  };

  const setTask = (task: number, life: TaskLife, details: EndDetails = {}): void => {
    const before = tasks.get(task);
    const isActiveNow = isActive(life);
    tasks.set(task, {
      taskIndex: task,
      life,
      outputs: details.outputs ?? (isActiveNow ? {} : (before?.outputs ?? {})),
      submittedAtMs: before?.submittedAtMs ?? nowMs(),
      startedAtMs: life.state === "running" ? (before?.startedAtMs ?? life.sinceMs) : (before?.startedAtMs ?? null),
      endedAtMs: isActiveNow || life.state === "paused" ? null : nowMs(),
    });
    change.touchTask(task);
    tell({
      kind: "task",
      taskIndex: task,
      attempt: life.attempt || null,
      state: life.state,
      reason: reasonOf(life),
    });
    upstream.forget(task);
    ready.push(...progress.set(task, life));
  };

  const applyTask = (task: number, event: TaskEvent, details: EndDetails = {}): void => {
    const life = progress.lives[task];
    if (!life) return;
    const after = next(life, event, rulesOf(task));
    if (after === life) return;
    const attempt = nextAttempt(attempts.get(task), event, after, { nowMs: nowMs(), exitCode: details.exitCode });
    if (attempt) {
      const kept = { ...attempt, taskIndex: task };
      attempts.set(task, kept);
      change.keepAttempt(kept);
    }
    setTask(task, after, event.kind === "ended" && event.outcome === "succeeded" ? details : {});
  };

  const forEachLife = (visit: (task: number, life: TaskLife) => void): void => {
    progress.lives.forEach((life, task) => {
      if (life) visit(task, life);
    });
  };

  /** Stopping and ending reach what waits at once, and what runs by the duty to kill; pausing reaches what waits. */
  const followMode = (): void => {
    const now = currentMode();
    if (now === mode) return;
    mode = now;
    const event: TaskEvent | undefined =
      mode === "running" ? undefined : { kind: mode === "pausing" ? "pause" : "stop" };
    forEachLife((task, life) => {
      if (event && (mode !== "pausing" || life.state !== "paused")) applyTask(task, event);
      if (life.state === "dispatched" || life.state === "running") change.touchTask(task);
    });
  };

  const begin = (): void => {
    header = { ...header, startedAtMs: header.startedAtMs ?? nowMs(), endedAtMs: null, runTimes: header.runTimes + 1 };
    scope = undefined;
    header = { ...header, params: values().params };
    ready.push(...progress.unborn());
  };

  const values = (): ReturnType<typeof workflowValues> => {
    scope ??= workflowValues(run());
    return scope;
  };

  const startAgain = (): void => {
    // Only an instance that was given up has tasks under way now: those are adopted, for two attempts must not live at once.
    const ended = [...tasks].flatMap(([task, { life }]) => (isActive(life) ? [] : [task]));
    change.remove(ended);
    for (const task of ended) tasks.delete(task);
    upstream.forgetAll();
    progress = trackProgress({ definition, included }, livesOf(tasks, definition.tasks.length));
    begin();
  };

  const recoverFailed = (wasOver: boolean): void => {
    if (wasOver) header = { ...header, endedAtMs: null, runTimes: header.runTimes + 1 };
    forEachLife((task, life) => {
      if (life.state === "failed" || life.state === "killed") applyTask(task, { kind: "rerun" });
      else if (life.state === "paused") applyTask(task, { kind: "resume" });
    });
    ready.push(...progress.unborn());
  };

  const obey = (command: CommandRecord): void => {
    const before = header.state;
    switch (command.kind) {
      case "start":
        if (setInstance({ kind: "taken" })) begin();
        return;
      case "pause":
        setInstance({ kind: "pause" });
        return;
      case "stop":
        if (!setInstance({ kind: "stop" }) || header.state !== "stopped") return;
        header = { ...header, endedAtMs: nowMs() }; // it had nothing under way
        forEachLife((task) => applyTask(task, { kind: "stop" }));
        return;
      case "resume":
        if (!setInstance({ kind: "resume" })) return;
        mode = currentMode();
        forEachLife((task) => applyTask(task, { kind: "resume" }));
        ready.push(...progress.unborn());
        return;
      case "rerun":
        if (setInstance({ kind: "rerun" })) startAgain();
        return;
      case "recover_failed":
        if (before === "running") recoverFailed(false);
        else if (setInstance({ kind: "recover" })) {
          mode = "running";
          recoverFailed(true);
        }
        return;
      case "recover_failover":
        return; // the instance has an owner again: that is all it asked for
    }
  };

  const bear = (place: (task: number) => Incarnation | undefined): void => {
    // An index, not shift(): thousands become ready at once, and born tasks make others ready.
    for (let at = 0; at < ready.length; at += 1) {
      const task = ready[at];
      if (task === undefined || progress.lives[task]) continue;
      if (mode === "stopping" || mode === "ending") continue;
      setTask(
        task,
        born(definitionOf(task), {
          mode,
          dryRun: record.dryRun,
          nowMs: nowMs(),
          lastAttempt: attempts.get(task)?.attempt ?? 0,
          branchSkipped: progress.isBranchSkipped(task),
        }),
      );
    }
    ready.length = 0;
    // A task that finds a worker at once is saved as dispatched, with everything else of this turn.
    for (const task of [...change.tasks]) {
      if (progress.lives[task]?.state !== "submitted") continue;
      const worker = place(task);
      if (worker !== undefined) applyTask(task, { kind: "assigned", worker });
    }
  };

  const dutiesOf = (list: Iterable<number>, how: "entered" | "recovered"): readonly OwedDuties[] =>
    [...list].flatMap((task) => {
      const life = progress.lives[task];
      return life ? [{ task, duties: duties(life, how, rulesOf(task)) }] : [];
    });

  return {
    record,
    definition,
    idOf: (task) => taskInstanceId(record.id, task),
    lifeOf: (task) => progress.lives[task],
    valuesOf: (task) => {
      const id = taskInstanceId(record.id, task);
      return taskValues(run(), values(), definitionOf(task), id, upstream.of(task));
    },
    get baseTimeMs() {
      return baseTimeMs();
    },
    applyTask,
    applyCommand: (command) => {
      change.obeyed(command.id);
      obey(command);
    },
    settle: (place) => {
      followMode();
      bear(place);
      if (!needsOwner(header.state)) return;
      const outcome = progress.outcome(header.state);
      if (outcome === undefined || !setInstance({ kind: "settled", outcome })) return;
      header = { ...header, endedAtMs: isOver(header.state) ? nowMs() : null };
    },
    takeTransition: (owner) => {
      takenTasks = [...change.tasks];
      return change.take({ owner, header, tasks });
    },
    takeDuties: () => dutiesOf(takenTasks, "entered"),
    recoveredDuties: () => dutiesOf(tasks.keys(), "recovered"),
  };
}

const livesOf = (tasks: ReadonlyMap<number, TaskRecord>, count: number): readonly (TaskLife | undefined)[] =>
  Array.from({ length: count }, (_, task) => tasks.get(task)?.life);

function reasonOf(life: TaskLife): string | null {
  if (life.state === "running") return life.timedOut ? "its time is up" : null;
  return "reason" in life ? (life.reason ?? null) : null;
}
