// All attempts of this worker, and what masters ask about them.
//
//   nothing ─dispatch→ queued ─slot free→ running ─→ ended ─kept→ ended (remembered for late questions)
//   nothing ─kill, settle→ refused: it never starts here
//
// One of an asynchronous type needs no slot: it only watches over a job elsewhere. A worker that drains hands it over at once.

import type { Clock } from "../model/clock.ts";
import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import { type Logger, ofAttempt } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Assignment, AttemptRef, DispatchAnswer, Report, Settlement, WorkerRequests } from "../wire/messages.ts";
import type { AttemptEnd, RunningAttempt } from "./attempt.ts";
import { type AttemptId, type AttemptKey, attemptKey, checkedKey, workflowInstanceOf } from "./attempt-key.ts";
import type { Journal } from "./journal.ts";
import type { Ownership } from "./ownership.ts";
import type { Reporter } from "./reporter.ts";

export interface AttemptsDeps {
  readonly ownership: Ownership;
  readonly journal: Journal;
  readonly reporter: Reporter;
  /** Who this worker is now: an assignment meant for a former life is refused. */
  readonly incarnation: () => Incarnation;
  readonly slots: number;
  /** Whether the attempt's lease holds at this moment. */
  readonly mayStart: (attempt: LiveAttempt) => boolean;
  readonly start: (assignment: Assignment) => RunningAttempt;
  /** A slot was taken or freed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter?: Meter;
}

export interface LiveAttempt {
  readonly key: AttemptKey;
  readonly ref: AttemptId;
  readonly instance: WorkflowInstanceId;
  /** Under which life of this worker it was taken. */
  readonly incarnation: Incarnation;
}

export interface Attempts {
  dispatch(request: WorkerRequests["dispatch"]["request"], master: Incarnation): WorkerRequests["dispatch"]["response"];
  kill(request: WorkerRequests["kill"]["request"], master: Incarnation): void;
  settle(request: WorkerRequests["settle"]["request"], master: Incarnation): WorkerRequests["settle"]["response"];
  /** Queued and running ones. */
  live(): readonly LiveAttempt[];
  count(): number;
  /** As `count`, without those that need no slot. */
  slotsUsed(): number;
  isLive(key: string): boolean;
  hasAnyOf(instance: WorkflowInstanceId): boolean;
  running(): number;
  /** Ends it here and now, as lost or because nobody wants it. */
  end(key: AttemptKey, outcome: "killed" | "lost", reason: string): void;
  kept(key: AttemptKey): void;
  /** From now on nothing new is taken; what goes on without this worker is handed over. */
  drain(): void;
}

type Entry =
  | {
      readonly kind: "queued";
      readonly assignment: Assignment;
      readonly incarnation: Incarnation;
      readonly sinceMs: number;
    }
  | { readonly kind: "running"; readonly attempt: RunningAttempt; readonly incarnation: Incarnation }
  | { readonly kind: "ended"; readonly ref: AttemptRef; readonly end: AttemptEnd; readonly atMs: number }
  | { readonly kind: "refused" }
  /** It came when the lease was over, and never starts here. */
  | { readonly kind: "declined" };

/** What is waiting here for a slot, at most: masters count slots, so this is only met when they are wrong. */
const maxQueued = 10_000;
/**
 * How long an attempt waits here for a slot. Masters that choose at the same moment fill a worker twice over; what then stands behind
 * long ones goes back, and may start where there is room.
 */
const patienceMs = 1_000;
/** How many ended and refused ones are remembered. */
const maxRemembered = 50_000;

