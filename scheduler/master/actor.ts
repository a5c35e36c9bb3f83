// One mailbox a workflow instance: events → next states → saved in one transition → duties. Nothing is sent before it is saved.

import type { Clock, Stop } from "../model/clock.ts";
import type { Incarnation, TaskInstanceId, WorkflowInstanceId } from "../model/ids.ts";
import type { TaskDuty, TaskEvent } from "../model/life/task.ts";
import type { Logger } from "../model/logger.ts";
import type { ChildChange } from "../store/children.ts";
import type { Database } from "../store/database.ts";
import type { DeployedFile } from "../store/loading.ts";
import type { CommandRecord } from "../store/records.ts";
import type { Transition } from "../store/transitions.ts";
import type { Assignment, AttemptRef } from "../wire/messages.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EndDetails, InstanceState } from "./instance-state.ts";
import { logicTasks } from "./logic/logic-tasks.ts";
import { placement } from "./placement.ts";
import type { Pools } from "./pools.ts";
import type { Preparations } from "./preparation.ts";
import { tellOfTransition } from "./told-transition.ts";
import type { WorkerLinks } from "./worker-links.ts";

export type ActorEvent =
  | {
      readonly kind: "task";
      readonly task: number;
      readonly event: TaskEvent;
      readonly details?: EndDetails;
      /** What is done about children if the event takes effect. */
      readonly children?: ChildChange;
      /** Called when it is committed (true), or when this master does not own the instance any more (false). */
      readonly answer?: (isKept: boolean) => void;
    }
  | { readonly kind: "command"; readonly command: CommandRecord }
  /** More children of an attempt that runs. */
  | { readonly kind: "children"; readonly task: number; readonly attempt: number; readonly children: ChildChange }
  | { readonly kind: "timeUp" };

export interface Actor {
  readonly instance: WorkflowInstanceId;
  readonly epoch: number;
  /** Lets the states it was loaded with follow the instance's, then performs their duties. */
  recover(): void;
  post(event: ActorEvent): void;
  /** Nothing of its instance is under way: what asks for a run of it asks for a new one. */
  isOver(): boolean;
  /** A child of this logic task has come to rest. */
  look(task: number): void;
  /** Lets go of everything, without a word to the database. */
  close(): void;
}

export interface ActorDeps {
  readonly owner: Incarnation;
  readonly epoch: number;
  readonly instance: InstanceState;
  readonly files: readonly DeployedFile[];
  readonly database: Database;
  readonly pools: Pools;
  readonly preparations: Preparations;
  readonly save: (transition: Transition) => Promise<boolean>;
  readonly nowMs: () => number;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly links: WorkerLinks;
  readonly log: Logger;
  /** There are new commands, to children. */
  readonly onCommands: () => void;
  /** It came to rest: over, paused or queued, and owned by nobody. */
  readonly onRest: (actor: Actor) => void;
  /** Another master owns the instance. */
  readonly onLost: (actor: Actor) => void;
  /** A fault of our own: the instance must be given up. */
  readonly onFault: (actor: Actor, error: unknown) => void;
}

