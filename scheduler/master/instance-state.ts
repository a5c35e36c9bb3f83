// One workflow instance as its owner holds it: applies events to lives and gathers what changed. It sends and saves nothing.

import type { TaskDefinition } from "../model/definition.ts";
import { graph } from "../model/graph.ts";
import { type Incarnation, type TaskInstanceId, taskInstanceId } from "../model/ids.ts";
import { type Progress, trackProgress } from "../model/life/progress.ts";
import { planOfStart, type RunPlan } from "../model/life/run-plan.ts";
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
import { type RunFacts, systemValues, taskValues, type Values, workflowValues } from "../model/params.ts";
import type { ChildChange } from "../store/children.ts";
import type { LoadedDefinition, LoadedInstance } from "../store/loading.ts";
import type { AttemptRecord, CommandRecord, EventRecord, InstanceRecord, TaskRecord } from "../store/records.ts";
import type { InstanceHeader, Transition } from "../store/transitions.ts";
import type { JobAssignment } from "../wire/messages.ts";
import { attemptBook } from "./attempt-book.ts";
import { type AlertFacts, outcomeAlert, taskTimeoutAlert, workflowTimeoutAlert } from "./instance-alerts.ts";
import { obey } from "./instance-commands.ts";
import { decideBranch } from "./logic/branches.ts";
import { poolChange } from "./pool-change.ts";
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
  /** Nothing of it is under way: what asks for a run of it asks for a new one. */
  readonly isOver: boolean;
  /** When its time is up; null: never, or it was told already. */
  readonly timeoutAtMs: number | null;
  idOf(task: number): TaskInstanceId;
  lifeOf(task: number): TaskLife | undefined;
  /** What the task sees; its upstream is over. */
  valuesOf(task: number): Values;
  /** Of an asynchronous task's newest attempt. */
  jobOf(task: number): JobAssignment | undefined;
  /** When the task was first submitted in this run. */
  submittedAtMs(task: number): number;

  applyTask(task: number, event: TaskEvent, details?: EndDetails): void;
  applyCommand(command: CommandRecord): void;
  /** What is to be done about children is saved with the rest of the turn. */
  changeChildren(change: ChildChange): void;
  /** The instance has run longer than it should: its alert group hears of it, once. */
  timeOut(): void;
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
  /** Of its project, by name. */
  readonly projectParams?: Values;
}

