// One workflow instance as its owner holds it: applies events to lives, gathers what changed into one transition. Sends nothing.

import { graph, topologicalOrder } from "../model/graph.ts";
import { type Incarnation, type TaskInstanceId, taskInstanceId } from "../model/ids.ts";
import { type Progress, tasksInScope, trackProgress } from "../model/life/progress.ts";
import {
  born,
  duties,
  type InstanceMode,
  isActive,
  next,
  type TaskEvent,
  type TaskLife,
  type TaskRules,
} from "../model/life/task.ts";
import { type InstanceEvent, isOver, modeOf, next as nextInstance } from "../model/life/workflow-instance.ts";
import { outputsAfter, taskValues, type Values, workflowValues } from "../model/params.ts";
import type { AttemptState, WorkflowInstanceState } from "../model/states.ts";
import type { LoadedDefinition, LoadedInstance } from "../store/loading.ts";
import type { AttemptRecord, CommandRecord, EventRecord, InstanceRecord, TaskRecord } from "../store/records.ts";
import type { InstanceHeader, Transition } from "../store/transitions.ts";

/** What a worker tells of an attempt beside its outcome. */
export interface EndDetails {
  readonly exitCode?: number;
  readonly outputs?: Values;
}

export interface TaskDutyOwed {
  readonly task: number;
  readonly duties: ReturnType<typeof duties>;
}

export interface InstanceState {
  readonly record: InstanceRecord;
  readonly definition: LoadedDefinition["definition"];
  readonly state: WorkflowInstanceState;
  idOf(task: number): TaskInstanceId;
  lifeOf(task: number): TaskLife | undefined;
  /** What the task sees; its upstream is over. */
  valuesOf(task: number): Values;
  readonly baseTimeMs: number;

  applyTask(task: number, event: TaskEvent, details?: EndDetails): void;
  applyCommand(command: CommandRecord): void;
  /** Starts what may start, ends what is over: brings the instance to rest after events. */
  settle(place: (task: number) => Incarnation | undefined): void;
  /** What this turn changed, or undefined; `owner` is kept until the instance needs none. The next turn starts empty. */
  takeTransition(owner: Incarnation): Transition | undefined;
  /** What is owed for the tasks that the turn touched (`entered`), or for all of them (`recovered`). */
  takeDuties(): readonly TaskDutyOwed[];
  recoveredDuties(): readonly TaskDutyOwed[];
}

export interface InstanceStateDeps {
  readonly loaded: LoadedInstance;
  readonly files: LoadedDefinition;
  readonly epoch: number;
  readonly nowMs: () => number;
  readonly lostLimit: number;
}

