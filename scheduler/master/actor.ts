// One mailbox a workflow instance: events → next states → saved in one transition → duties. Nothing is sent before it is saved.

import type { Clock, Stop } from "../model/clock.ts";
import { priorities } from "../model/definition.ts";
import type { Incarnation, TaskInstanceId, WorkflowInstanceId } from "../model/ids.ts";
import type { TaskDuty, TaskEvent } from "../model/life/task.ts";
import type { Logger } from "../model/logger.ts";
import type { DeployedFile } from "../store/loading.ts";
import type { CommandRecord } from "../store/records.ts";
import type { Transition } from "../store/transitions.ts";
import type { Assignment, AttemptRef } from "../wire/messages.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EndDetails, InstanceState } from "./instance-state.ts";
import type { WorkerLinks } from "./worker-links.ts";

export type ActorEvent =
  | {
      readonly kind: "task";
      readonly task: number;
      readonly event: TaskEvent;
      readonly details?: EndDetails;
      /** Called when it is committed (true), or when this master does not own the instance any more (false). */
      readonly answer?: (isKept: boolean) => void;
    }
  | { readonly kind: "command"; readonly command: CommandRecord };

export interface Actor {
  readonly instance: WorkflowInstanceId;
  readonly epoch: number;
  /** Lets the states it was loaded with follow the instance's, then performs their duties. */
  recover(): void;
  post(event: ActorEvent): void;
  /** Lets go of everything, without a word to the database. */
  close(): void;
}

export interface ActorDeps {
  readonly owner: Incarnation;
  readonly epoch: number;
  readonly instance: InstanceState;
  readonly files: readonly DeployedFile[];
  readonly save: (transition: Transition) => Promise<boolean>;
  readonly nowMs: () => number;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly links: WorkerLinks;
  readonly log: Logger;
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
    const owed = isRecovery ? instance.recoveredDuties() : transition ? instance.takeDuties() : [];
    for (const { task, duties } of owed) perform(task, duties);
    if (transition?.header.owner === null) deps.onRest(self);
  };

  const decide = (batch: readonly ActorEvent[], isRecovery: boolean): Transition | undefined => {
    const before = placedTasks(batch);
    for (const event of batch) {
      if (event.kind === "command") instance.applyCommand(event.command);
      else instance.applyTask(event.task, event.event, event.details);
    }
    releaseUnused(before);
    // While recovering nothing is placed yet: what is dispatched is then the predecessor's doing, and is settled first.
    instance.settle(isRecovery ? () => undefined : place);
    return instance.takeTransition(deps.owner);
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

  const waitingOf = (task: number) => {
    const definition = instance.definition.tasks[task];
    return {
      task: instance.idOf(task),
      group: definition?.workerGroup ?? instance.record.options.workerGroup ?? instance.definition.workerGroup,
      urgency: [instance.record.priority, priorities.indexOf(definition?.priority ?? "medium"), deps.nowMs()],
    };
  };

  const place = (task: number): Incarnation | undefined => dispatcher.place(waitingOf(task));

  const perform = (task: number, duties: readonly TaskDuty[]): void => {
    const id = instance.idOf(task);
    timers.get(task)?.();
    timers.delete(task);
    if (!isUnderWay(task)) {
      dispatcher.release(id);
      links.forget(id);
    }
    if (instance.lifeOf(task)?.state !== "submitted") dispatcher.withdraw(id);
    for (const duty of duties) performOne(task, id, duty);
  };

  const performOne = (task: number, id: TaskInstanceId, duty: TaskDuty): void => {
    switch (duty.kind) {
      case "queue":
        dispatcher.enqueue({
          ...waitingOf(task),
          assign: (worker) => post({ kind: "task", task, event: { kind: "assigned", worker } }),
        });
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
        dispatcher.occupy(id, duty.worker);
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

  const refOf = (taskInstance: TaskInstanceId, attempt: number): AttemptRef => ({
    taskInstance,
    attempt,
    ownerEpoch: deps.epoch,
  });

  const assignmentOf = (task: number, attempt: number, worker: Incarnation): Assignment => {
    const { definition } = instance;
    const found = definition.tasks[task];
    if (!found) throw new Error(`instance ${instance.record.id} has no task ${task}`);
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
      environment: {},
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
    close: () => {
      if (isClosed) return;
      isClosed = true;
      for (const stop of timers.values()) stop();
      timers.clear();
      instance.definition.tasks.forEach((_, task) => {
        if (!instance.lifeOf(task)) return;
        const id = instance.idOf(task);
        dispatcher.withdraw(id);
        dispatcher.release(id);
        links.forget(id);
      });
      answer(mailbox, false);
      mailbox = [];
    },
  };
  return self;
}