export function instanceState(deps: InstanceStateDeps): InstanceState {
  const { loaded, definition, nowMs } = deps;
  const { instance: record } = loaded;
  const failureEnds = (record.options.failureStrategy ?? definition.onFailure) === "end";
  const shape = graph(definition.tasks.length, definition.edges);

  let header: InstanceHeader = { ...record };
  let plan = record.plan ?? planOfStart(definition, record.options);
  const tasks = new Map(loaded.tasks.map((task) => [task.taskIndex, task]));
  const attempts = attemptBook(definition, loaded.attempts);
  let progress = progressOf();
  let scope: ReturnType<typeof workflowValues> | undefined;
  const upstream = upstreamOutputs(definition, shape, (task) => tasks.get(task));
  const change = turn(record.id, deps.epoch);
  let takenTasks: readonly number[] = [];
  /** Tasks that are ready and have not been looked at: first what the predecessor had no time for. */
  let ready: number[] = needsOwner(record.state) ? [...progress.unborn()] : [];
  /** Tasks that became submitted in this turn. */
  let fresh: number[] = [];
  // Not the present one: what the predecessor left waiting has yet to follow a pause or a stop.
  let mode: InstanceMode = "running";

  function progressOf(): Progress {
    const lives = Array.from(definition.tasks, (_, task) => tasks.get(task)?.life);
    return trackProgress({ definition, plan }, lives);
  }

  const currentMode = (): InstanceMode => modeOf(header.state, failureEnds && progress.hasFailed);
  const baseTimeMs = (): number => record.scheduleTimeMs ?? header.startedAtMs ?? record.createdAtMs;

  const run = (): RunFacts => ({
    definition,
    workflowInstance: record.id,
    baseTimeMs: baseTimeMs(),
    startParams: record.options.params,
    inherited: record.options.inherited ?? {},
    projectParams: deps.projectParams ?? {},
  });

  /** Resolved when a run begins, and kept: what is changed on the server meanwhile is for the next run. */
  const values = (): ReturnType<typeof workflowValues> => {
    scope ??=
      header.runTimes === 0 ? workflowValues(run()) : { system: systemValues(run()), params: { ...header.params } };
    return scope;
  };

  const definitionOf = (task: number): TaskDefinition => {
    const found = definition.tasks[task];
    if (!found) throw new Error(`instance ${record.id} has no task ${task}`);
    return found;
  };
  const rulesOf = (task: number): TaskRules => {
    const job = attempts.jobRulesOf(task);
    return { task: definitionOf(task), mode, nowMs: nowMs(), lostLimit: deps.lostLimit, ...(job ? { job } : {}) };
  };
  const alertFacts = (): AlertFacts => ({ definition, record, runTimes: header.runTimes, nowMs: nowMs() });

  const tell = (event: Omit<EventRecord, "seq" | "atMs">): void => {
    header = { ...header, eventSeq: header.eventSeq + 1 };
    change.tell({ ...event, seq: header.eventSeq, atMs: nowMs() });
  };
  const tellInstance = (reason: string | null): void =>
    tell({ kind: "instance", taskIndex: null, attempt: null, state: header.state, reason });

  const setInstance = (event: InstanceEvent): boolean => {
    const state = nextInstance(header.state, event);
    if (state === header.state) return false;
    const isOverNow = isOver(state);
    header = {
      ...header,
      state,
      endedAtMs: isOverNow ? nowMs() : null,
      timeoutAtMs: needsOwner(state) ? header.timeoutAtMs : null,
    };
    tellInstance(null);
    if (isOverNow) change.raise(outcomeAlert(alertFacts(), state, progress.lives));
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
      endedAtMs: isActiveNow || life.state === "paused" ? null : endOf(life, before),
    });
    change.touchTask(task);
    tell({ kind: "task", taskIndex: task, attempt: life.attempt || null, state: life.state, reason: reasonOf(life) });
    upstream.forget(task);
    if (life.state === "submitted") fresh.push(task);
    const lives = { before: before?.life, after: life };
    const pool = poolChange(task, definitionOf(task), record.priority, lives);
    if (pool) change.pool(pool);
    ready.push(...progress.set(task, life));
  };

  /** Counting it as succeeded does not make it end later. */
  const endOf = (life: TaskLife, before: TaskRecord | undefined): number =>
    life.state === "forced_success" ? (before?.endedAtMs ?? nowMs()) : nowMs();

  const applyTask = (task: number, event: TaskEvent, details: EndDetails = {}): void => {
    const life = progress.lives[task];
    if (!life) return;
    const after = next(life, event, rulesOf(task));
    if (after === life && !tellsOfJob(life, event)) return;
    const facts = { nowMs: nowMs(), exitCode: details.exitCode };
    const attempt = attempts.follow(task, event, { before: life, after }, facts);
    if (attempt) {
      change.keepAttempt(attempt);
      tellEnd(attempt, after);
    }
    if (after === life) return;
    if (event.kind === "timedOut" && definitionOf(task).timeout?.action !== "fail") {
      change.raise(taskTimeoutAlert(alertFacts(), task, event.attempt));
    }
    setTask(task, after, event.kind === "ended" && event.outcome === "succeeded" ? details : {});
  };

  /** How an attempt ended is told where the task's new state does not say it: it was lost, or is tried again. */
  const tellEnd = ({ taskIndex, attempt, state, reason }: AttemptRecord, life: TaskLife): void => {
    if (state !== "dispatched" && state !== "running" && state !== life.state) {
      tell({ kind: "attempt", taskIndex, attempt, state, reason });
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
    // What could not start while the rest was ended.
    if (mode === "running" || mode === "pausing") ready.push(...progress.unborn());
    const event: TaskEvent | undefined =
      mode === "running" ? undefined : { kind: mode === "pausing" ? "pause" : "stop" };
    forEachLife((task, life) => {
      if (event && (mode !== "pausing" || life.state !== "paused")) applyTask(task, event);
      if (life.state === "dispatched" || life.state === "running") change.touchTask(task);
    });
  };

  /** The whole of it, or what was chosen, runs now (again). */
  const begin = (isFirst: boolean): void => {
    mode = "running";
    header = {
      ...header,
      endedAtMs: null,
      startedAtMs: header.startedAtMs ?? nowMs(),
      plan,
      timeoutAtMs: definition.timeoutMs === undefined ? null : nowMs() + definition.timeoutMs,
    };
    if (isFirst) {
      scope = workflowValues(run());
      header = { ...header, params: scope.params };
    }
    ready.push(...progress.unborn());
  };

  const replan = (to: RunPlan, forgotten: readonly number[]): void => {
    for (const task of forgotten) {
      const life = tasks.get(task)?.life;
      if (life?.state === "paused" && life.carriesOn) {
        change.child({ kind: "stop", taskIndex: task, attempt: life.attempt });
      }
      tasks.delete(task);
    }
    change.remove(forgotten);
    plan = to;
    header = { ...header, plan };
    upstream.forgetAll();
    progress = progressOf();
    ready = [];
  };

  const bearAndDecide = (): void => {
    // Indexes, not shift(): thousands become ready at once, and born or decided tasks make others ready.
    let nextReady = 0;
    let nextFresh = 0;
    while (nextReady < ready.length || nextFresh < fresh.length) {
      for (; nextReady < ready.length; nextReady += 1) bear(ready[nextReady] ?? 0);
      for (; nextFresh < fresh.length; nextFresh += 1) decide(fresh[nextFresh] ?? 0);
    }
    ready = [];
  };

  const bear = (task: number): void => {
    // What was ready may not be any more: a predecessor that had failed is tried again.
    if (!progress.isReady(task) || mode === "stopping" || mode === "ending") return;
    setTask(
      task,
      born(definitionOf(task), {
        mode,
        // Nothing runs to decide a branch: a dry run takes the one that its params lead to.
        dryRun: record.dryRun && definitionOf(task).branches === undefined,
        nowMs: nowMs(),
        lastAttempt: attempts.newestOf(task)?.attempt ?? 0,
        branchSkipped: progress.isBranchSkipped(task),
      }),
    );
  };

  const decide = (task: number): void => {
    const { branches } = definitionOf(task);
    if (!branches || progress.lives[task]?.state !== "submitted") return;
    const atMs = nowMs();
    const decision = decideBranch(branches, valuesOf(task), (one) => progress.lives[one]);
    applyTask(task, { kind: "began", atMs });
    const ended = { kind: "ended", attempt: progress.lives[task]?.attempt ?? 0, atMs } as const;
    if (decision.ok) applyTask(task, { ...ended, outcome: "succeeded", branch: decision.branch });
    // In a dry run nobody set the outputs that it asks for: then every branch may be the one.
    else if (record.dryRun) applyTask(task, { ...ended, outcome: "succeeded" });
    else applyTask(task, { ...ended, outcome: "failed", reason: decision.reason });
  };

  /** A task that finds a worker at once is saved as dispatched, with everything else of this turn. */
  const placeFresh = (place: (task: number) => Incarnation | undefined): void => {
    for (const task of fresh) {
      if (progress.lives[task]?.state !== "submitted") continue;
      const worker = place(task);
      if (worker !== undefined) applyTask(task, { kind: "assigned", worker });
    }
    fresh = [];
  };

  const valuesOf = (task: number): Values => {
    const id = taskInstanceId(record.id, task);
    return taskValues(run(), values(), definitionOf(task), id, upstream.of(task));
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
    valuesOf,
    submittedAtMs: (task) => tasks.get(task)?.submittedAtMs ?? nowMs(),
    jobOf: (task) => attempts.jobOf(task, mode === "stopping" || mode === "ending"),
    get baseTimeMs() {
      return baseTimeMs();
    },
    get isOver() {
      return isOver(header.state) || header.state === "serial_wait";
    },
    get timeoutAtMs() {
      return header.timeoutAtMs;
    },
    applyTask,
    applyCommand: (command) => {
      change.obeyed(command.id);
      obey(command, {
        definition,
        record,
        state: () => header.state,
        plan: () => plan,
        lives: () => progress.lives,
        isTakenUp: (task) => progress.isTakenUp(task),
        setInstance,
        applyTask,
        begin,
        replan,
        touch: change.touchTask,
        changeChildren: change.child,
        countRun: () => {
          header = { ...header, runTimes: header.runTimes + 1 };
        },
      });
    },
    changeChildren: change.child,
    timeOut: () => {
      if (header.timeoutAtMs === null || nowMs() < header.timeoutAtMs) return;
      header = { ...header, timeoutAtMs: null };
      tellInstance(`it has run for more than ${(definition.timeoutMs ?? 0) / 1000} s`);
      change.raise(workflowTimeoutAlert(alertFacts()));
    },
    settle: (place) => {
      // What rests starts nothing: a task forced to success while its instance is paused lets its successors wait for the resume.
      if (!needsOwner(header.state)) {
        ready = [];
        fresh = [];
        return;
      }
      followMode();
      bearAndDecide();
      followMode(); // a decision may have failed
      placeFresh(place);
      const outcome = progress.outcome(header.state);
      if (outcome !== undefined) setInstance({ kind: "settled", outcome });
    },
    takeTransition: (owner) => {
      takenTasks = [...change.tasks];
      return change.take({ owner, header, tasks });
    },
    takeDuties: () => dutiesOf(takenTasks, "entered"),
    recoveredDuties: () => dutiesOf(tasks.keys(), "recovered"),
  };
}

/** News of the attempt alone: the job that it begins elsewhere is there. */
const tellsOfJob = (life: TaskLife, event: TaskEvent): boolean =>
  event.kind === "started" && event.job !== undefined && life.state === "running" && life.attempt === event.attempt;

function reasonOf(life: TaskLife): string | null {
  if (life.state === "running") return life.timedOut ? "its time is up" : null;
  return "reason" in life ? (life.reason ?? null) : null;
}