/** Timers count in 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

export function actor(deps: ActorDeps): Actor {
  const { instance, dispatcher, links } = deps;
  const seenCommands = new Set<string>();
  const timers = new Map<number, Stop>();
  let timeUp: { readonly atMs: number; readonly stop: Stop } | undefined;
  const logic = logicTasks({
    database: deps.database,
    instance,
    owner: deps.owner,
    epoch: deps.epoch,
    clock: deps.clock,
    log: deps.log,
    post: (task, attempt, { event, children }) => {
      if (event) post({ kind: "task", task, event, ...(children ? { children } : {}) });
      else if (children) post({ kind: "children", task, attempt, children });
    },
  });
  const placing = placement({
    instance,
    dispatcher,
    pools: deps.pools,
    preparations: deps.preparations,
    clock: deps.clock,
    nowMs: deps.nowMs,
    log: deps.log,
    post: (task, event) => post({ kind: "task", task, event }),
    begin: logic.begin,
  });
  let mailbox: ActorEvent[] = [];
  let mustRecover = false;
  let isRunning = false;
  let isClosed = false;

  const post = (event: ActorEvent): void => {
    if (isClosed) {
      if (event.kind === "task") event.answer?.(false);
      return;
    }
    // The same command is found again until the transaction that obeys it has removed it.
    if (event.kind === "command") {
      if (seenCommands.has(event.command.id)) return;
      seenCommands.add(event.command.id);
    }
    mailbox.push(event);
    if (!isRunning) void run();
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    try {
      // Whatever arrives in this turn of the event loop belongs to the same transition.
      await Promise.resolve();
      while ((mailbox.length > 0 || mustRecover) && !isClosed) await turn();
    } catch (error) {
      if (!isClosed) deps.onFault(self, error);
    } finally {
      isRunning = false;
    }
  };

  const turn = async (): Promise<void> => {
    const batch = mailbox;
    const isRecovery = mustRecover;
    mailbox = [];
    mustRecover = false;
    let transition: Transition | undefined;
    let isKept = false;
    try {
      transition = decide(batch, isRecovery);
      isKept = transition === undefined || (await deps.save(transition));
    } finally {
      // A turn that fails answers too: the worker then asks whoever owns the instance next.
      answer(batch, isKept);
    }
    if (isClosed) return;
    if (!isKept) {
      deps.onLost(self);
      return;
    }
    if (transition) tellOfTransition(deps.log, transition);
    const owed = isRecovery ? instance.recoveredDuties() : transition ? instance.takeDuties() : [];
    for (const { task, duties } of owed) perform(task, duties);
    if (transition?.pools.some((one) => one.kind === "leave")) deps.pools.changed();
    if ((transition?.children.length ?? 0) > 0) deps.onCommands();
    watchTime();
    if (transition?.header.owner === null) deps.onRest(self);
  };

  const decide = (batch: readonly ActorEvent[], isRecovery: boolean): Transition | undefined => {
    const before = placedTasks(batch);
    for (const event of batch) apply(event);
    releaseUnused(before);
    // While recovering nothing is placed yet: what is dispatched is then the predecessor's doing, and is settled first.
    instance.settle(isRecovery ? () => undefined : placing.place);
    return instance.takeTransition(deps.owner);
  };

  const apply = (event: ActorEvent): void => {
    switch (event.kind) {
      case "command":
        instance.applyCommand(event.command);
        return;
      case "timeUp":
        instance.timeOut();
        return;
      case "children": {
        const life = instance.lifeOf(event.task);
        const isStillSo = life?.state === "running" && life.attempt === event.attempt;
        if (isStillSo) instance.changeChildren(event.children);
        return;
      }
      case "task": {
        const before = instance.lifeOf(event.task);
        // Before the next attempt looks for a worker: one that gives a job away is to end. (What needs a slot may have found none.)
        const isGivenAway = event.event.kind === "ended" && event.event.handedOver === true;
        if (isGivenAway && instance.jobOf(event.task) && before && "worker" in before && before.worker)
          dispatcher.avoid(before.worker);
        instance.applyTask(event.task, event.event, event.details);
        if (event.children && instance.lifeOf(event.task) !== before) instance.changeChildren(event.children);
      }
    }
  };

  /** A slot that was reserved for a task which does not want it any more (it was stopped meanwhile) is given back. */
  const placedTasks = (batch: readonly ActorEvent[]): readonly number[] =>
    batch.flatMap((event) => (event.kind === "task" && event.event.kind === "assigned" ? [event.task] : []));
  const releaseUnused = (tasks: readonly number[]): void => {
    for (const task of tasks) if (!isUnderWay(task)) dispatcher.release(instance.idOf(task));
  };

  const isUnderWay = (task: number): boolean => {
    const state = instance.lifeOf(task)?.state;
    return state === "dispatched" || state === "running";
  };

  const perform = (task: number, duties: readonly TaskDuty[]): void => {
    const id = instance.idOf(task);
    timers.get(task)?.();
    timers.delete(task);
    if (!isUnderWay(task)) {
      dispatcher.release(id);
      links.forget(id);
    }
    const state = instance.lifeOf(task)?.state;
    if (state !== "submitted") {
      placing.withdraw(task);
      if (state !== "dispatched") placing.forget(task);
      if (state !== "running") logic.forget(task);
    }
    for (const duty of duties) performOne(task, id, duty);
  };

  const performOne = (task: number, id: TaskInstanceId, duty: TaskDuty): void => {
    switch (duty.kind) {
      case "queue":
        placing.queue(task, duty.refusal);
        return;
      case "carry":
        logic.carry(task, duty.attempt, duty.wish);
        return;
      case "wakeAt":
        wakeAt(task, duty.atMs, { kind: "due" });
        return;
      case "timeOutAt":
        wakeAt(task, duty.atMs, { kind: "timedOut", attempt: duty.attempt });
        return;
      case "dispatch":
        links.dispatch(assignmentOf(task, duty.attempt, duty.worker));
        return;
      case "settle":
        placing.occupy(task, duty.worker);
        links.settle(refOf(id, duty.attempt), duty.worker);
        return;
      case "kill":
        links.kill(refOf(id, duty.attempt), duty.worker, duty.reason);
        return;
    }
  };

  const wakeAt = (task: number, atMs: number, event: TaskEvent): void => {
    const inMs = Math.max(0, atMs - deps.nowMs());
    const fire = (): void => {
      if (deps.nowMs() < atMs) wakeAt(task, atMs, event);
      else post({ kind: "task", task, event });
    };
    timers.set(task, deps.clock.after(Math.min(inMs, longestTimerMs), fire));
  };

  /** The instance's own time. */
  const watchTime = (): void => {
    const atMs = isClosed ? null : instance.timeoutAtMs;
    if (timeUp?.atMs === atMs || (timeUp === undefined && atMs === null)) return;
    timeUp?.stop();
    timeUp = undefined;
    if (atMs === null) return;
    const inMs = Math.min(Math.max(0, atMs - deps.nowMs()) + 1, longestTimerMs);
    const stop = deps.clock.after(inMs, () => {
      timeUp = undefined;
      if (deps.nowMs() < atMs) watchTime();
      else post({ kind: "timeUp" });
    });
    timeUp = { atMs, stop };
  };

  const refOf = (taskInstance: TaskInstanceId, attempt: number): AttemptRef => ({
    taskInstance,
    attempt,
    ownerEpoch: deps.epoch,
  });

  const assignmentOf = (task: number, attempt: number, worker: Incarnation): Assignment => {
    const { definition } = instance;
    const found = definition.tasks[task];
    if (!found) throw new Error(`instance ${instance.record.id} has no task ${task}`);
    const { environment, datasource, secrets } = placing.preparedFor(task);
    const job = instance.jobOf(task);
    return {
      ...refOf(instance.idOf(task), attempt),
      workflowInstance: instance.record.id,
      worker,
      project: definition.project,
      workflow: definition.name,
      task: found,
      scope: instance.valuesOf(task),
      baseTimeMs: instance.baseTimeMs,
      zone: definition.zone,
      environment,
      ...(datasource ? { datasource } : {}),
      secrets,
      ...(job ? { job } : {}),
      files: deps.files.filter((file) => found.files.includes(file.path)),
    };
  };

  const answer = (batch: readonly ActorEvent[], isKept: boolean): void => {
    for (const event of batch) if (event.kind === "task") event.answer?.(isKept);
  };

  const self: Actor = {
    instance: instance.record.id,
    epoch: deps.epoch,
    recover: () => {
      mustRecover = true;
      if (!isRunning) void run();
    },
    post,
    isOver: () => instance.isOver,
    look: logic.look,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      logic.close();
      placing.close();
      timeUp?.stop();
      for (const stop of timers.values()) stop();
      timers.clear();
      instance.definition.tasks.forEach((_, task) => {
        if (!instance.lifeOf(task)) return;
        const id = instance.idOf(task);
        dispatcher.release(id);
        links.forget(id);
      });
      answer(mailbox, false);
      mailbox = [];
    },
  };
  return self;
}