export function attempts(deps: AttemptsDeps): Attempts {
  const { clock, log, meter } = deps;
  const live = new Map<AttemptKey, Extract<Entry, { kind: "queued" | "running" }>>();
  const over = new Map<AttemptKey, Extract<Entry, { kind: "ended" | "refused" | "declined" }>>();
  const queue: AttemptKey[] = [];
  let running = 0;
  /** By running ones. */
  let slotsTaken = 0;
  let isDraining = false;
  let isStarting = false;
  let isWatchingQueue = false;
  let watchingMs = 0;

  const remember = (key: AttemptKey, entry: Extract<Entry, { kind: "ended" | "refused" | "declined" }>): void => {
    over.delete(key);
    over.set(key, entry);
    for (const old of over.keys()) {
      if (over.size <= maxRemembered) break;
      over.delete(old);
    }
  };

  const needsSlot = (key: AttemptKey): boolean => {
    const entry = live.get(key);
    return (entry?.kind === "running" ? entry.attempt.assignment : entry?.assignment)?.job === undefined;
  };

  const startNext = (): void => {
    isStarting = false;
    const next = queue.findIndex((key) => slotsTaken < deps.slots || !needsSlot(key));
    const [key] = next < 0 ? [] : queue.splice(next, 1);
    if (key === undefined) return;
    const entry = live.get(key);
    // Starting a process takes a millisecond or two: one a turn, so that messages are answered in between.
    if (queue.length > 0) schedule();
    if (entry?.kind === "queued") begin(key, entry);
  };
  const schedule = (): void => {
    if (!isStarting) clock.soon(startNext);
    isStarting = true;
  };

  const begin = (key: AttemptKey, { assignment, incarnation }: Extract<Entry, { kind: "queued" }>): void => {
    // It may have been frozen since it took the attempt.
    if (!deps.mayStart({ key, ref: assignment, instance: assignment.workflowInstance, incarnation })) {
      conclude(key, assignment, {
        outcome: "lost",
        reason: "its worker was cut off before it could start it",
        outputs: {},
      });
      return;
    }
    const attempt = deps.start(assignment);
    live.set(key, { kind: "running", attempt, incarnation });
    running += 1;
    const slots = assignment.job === undefined ? 1 : 0;
    slotsTaken += slots;
    log.info(ofAttempt(assignment), "the attempt starts");
    meter?.count("attempts_started");
    deps.reporter.started(assignment);
    void attempt.job?.isThere.then((job) => deps.reporter.started(assignment, job));
    deps.onChange();
    void attempt.ended.then((end) => {
      running -= 1;
      slotsTaken -= slots;
      conclude(key, assignment, end);
      schedule();
    });
  };

  const conclude = (key: AttemptKey, ref: AttemptRef, end: AttemptEnd): void => {
    live.delete(key);
    log.info(
      { ...ofAttempt(ref), outcome: end.outcome, reason: "reason" in end ? end.reason : null },
      "the attempt ends",
    );
    meter?.count(`attempts_${end.outcome}`);
    remember(key, { kind: "ended", ref, end, atMs: clock.monotonicMs() });
    deps.journal.ended({ ref, end, atMs: clock.wallMs() });
    deps.reporter.ended(ref, end);
    deps.onChange();
  };

  const endLive = (key: AttemptKey, outcome: "killed" | "lost", reason: string): void => {
    const entry = live.get(key);
    if (entry?.kind === "running") entry.attempt.end(outcome, reason);
    if (entry?.kind !== "queued") return;
    queue.splice(queue.indexOf(key), 1);
    conclude(key, entry.assignment, { outcome, reason, outputs: {} });
  };

  const handOver = (
    key: AttemptKey,
    entry: Extract<Entry, { kind: "queued" | "running" }>,
    reason = "its worker is to end, and handed it over",
  ): void => {
    if (entry.kind === "running") entry.attempt.job?.handOver(reason);
    if (entry.kind !== "queued") return;
    queue.splice(queue.indexOf(key), 1);
    conclude(key, entry.assignment, { outcome: "lost", reason, outputs: {}, handedOver: true });
  };

  const giveBackLate = (): void => {
    const nowMs = clock.monotonicMs();
    const stoodStill = nowMs - watchingMs > 1.5 * patienceMs;
    isWatchingQueue = false;
    // What has a slot starts, in its turn; where the process stood still, slots may be free that it has not heard of.
    const tooMany = stoodStill ? [] : queue.filter(needsSlot).slice(Math.max(0, deps.slots - slotsTaken));
    for (const key of tooMany) {
      const entry = live.get(key);
      if (entry?.kind === "queued" && nowMs - entry.sinceMs >= patienceMs) {
        handOver(key, entry, "its worker had no free slot for it: it had been given more than it holds");
      }
    }
    watchQueue();
  };
  const watchQueue = (): void => {
    if (isWatchingQueue || queue.length === 0) return;
    isWatchingQueue = true;
    watchingMs = clock.monotonicMs();
    clock.after(patienceMs, giveBackLate);
  };

  const isAccepted = (ref: AttemptRef, master: Incarnation): boolean => {
    const isCurrent = deps.ownership.accepts(workflowInstanceOf(ref), ref.ownerEpoch, master);
    if (!isCurrent) meter?.count("epochs_refused");
    return isCurrent;
  };

  const take = (assignment: Assignment, master: Incarnation): DispatchAnswer => {
    const key = attemptKey(assignment);
    if (assignment.worker !== deps.incarnation()) return "wrong_worker";
    if (!isAccepted(assignment, master)) {
      log.warn({ ...ofAttempt(assignment), master, epoch: assignment.ownerEpoch }, "a former owner sends an attempt");
      return "stale";
    }
    const before = over.get(key)?.kind;
    if (before === "refused") return "killed_before";
    if (before === "declined") return "draining";
    // It is known: the answer to its first dispatch was lost.
    if (live.has(key) || over.has(key)) return "accepted";
    if (isDraining) return "draining";
    // A worker that was frozen finds dispatches of long ago in its sockets: by now they may run elsewhere.
    if (
      !deps.mayStart({ key, ref: assignment, instance: assignment.workflowInstance, incarnation: assignment.worker })
    ) {
      meter?.count("attempts_declined");
      remember(key, { kind: "declined" });
      return "draining";
    }
    live.set(key, { kind: "queued", assignment, incarnation: assignment.worker, sinceMs: clock.monotonicMs() });
    queue.push(key);
    return "accepted";
  };

  const settled = (ref: AttemptRef): Settlement => {
    const key = attemptKey(ref);
    const entry = live.get(key) ?? over.get(key);
    switch (entry?.kind) {
      case undefined:
        // Its dispatch may still be on its way here: the new owner counts on it that it never starts.
        remember(key, { kind: "refused" });
        return { kind: "unknown" };
      case "refused":
      case "declined":
        return { kind: "unknown" };
      case "queued":
        return { kind: "queued" };
      case "running":
        return { kind: "running", forMs: Math.round(clock.monotonicMs() - entry.attempt.startedMs) };
      case "ended":
        return { kind: "ended", report: reportOf(entry, ref.ownerEpoch, clock) };
    }
  };

  return {
    dispatch: ({ assignments }, master) => {
      if (queue.length + assignments.length > maxQueued) {
        throw new OperationError(
          "exhausted",
          `${queue.length} attempts wait for one of ${deps.slots} slots: no more are taken`,
        );
      }
      // A batch with nonsense in it is refused whole, before anything of it is taken.
      for (const assignment of assignments) checkedKey(assignment);
      const before = queue.length;
      const answers = assignments.map((assignment) => take(assignment, master));
      // Before the answer: what was taken is on disk when the master hears of it.
      const taken = queue.slice(before).flatMap((key) => {
        const entry = live.get(key);
        return entry?.kind === "queued" ? [entry.assignment] : [];
      });
      deps.journal.taken(taken);
      if (taken.length > 0) schedule();
      watchQueue();
      return { answers };
    },
    kill: ({ attempts: asked }, master) => {
      for (const ref of asked) {
        const key = checkedKey(ref);
        if (!isAccepted(ref, master)) continue;
        if (live.has(key)) endLive(key, "killed", ref.reason);
        else if (!over.has(key)) remember(key, { kind: "refused" });
      }
    },
    settle: ({ attempts: asked }, master) => {
      for (const ref of asked) {
        checkedKey(ref);
        if (isAccepted(ref, master)) continue;
        const known = deps.ownership.epochOf(workflowInstanceOf(ref));
        throw new OperationError(
          "conflict",
          `workflow instance ${workflowInstanceOf(ref)} is spoken of under epoch ${ref.ownerEpoch}, its owner's is ${known}`,
        );
      }
      return { settlements: asked.map(settled) };
    },
    live: () =>
      [...live].map(([key, entry]) => ({
        key,
        ref: entry.kind === "queued" ? entry.assignment : entry.attempt.assignment,
        instance:
          entry.kind === "queued" ? entry.assignment.workflowInstance : entry.attempt.assignment.workflowInstance,
        incarnation: entry.incarnation,
      })),
    count: () => live.size,
    slotsUsed: () => [...live.keys()].filter(needsSlot).length,
    // Any text may be asked about; one that is no key is simply not there.
    isLive: (key) => live.has(key as AttemptKey),
    hasAnyOf: (instance) => [...live.keys()].some((key) => key.startsWith(`${instance}.`)),
    running: () => running,
    end: endLive,
    kept: (key) => deps.journal.forget(key),
    drain: () => {
      isDraining = true;
      for (const [key, entry] of [...live]) if (!needsSlot(key)) handOver(key, entry);
    },
  };
}

function reportOf({ ref, end, atMs }: Extract<Entry, { kind: "ended" }>, ownerEpoch: number, clock: Clock): Report {
  const { taskInstance, attempt } = ref;
  return { taskInstance, attempt, ownerEpoch, agoMs: Math.round(clock.monotonicMs() - atMs), kind: "ended", ...end };
}
