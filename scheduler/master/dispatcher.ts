// Which waiting task goes to which worker: one queue a worker group, the most urgent first, to the least loaded worker that is free.
// What only watches over a job elsewhere needs no slot: it has queues of its own, and neither kind stands in the other's way.

import type { Incarnation, TaskInstanceId } from "../model/ids.ts";
import type { MemberData } from "../registry/contract.ts";
import type { GroupsOf } from "../store/worker-groups.ts";
import { type Candidate, type Choose, workerChoice } from "./worker-choice.ts";

/** A task that waits for a worker. */
export interface Waiting {
  readonly task: TaskInstanceId;
  readonly group: string;
  /** True: of an asynchronous type, it needs no slot. */
  readonly isJob?: boolean;
  /** Compared position by position, the smallest first: workflow priority, task priority, submit time. */
  readonly urgency: readonly number[];
  /** Called when a slot is reserved for it. */
  readonly assign: (worker: Incarnation) => void;
}

export interface Dispatcher {
  /** Reserves a slot at once when one is free and nothing as urgent waits for it. */
  place(task: Omit<Waiting, "assign">): Incarnation | undefined;
  enqueue(waiting: Waiting): void;
  withdraw(task: TaskInstanceId): void;
  /** Counts an attempt that was dispatched before (by this master's predecessor). */
  occupy(task: Pick<Waiting, "task" | "isJob">, worker: Incarnation): void;
  /** Gives the slot of a task back. */
  release(task: TaskInstanceId): void;
  /** A worker came, changed or became reachable. */
  setWorker(worker: Incarnation, data: MemberData): void;
  removeWorker(worker: Incarnation): void;
  /** Somebody who could not be reached can be now. */
  lookAgain(): void;
  /** It takes nothing now: it gets nothing until it publishes something new. */
  avoid(worker: Incarnation): void;
  waitingCount(): number;
  waitingByGroup(): ReadonlyMap<string, number>;
  placedCount(): number;
}

interface WorkerView {
  data: MemberData;
  readonly own: Set<TaskInstanceId>;
}

export interface DispatcherDeps {
  /** This is the only master: what a worker publishes about its slots is this master's own doing, only later. */
  readonly isAlone: () => boolean;
  /** A worker that has just died is a member for a lease yet: what it were given would be lost. */
  readonly isReachable: (worker: Incarnation) => boolean;
  readonly groupsOf: GroupsOf;
  /** Absent: the least loaded one. */
  readonly choose?: Choose;
}

/** How many jobs this master lets one worker watch over. */
const mostJobs = 1_000;

export function dispatcher(deps: DispatcherDeps): Dispatcher {
  const slots = lane(deps);
  const jobs = lane(deps);
  const both = [slots, jobs];
  const laneOf = ({ isJob }: Pick<Waiting, "isJob">): Lane => (isJob ? jobs : slots);
  return {
    place: (task) => laneOf(task).place(task),
    enqueue: (waiting) => laneOf(waiting).enqueue(waiting),
    withdraw: (task) => {
      for (const one of both) one.withdraw(task);
    },
    occupy: (task, worker) => laneOf(task).occupy(task.task, worker),
    release: (task) => {
      for (const one of both) one.release(task);
    },
    setWorker: (worker, data) => {
      slots.setWorker(worker, data);
      // A worker without a free slot still watches.
      const status = data.status === "busy" ? "ready" : data.status;
      jobs.setWorker(worker, { ...data, status, slots: mostJobs, slotsUsed: 0 });
    },
    removeWorker: (worker) => {
      for (const one of both) one.removeWorker(worker);
    },
    lookAgain: () => {
      for (const one of both) one.lookAgain();
    },
    avoid: (worker) => {
      for (const one of both) one.avoid(worker);
    },
    waitingCount: () => slots.waitingCount() + jobs.waitingCount(),
    waitingByGroup: () => {
      const counts = new Map(slots.waitingByGroup());
      for (const [group, count] of jobs.waitingByGroup()) counts.set(group, (counts.get(group) ?? 0) + count);
      return counts;
    },
    placedCount: () => slots.placedCount() + jobs.placedCount(),
  };
}

type Lane = Omit<Dispatcher, "occupy"> & { occupy(task: TaskInstanceId, worker: Incarnation): void };

