// What one turn of an actor changes, gathered until it is saved as one transition.

import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import { needsOwner } from "../model/life/workflow-instance.ts";
import type { AttemptRecord, EventRecord, TaskRecord } from "../store/records.ts";
import type { InstanceHeader, Transition } from "../store/transitions.ts";

export interface Turn {
  /** Tasks that this turn has touched so far. */
  readonly tasks: ReadonlySet<number>;
  touchTask(task: number): void;
  touchAttempt(task: number): void;
  /** The tasks go back to "not started". */
  remove(tasks: readonly number[]): void;
  tell(event: EventRecord): void;
  obeyed(commandId: string): void;
  /** The transition, or undefined when nothing has changed; what comes next belongs to the next turn. */
  take(now: {
    readonly owner: Incarnation;
    readonly header: InstanceHeader;
    readonly tasks: ReadonlyMap<number, TaskRecord>;
    readonly attempts: ReadonlyMap<number, AttemptRecord>;
  }): Transition | undefined;
}

export function turn(instance: WorkflowInstanceId, epoch: number): Turn {
  const touched = new Set<number>();
  const touchedAttempts = new Set<number>();
  let removed: readonly number[] = [];
  let events: EventRecord[] = [];
  let done: string[] = [];
  return {
    tasks: touched,
    touchTask: (task) => void touched.add(task),
    touchAttempt: (task) => void touchedAttempts.add(task),
    remove: (tasks) => {
      removed = tasks;
    },
    tell: (event) => void events.push(event),
    obeyed: (commandId) => void done.push(commandId),
    take: ({ owner, header, tasks, attempts }) => {
      if (events.length === 0 && touched.size === 0 && done.length === 0) return undefined;
      const transition: Transition = {
        instance,
        epoch,
        header: { ...header, owner: needsOwner(header.state) ? owner : null },
        tasks: pick(tasks, touched),
        removedTasks: removed,
        attempts: pick(attempts, touchedAttempts),
        events,
        doneCommands: done,
      };
      touched.clear();
      touchedAttempts.clear();
      removed = [];
      events = [];
      done = [];
      return transition;
    },
  };
}

const pick = <T>(from: ReadonlyMap<number, T>, keys: ReadonlySet<number>): readonly T[] =>
  [...keys].flatMap((key) => from.get(key) ?? []);
