// What one turn of an actor changes, gathered until it is saved as one transition.

import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import { needsOwner } from "../model/life/workflow-instance.ts";
import type { ChildChange } from "../store/children.ts";
import type { RaisedAlert } from "../store/raised-alerts.ts";
import type { AttemptRecord, EventRecord, TaskRecord } from "../store/records.ts";
import type { PoolChange } from "../store/task-groups.ts";
import type { InstanceHeader, Transition } from "../store/transitions.ts";

export interface Turn {
  /** Tasks that this turn has touched so far. */
  readonly tasks: ReadonlySet<number>;
  touchTask(task: number): void;
  /** Within one turn an attempt may end and the next one begin: each is kept as it was last told. */
  keepAttempt(attempt: AttemptRecord): void;
  /** The tasks go back to "not started". */
  remove(tasks: readonly number[]): void;
  tell(event: EventRecord): void;
  raise(alert: RaisedAlert | undefined): void;
  pool(change: PoolChange): void;
  child(change: ChildChange): void;
  obeyed(commandId: string): void;
  /** The transition, or undefined when nothing has changed; what comes next belongs to the next turn. */
  take(now: {
    readonly owner: Incarnation;
    readonly header: InstanceHeader;
    readonly tasks: ReadonlyMap<number, TaskRecord>;
  }): Transition | undefined;
}

export function turn(instance: WorkflowInstanceId, epoch: number): Turn {
  const touched = new Set<number>();
  const removed = new Set<number>();
  const attempts = new Map<string, AttemptRecord>();
  const pools = new Map<number, PoolChange>();
  let events: EventRecord[] = [];
  let alerts: RaisedAlert[] = [];
  let children: ChildChange[] = [];
  let done: string[] = [];
  return {
    tasks: touched,
    touchTask: (task) => void touched.add(task),
    keepAttempt: (attempt) => void attempts.set(`${attempt.taskIndex}#${attempt.attempt}`, attempt),
    remove: (tasks) => {
      for (const task of tasks) {
        removed.add(task);
        pools.delete(task);
      }
    },
    tell: (event) => void events.push(event),
    raise: (alert) => {
      if (alert) alerts.push(alert);
    },
    pool: (change) => void pools.set(change.taskIndex, change),
    child: (change) => void children.push(change),
    obeyed: (commandId) => void done.push(commandId),
    take: ({ owner, header, tasks }) => {
      const isEmpty = [events, done, children].every((list) => list.length === 0) && touched.size + attempts.size === 0;
      if (isEmpty) return undefined;
      const transition: Transition = {
        instance,
        epoch,
        header: { ...header, owner: needsOwner(header.state) ? owner : null },
        tasks: [...touched].flatMap((task) => tasks.get(task) ?? []),
        removedTasks: [...removed],
        attempts: [...attempts.values()],
        events,
        alerts,
        pools: [...pools.values()],
        children,
        doneCommands: done,
      };
      touched.clear();
      removed.clear();
      attempts.clear();
      pools.clear();
      events = [];
      alerts = [];
      children = [];
      done = [];
      return transition;
    },
  };
}