function lane(deps: DispatcherDeps): Lane {
  const { choose = workerChoice("least_loaded", () => 0) } = deps;
  const workers = new Map<Incarnation, WorkerView>();
  const queues = new Map<string, Waiting[]>();
  const waitingTasks = new Map<TaskInstanceId, Waiting>();
  const occupied = new Map<TaskInstanceId, Incarnation>();
  // Slots taken on workers that are not (or no more) in view count again when they come into view.
  const ownOf = (worker: Incarnation): Set<TaskInstanceId> => {
    const known = workers.get(worker);
    if (known) return known.own;
    return new Set([...occupied].filter(([, on]) => on === worker).map(([task]) => task));
  };

  const load = ({ data, own }: WorkerView): number => {
    const others = deps.isAlone() ? 0 : Math.max(0, data.slotsUsed - own.size);
    return (own.size + others) / Math.max(1, data.slots);
  };

  const freest = (group: string): Incarnation | undefined => choose(free(group));

  function* free(group: string): Iterable<Candidate> {
    for (const [worker, view] of workers) {
      if (view.data.status !== "ready" || !deps.isReachable(worker)) continue;
      if (!deps.groupsOf(worker, view.data.groups).includes(group)) continue;
      const used = load(view);
      const { slots, cpu, memory } = view.data;
      if (used < 1) yield { worker, slots, used, cpu, memory };
    }
  }

  const occupy = (task: TaskInstanceId, worker: Incarnation): void => {
    giveBack(task);
    occupied.set(task, worker);
    workers.get(worker)?.own.add(task);
  };

  const giveBack = (task: TaskInstanceId): boolean => {
    const worker = occupied.get(task);
    if (worker === undefined) return false;
    occupied.delete(task);
    workers.get(worker)?.own.delete(task);
    return true;
  };

  const pump = (group: string): void => {
    const queue = queues.get(group);
    while (queue && queue.length > 0) {
      const head = queue[0];
      if (head && waitingTasks.get(head.task) !== head) {
        removeHead(queue);
        continue;
      }
      const worker = freest(group);
      if (!head || !worker) return;
      removeHead(queue);
      waitingTasks.delete(head.task);
      occupy(head.task, worker);
      head.assign(worker);
    }
  };
  const pumpAll = (): void => {
    for (const group of queues.keys()) pump(group);
  };

  return {
    place: ({ task, group, urgency }) => {
      // One that is tried again at once still has the slot of the attempt that has ended.
      if (giveBack(task)) pumpAll();
      const head = queues.get(group)?.find((waiting) => waitingTasks.get(waiting.task) === waiting);
      if (head && compare(head.urgency, urgency) <= 0) return undefined;
      const worker = freest(group);
      if (worker) occupy(task, worker);
      return worker;
    },
    enqueue: (waiting) => {
      waitingTasks.set(waiting.task, waiting);
      const queue = queues.get(waiting.group) ?? [];
      queues.set(waiting.group, queue);
      insert(queue, waiting);
      pump(waiting.group);
    },
    withdraw: (task) => void waitingTasks.delete(task),
    occupy,
    release: (task) => {
      if (giveBack(task)) pumpAll();
    },
    setWorker: (worker, data) => {
      const known = workers.get(worker);
      if (known) known.data = data;
      else workers.set(worker, { data, own: ownOf(worker) });
      pumpAll();
    },
    lookAgain: pumpAll,
    removeWorker: (worker) => void workers.delete(worker),
    avoid: (worker) => {
      const known = workers.get(worker);
      if (known) known.data = { ...known.data, status: "draining" };
    },
    waitingCount: () => waitingTasks.size,
    waitingByGroup: () => {
      // A group that nothing waits for any more is told of as well: with nothing.
      const counts = new Map([...queues.keys()].map((group) => [group, 0]));
      for (const { group } of waitingTasks.values()) counts.set(group, (counts.get(group) ?? 0) + 1);
      return counts;
    },
    placedCount: () => occupied.size,
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

// A binary heap: thousands wait when a worker group is full.

function insert(heap: Waiting[], waiting: Waiting): void {
  heap.push(waiting);
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfLess(heap, at, parent)) return;
    at = parent;
  }
}

function removeHead(heap: Waiting[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const [a, b] = [heap[left], heap[right]];
    const child = a && b && compare(b.urgency, a.urgency) < 0 ? right : left;
    if (!swapIfLess(heap, child, at)) return;
    at = child;
  }
}

function swapIfLess(heap: Waiting[], lower: number, upper: number): boolean {
  const [a, b] = [heap[lower], heap[upper]];
  if (!a || !b || compare(a.urgency, b.urgency) >= 0) return false;
  heap[lower] = b;
  heap[upper] = a;
  return true;
}
