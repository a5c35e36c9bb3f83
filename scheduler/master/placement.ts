// The way of one instance's submitted tasks to a worker: first a slot of the task group, then what the server must have for it, then
// a worker. A logic task ends it early: it begins in its master.

import type { Clock, Stop } from "../model/clock.ts";
import { priorities, type TaskDefinition } from "../model/definition.ts";
import type { Incarnation } from "../model/ids.ts";
import type { TaskEvent } from "../model/life/task.ts";
import { type Logger, ofTask } from "../model/logger.ts";
import { isPassing } from "../store/database.ts";
import { findTaskType } from "../tasks/task-types.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { InstanceState } from "./instance-state.ts";
import type { Pools } from "./pools.ts";
import { datasourceOf, nothingNeeded, type Preparations, type Prepared } from "./preparation.ts";

export interface Placement {
  /** A worker at once, where the task needs nothing else and one is free. */
  place(task: number): Incarnation | undefined;
  /** Queues the task for all that it needs; `refusal`: it fails when it finds no worker in time. */
  queue(task: number, refusal: Refusal | undefined): void;
  /** Counts an attempt that was dispatched before. */
  occupy(task: number, worker: Incarnation): void;
  /** The task waits no more, or never did. */
  withdraw(task: number): void;
  /** What was found out for a task that has a worker now. */
  preparedFor(task: number): Prepared;
  /** The attempt has its assignment: what was prepared for it is not needed any more. */
  forget(task: number): void;
  close(): void;
}

/** How long a task may wait for a worker, and what is said then. */
export interface Refusal {
  readonly atMs: number;
  readonly reason: string;
}

export interface PlacementDeps {
  readonly instance: InstanceState;
  readonly dispatcher: Dispatcher;
  readonly pools: Pools;
  readonly preparations: Preparations;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly log: Logger;
  readonly post: (task: number, event: TaskEvent) => void;
  /** A logic task's turn has come. */
  readonly begin: (task: number) => void;
}

const prepareAgainMs = 500;
/** Timers count in 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

export function placement(deps: PlacementDeps): Placement {
  const { instance, dispatcher, pools, post } = deps;
  const prepared = new Map<number, Prepared>();
  const refusals = new Map<number, Stop>();
  let isClosed = false;

  const definitionOf = (task: number): TaskDefinition => {
    const found = instance.definition.tasks[task];
    if (!found) throw new Error(`instance ${instance.record.id} has no task ${task}`);
    return found;
  };
  const stillWaits = (task: number): boolean => !isClosed && instance.lifeOf(task)?.state === "submitted";

  const waitingOf = (task: number) => {
    const definition = definitionOf(task);
    return {
      task: instance.idOf(task),
      isJob: findTaskType(definition.type)?.isAsynchronous === true,
      group: definition.workerGroup ?? instance.record.options.workerGroup ?? instance.definition.workerGroup,
      urgency: [
        instance.record.priority,
        priorities.indexOf(definition.priority),
        -(definition.taskGroup?.priority ?? 0),
        instance.submittedAtMs(task),
      ],
    };
  };

  const environmentOf = (definition: TaskDefinition): string | undefined =>
    definition.environment ?? instance.record.options.environment ?? instance.definition.environment;

  const mustBePrepared = (definition: TaskDefinition): boolean =>
    environmentOf(definition) !== undefined || datasourceOf(definition) !== undefined;

  const enqueue = (task: number): void =>
    dispatcher.enqueue({ ...waitingOf(task), assign: (worker) => post(task, { kind: "assigned", worker }) });

  const prepare = async (task: number): Promise<void> => {
    const definition = definitionOf(task);
    try {
      const result = await deps.preparations.prepare(definition, environmentOf(definition));
      if (!stillWaits(task)) return;
      if (!result.ok) {
        post(task, { kind: "refused", reason: result.reason });
        return;
      }
      prepared.set(task, result.prepared);
      enqueue(task);
    } catch (error) {
      if (!stillWaits(task)) return;
      if (!isPassing(error)) {
        deps.log.error({ ...ofTask(instance.idOf(task)), error }, "a task cannot be prepared");
        const reason = `this is a fault of the server: ${error instanceof Error ? error.message : String(error)}`;
        post(task, { kind: "refused", reason });
        return;
      }
      deps.log.warn({ ...ofTask(instance.idOf(task)), error }, "cannot find out what a task needs, trying again");
      deps.clock.after(prepareAgainMs, () => {
        if (stillWaits(task)) void prepare(task);
      });
    }
  };

  const proceed = (task: number): void => {
    const definition = definitionOf(task);
    if (runsHere(definition)) deps.begin(task);
    else if (mustBePrepared(definition)) void prepare(task);
    else enqueue(task);
  };

  const refuseAt = (task: number, { atMs, reason }: Refusal): void => {
    refusals.get(task)?.();
    const inMs = Math.min(Math.max(0, atMs - deps.nowMs()), longestTimerMs);
    const fire = (): void => {
      if (deps.nowMs() < atMs) refuseAt(task, { atMs, reason });
      else if (stillWaits(task)) post(task, { kind: "refused", reason });
    };
    refusals.set(task, deps.clock.after(inMs, fire));
  };

  const withdraw = (task: number): void => {
    const id = instance.idOf(task);
    dispatcher.withdraw(id);
    pools.forget(id);
    refusals.get(task)?.();
    refusals.delete(task);
  };

  return {
    place: (task) => {
      const definition = definitionOf(task);
      const isSimple = !definition.taskGroup && !runsHere(definition) && !mustBePrepared(definition);
      return isSimple ? dispatcher.place(waitingOf(task)) : undefined;
    },
    queue: (task, refusal) => {
      const { taskGroup, dispatchTimeoutMs } = definitionOf(task);
      const life = instance.lifeOf(task);
      // Ending a job waits for no slot.
      const mustEnd = life?.state === "submitted" && life.carriesOn && instance.jobOf(task)?.mustEnd === true;
      if (!taskGroup || mustEnd) {
        if (refusal) refuseAt(task, refusal);
        proceed(task);
        return;
      }
      pools.wait(instance.idOf(task), taskGroup.name, (grantedAtMs) => {
        // A full task group is no lack of workers: the time for these begins with the slot, but where the task has it from an attempt before.
        const atMs = Math.max(refusal?.atMs ?? 0, grantedAtMs + (dispatchTimeoutMs ?? 0));
        if (refusal) refuseAt(task, { ...refusal, atMs });
        proceed(task);
      });
    },
    occupy: (task, worker) => dispatcher.occupy(waitingOf(task), worker),
    withdraw,
    preparedFor: (task) => prepared.get(task) ?? nothingNeeded,
    forget: (task) => void prepared.delete(task),
    close: () => {
      isClosed = true;
      for (const stop of refusals.values()) stop();
      instance.definition.tasks.forEach((_, task) => {
        if (instance.lifeOf(task)) withdraw(task);
      });
    },
  };
}

/** A logic task needs no worker. */
const runsHere = ({ type }: TaskDefinition): boolean => findTaskType(type)?.runBy === "master";