export function instanceState(deps: InstanceStateDeps): InstanceState {
  const { loaded, nowMs } = deps;
  const { definition } = deps.files;
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
  let pools: (Values | undefined)[] = [];

  const touched = { tasks: new Set<number>(), attempts: new Set<number>(), header: false };
  let removed: number[] = [];
  let events: EventRecord[] = [];
  let done: string[] = [];
  let mode = currentMode();

  function currentMode(): InstanceMode {
    return modeOf(header.state, failureEnds && progress.hasFailed);
  }

  const baseTimeMs = (): number => record.scheduleTimeMs ?? header.startedAtMs ?? record.createdAtMs;

  const run = () => ({
    definition,
    workflowInstance: record.id,
    baseTimeMs: baseTimeMs(),
    startParams: record.options.params,
  });

  const rulesOf = (task: number): TaskRules => {
    const found = definition.tasks[task];
    if (!found) throw new Error(`instance ${record.id} has no task ${task}`);
    return { task: found, mode, lostLimit: deps.lostLimit };
  };

  const tell = (event: Omit<EventRecord, "seq" | "atMs">): void => {
    header = { ...header, eventSeq: header.eventSeq + 1 };
    touched.header = true;
    events.push({ ...event, seq: header.eventSeq, atMs: nowMs() });
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
    touched.tasks.add(task);
    tell({
      kind: "task",
      taskIndex: task,
      attempt: life.attempt || null,
      state: life.state,
      reason: "reason" in life ? (life.reason ?? null) : null,
    });
    const ready = progress.set(task, life);
    if (!isActiveNow) pools[task] = undefined;
    open.push(...ready);
  };

  const setAttempt = (task: number, patch: Partial<AttemptRecord> & { readonly state: AttemptState }): void => {
    const before = attempts.get(task);
    if (!before) return;
    attempts.set(task, { ...before, ...patch });
    touched.attempts.add(task);
  };

  /** Tasks that became ready in this turn and have not been looked at. */
  const open: number[] = [];

  const applyTask = (task: number, event: TaskEvent, details: EndDetails = {}): void => {
    const life = progress.lives[task];
    if (!life) return;
    const after = next(life, event, rulesOf(task));
    if (after === life) return;
    trackAttempt(task, after, event, details);
    setTask(task, after, event.kind === "ended" && event.outcome === "succeeded" ? details : {});
  };

  const trackAttempt = (task: number, after: TaskLife, event: TaskEvent, { exitCode }: EndDetails): void => {
    switch (event.kind) {
      case "assigned":
        attempts.set(task, {
          taskIndex: task,
          attempt: after.attempt,
          state: "dispatched",
          worker: event.worker,
          dispatchedAtMs: nowMs(),
          startedAtMs: null,
          endedAtMs: null,
          exitCode: null,
          reason: null,
        });
        touched.attempts.add(task);
        return;
      case "started":
        setAttempt(task, { state: "running", startedAtMs: event.atMs });
        return;
      case "returned":
        setAttempt(task, { state: "lost", endedAtMs: nowMs(), reason: "the worker did not take it" });
        return;
      case "ended": {
        // An attempt that was ended because its time was up has failed, whatever signal ended its process.
        const timedOut = after.state !== "killed" && event.outcome === "killed";
        const why = "reason" in after ? after.reason : event.reason;
        setAttempt(task, {
          state: timedOut ? "failed" : event.outcome,
          endedAtMs: event.atMs,
          exitCode: exitCode ?? null,
          reason: (timedOut ? (why ?? "timed out") : event.reason) ?? null,
        });
        return;
      }
      case "due":
      case "timedOut":
      case "pause":
      case "stop":
      case "resume":
      case "rerun":
      case "forceSuccess":
        return;
    }
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
      if (life.state === "dispatched" || life.state === "running") touched.tasks.add(task);
    });
  };

  const begin = (): void => {
    header = { ...header, startedAtMs: header.startedAtMs ?? nowMs(), endedAtMs: null, runTimes: header.runTimes + 1 };
    scope = undefined;
    header = { ...header, params: values().params };
    open.push(...progress.unborn());
  };

  const values = (): ReturnType<typeof workflowValues> => {
    scope ??= workflowValues(run());
    return scope;
  };

  const startAgain = (): void => {
    removed = [...tasks.keys()];
    tasks.clear();
    pools = [];
    progress = trackProgress({ definition, included });
    begin();
  };

  const recoverFailed = (wasOver: boolean): void => {
    if (wasOver) header = { ...header, endedAtMs: null, runTimes: header.runTimes + 1 };
    forEachLife((task, life) => {
      if (life.state === "failed" || life.state === "killed") applyTask(task, { kind: "rerun" });
      else if (life.state === "paused") applyTask(task, { kind: "resume" });
    });
    open.push(...progress.unborn());
  };

  const obey = (command: CommandRecord): void => {
    const before = header.state;
    switch (command.kind) {
      case "start":
        if (setInstance({ kind: "taken" })) begin();
        return;
      case "pause":
      case "stop":
        if (setInstance({ kind: command.kind }) && header.state === "stopped")
          header = { ...header, endedAtMs: nowMs() };
        return;
      case "resume":
        if (!setInstance({ kind: "resume" })) return;
        mode = currentMode();
        forEachLife((task) => applyTask(task, { kind: "resume" }));
        open.push(...progress.unborn());
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
    for (let task = open.shift(); task !== undefined; task = open.shift()) {
      const found = definition.tasks[task];
      if (!found || progress.lives[task] || !progress.includes(task)) continue;
      if (mode === "stopping" || mode === "ending") continue;
      setTask(
        task,
        born(found, {
          mode,
          dryRun: record.dryRun,
          nowMs: nowMs(),
          lastAttempt: attempts.get(task)?.attempt ?? 0,
          branchSkipped: progress.isBranchSkipped(task),
        }),
      );
    }
    // A task that finds a worker at once is saved as dispatched, with everything else of this turn.
    for (const task of [...touched.tasks]) {
      if (progress.lives[task]?.state !== "submitted") continue;
      const worker = place(task);
      if (worker !== undefined) applyTask(task, { kind: "assigned", worker });
    }
  };

  const upstreamOf = (task: number): Values => {
    if (!definition.tasks.some(({ outputs }) => outputs.length > 0)) return {};
    for (const one of topologicalOrder(shape) ?? []) pools[one] ??= poolOf(one);
    return outputsAfter(poolsBefore(task), {});
  };
  const poolsBefore = (task: number) =>
    (shape.predecessors[task] ?? []).map((before) => ({
      outputs: pools[before] ?? {},
      endedAtMs: tasks.get(before)?.endedAtMs ?? 0,
    }));
  const poolOf = (task: number): Values | undefined => {
    const own = tasks.get(task);
    return own && !isActive(own.life) ? outputsAfter(poolsBefore(task), own.outputs) : undefined;
  };

  const dutiesOf = (list: Iterable<number>, how: "entered" | "recovered"): readonly TaskDutyOwed[] =>
    [...list].flatMap((task) => {
      const life = progress.lives[task];
      return life ? [{ task, duties: duties(life, how, rulesOf(task)) }] : [];
    });

  let dutyTasks: readonly number[] = [];

  return {
    record,
    definition,
    get state() {
      return header.state;
    },
    idOf: (task) => taskInstanceId(record.id, task),
    lifeOf: (task) => progress.lives[task],
    valuesOf: (task) =>
      taskValues(
        run(),
        values(),
        rulesOf(task).task as (typeof definition.tasks)[number],
        taskInstanceId(record.id, task),
        upstreamOf(task),
      ),
    get baseTimeMs() {
      return baseTimeMs();
    },
    applyTask,
    applyCommand: (command) => {
      done.push(command.id);
      obey(command);
    },
    settle: (place) => {
      followMode();
      bear(place);
      if (header.state !== "running" && header.state !== "pausing" && header.state !== "stopping") return;
      const outcome = progress.outcome(header.state);
      if (outcome === undefined || !setInstance({ kind: "settled", outcome })) return;
      header = { ...header, endedAtMs: isOver(header.state) ? nowMs() : null };
    },
    takeTransition: (owner) => {
      dutyTasks = [...touched.tasks];
      if (!touched.header && touched.tasks.size === 0 && done.length === 0) return undefined;
      const needsOwner = header.state === "running" || header.state === "pausing" || header.state === "stopping";
      const transition: Transition = {
        instance: record.id,
        epoch: deps.epoch,
        header: { ...header, owner: needsOwner ? owner : null },
        tasks: pick(tasks, touched.tasks),
        removedTasks: removed,
        attempts: pick(attempts, touched.attempts),
        events,
        doneCommands: done,
      };
      touched.tasks.clear();
      touched.attempts.clear();
      touched.header = false;
      removed = [];
      events = [];
      done = [];
      return transition;
    },
    takeDuties: () => dutiesOf(dutyTasks, "entered"),
    recoveredDuties: () => dutiesOf(tasks.keys(), "recovered"),
  };
}

const livesOf = (tasks: ReadonlyMap<number, TaskRecord>, count: number): readonly (TaskLife | undefined)[] =>
  Array.from({ length: count }, (_, task) => tasks.get(task)?.life);

const pick = <T>(from: ReadonlyMap<number, T>, keys: ReadonlySet<number>): readonly T[] =>
  [...keys].flatMap((key) => {
    const value = from.get(key);
    return value === undefined ? [] : [value];
  });

export type { Progress };
