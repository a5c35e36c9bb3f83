// What this master owes its workers, and hears from them: each dispatch, question and kill is sent until the worker has
// answered it or is gone for good.

import type { Clock } from "../model/clock.ts";
import type { Incarnation, TaskInstanceId } from "../model/ids.ts";
import type { TaskEvent } from "../model/life/task.ts";
import { type Logger, ofAttempt } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Registry } from "../registry/contract.ts";
import type { Connection } from "../wire/contract.ts";
import type { Assignment, AttemptRef, DispatchAnswer, Report, Settlement, WorkerRequests } from "../wire/messages.ts";
import type { Peers } from "../wire/peers.ts";
import type { EndDetails } from "./instance-state.ts";
import { reportedEvent } from "./reported-event.ts";

export interface WorkerLinks {
  dispatch(assignment: Assignment): void;
  settle(ref: AttemptRef, worker: Incarnation): void;
  kill(ref: AttemptRef, worker: Incarnation, reason: string): void;
  /** The task owes nobody anything any more. */
  forget(task: TaskInstanceId): void;
  /** Any request of a worker proves that it lives; so do its heartbeats, which are seen here. */
  heardFrom(worker: Incarnation): void;
  close(): void;
}

export interface WorkerLinksDeps {
  readonly peers: Peers;
  readonly registry: Registry;
  readonly log: Logger;
  readonly meter?: Meter;
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** The worker refuses new attempts; `isForGood`: under this name it will take none again. */
  readonly onDraining: (worker: Incarnation, isForGood: boolean) => void;
  /** Something became known of an attempt. */
  readonly onEvent: (task: TaskInstanceId, event: TaskEvent, details?: EndDetails) => void;
}

/** An attempt under way, and what is still to be said about it. */
interface Obligation {
  readonly ref: AttemptRef;
  readonly worker: Incarnation;
  /** By the monotonic clock, since when this master answers for it. */
  readonly sinceMs: number;
  assignment: Assignment | undefined;
  mustSettle: boolean;
  killReason: string | undefined;
}

const requestMs = 5_000;
const retryMs = 500;
/** How long a worker that fences itself, or its guard, takes to kill what is left. */
const killTimeMs = 1_000;

export function workerLinks(deps: WorkerLinksDeps): WorkerLinks {
  const { peers, registry, log, clock } = deps;
  const leaseAndKillMs = registry.leaseMs + killTimeMs;
  const obligations = new Map<TaskInstanceId, Obligation>();
  const byWorker = new Map<Incarnation, Set<TaskInstanceId>>();
  const contactMs = new Map<Incarnation, number>();
  const busy = new Set<Incarnation>();
  let isConnected = false;
  let isClosed = false;

  /** A registry that lost this master's session may have lost all: for a lease its word that a worker is gone means nothing. */
  let judgesFromMs = Number.NEGATIVE_INFINITY;
  let hasLostSession = false;
  const stopSession = registry.onSession((state) => {
    isConnected = state === "connected";
    if (state === "lost") hasLostSession = true;
    if (!isConnected || !hasLostSession) return;
    hasLostSession = false;
    judgesFromMs = clock.monotonicMs() + leaseAndKillMs;
  });
  const stopConnections = peers.onConnection((connection) => {
    const worker = connection.peer.incarnation;
    void pump(worker);
    connection.closed.addEventListener("abort", () => noteContact(worker, connection.heardMs()), { once: true });
  });
  const stopTimer = clock.every(retryMs, () => {
    for (const worker of byWorker.keys()) void pump(worker);
    void declareGone().catch((error) => log.warn({ error }, "cannot tell which workers are gone"));
  });

  const oblige = (ref: AttemptRef, worker: Incarnation): Obligation => {
    const known = obligations.get(ref.taskInstance);
    if (known && known.ref.attempt === ref.attempt) return known;
    if (known) forget(ref.taskInstance);
    const fresh: Obligation = {
      ref,
      worker,
      sinceMs: clock.monotonicMs(),
      assignment: undefined,
      mustSettle: false,
      killReason: undefined,
    };
    obligations.set(ref.taskInstance, fresh);
    const list = byWorker.get(worker) ?? new Set();
    list.add(ref.taskInstance);
    byWorker.set(worker, list);
    return fresh;
  };

  const forget = (task: TaskInstanceId): void => {
    const known = obligations.get(task);
    if (!known) return;
    obligations.delete(task);
    const list = byWorker.get(known.worker);
    list?.delete(task);
    if (list?.size === 0) byWorker.delete(known.worker);
  };

  const owedTo = (worker: Incarnation): readonly Obligation[] =>
    [...(byWorker.get(worker) ?? [])].flatMap((task) => obligations.get(task) ?? []);

  /** Sends what a worker has not answered yet, one round at a time; what gathers meanwhile is the next round. */
  const pump = async (worker: Incarnation): Promise<void> => {
    if (busy.has(worker) || isClosed) return;
    busy.add(worker);
    try {
      await Promise.resolve();
      for (;;) {
        const connection = peers.get(worker);
        if (!connection || isClosed) return;
        if (!(await sendRound(connection, owedTo(worker)))) return;
      }
    } catch (error) {
      // Unknown is not failed: the same worker is asked again, under the same attempt, until it is gone for good.
      log.debug({ worker, error }, "a worker did not answer, asking again");
    } finally {
      busy.delete(worker);
    }
  };

  const sendRound = async (connection: Connection, owed: readonly Obligation[]): Promise<boolean> => {
    // First, so that nothing that cannot be sent keeps what must end alive; a worker remembers the kill of what it has not got yet.
    const kill = owed.filter((one) => one.killReason !== undefined);
    if (kill.length > 0) {
      await ask(connection, "kill", { attempts: kill.map((one) => ({ ...one.ref, reason: one.killReason ?? "" })) });
      for (const one of kill) one.killReason = undefined;
    }
    const settle = owed.filter((one) => one.mustSettle);
    await inParts(settle, async (part) => {
      const { settlements } = await ask(connection, "settle", { attempts: part.map((one) => one.ref) });
      part.forEach((one, index) => {
        one.mustSettle = false;
        settled(one, settlements[index]);
      });
    });
    const dispatch = owed.filter((one) => one.assignment !== undefined && isCurrent(one));
    await inParts(dispatch, async (part) => {
      const assignments = part.flatMap((one) => one.assignment ?? []);
      const { answers } = await ask(connection, "dispatch", { assignments });
      part.forEach((one, index) => {
        one.assignment = undefined;
        dispatched(one, answers[index]);
      });
    });
    return settle.length + dispatch.length + kill.length > 0;
  };

  /** All at once, or in halves where that is refused (too large, or one of them is at fault), until that one stands alone. */
  const inParts = async (
    list: readonly Obligation[],
    send: (part: readonly Obligation[]) => Promise<void>,
  ): Promise<void> => {
    const [first, second] = list;
    if (!first) return;
    try {
      await send(list);
    } catch (error) {
      if (!(error instanceof OperationError) || (error.code !== "conflict" && error.code !== "invalid")) throw error;
      if (!second) return refused(first, error);
      const middle = Math.ceil(list.length / 2);
      await inParts(list.slice(0, middle), send);
      await inParts(list.slice(middle), send);
    }
  };

  const refused = (one: Obligation, error: OperationError): void => {
    log.warn({ ...ofAttempt(one.ref), worker: one.worker, reason: error.message }, "a worker refuses an attempt");
    const mayNeverStart = one.assignment !== undefined && error.code === "invalid";
    one.assignment = undefined;
    // A conflict: somebody else owns the instance, and the comparison of owners will tell.
    one.mustSettle = false;
    if (!mayNeverStart || !isCurrent(one)) return;
    const { taskInstance, attempt } = one.ref;
    deps.onEvent(taskInstance, {
      kind: "ended",
      attempt,
      atMs: deps.nowMs(),
      outcome: "failed",
      reason: error.message,
    });
  };

  const ask = async <Method extends keyof WorkerRequests & string>(
    connection: Connection,
    method: Method,
    body: WorkerRequests[Method]["request"],
  ): Promise<WorkerRequests[Method]["response"]> => {
    const answer = await connection.request<WorkerRequests[Method]["response"]>(method, body, {
      deadlineMs: requestMs,
    });
    heardFrom(connection.peer.incarnation);
    return answer.body;
  };

  const isCurrent = (one: Obligation): boolean => obligations.get(one.ref.taskInstance) === one;

  const dispatched = (one: Obligation, answer: DispatchAnswer | undefined): void => {
    if (!isCurrent(one)) return;
    const { taskInstance, attempt } = one.ref;
    switch (answer) {
      case "draining":
        deps.onDraining(one.worker, false);
        deps.onEvent(taskInstance, { kind: "returned", attempt });
        return;
      case "killed_before":
        deps.onEvent(taskInstance, {
          kind: "ended",
          attempt,
          atMs: deps.nowMs(),
          outcome: "killed",
          reason: "stopped before it started",
        });
        return;
      case "wrong_worker":
        // It has another name by now, and is given nothing more under this one. It may have taken the attempt under the former one: it is asked how that stands.
        deps.onDraining(one.worker, true);
        one.mustSettle = true;
        return;
      case "accepted":
      case "stale": // somebody else owns the instance: the comparison of owners will tell
      case undefined:
        return;
    }
  };

  const settled = (one: Obligation, settlement: Settlement | undefined): void => {
    if (!isCurrent(one) || !settlement) return;
    const { taskInstance, attempt } = one.ref;
    switch (settlement.kind) {
      case "unknown":
        deps.onEvent(taskInstance, { kind: "returned", attempt });
        deps.onEvent(taskInstance, {
          kind: "ended",
          attempt,
          atMs: deps.nowMs(),
          outcome: "lost",
          reason: "its worker knows nothing of it",
        });
        return;
      case "running":
        deps.onEvent(taskInstance, { kind: "started", attempt, atMs: deps.nowMs() - settlement.forMs });
        return;
      case "ended":
        // Its report comes by itself as well, unless a former owner said that it was kept and its database has lost it since.
        ended(taskInstance, settlement.report);
        return;
      case "queued":
        return;
    }
  };

  const ended = (task: TaskInstanceId, report: Report): void => {
    const { event, details } = reportedEvent(report, deps.nowMs());
    deps.onEvent(task, event, details);
  };

  const noteContact = (worker: Incarnation, atMs: number): void => {
    contactMs.set(worker, Math.max(atMs, contactMs.get(worker) ?? Number.NEGATIVE_INFINITY));
  };
  const heardFrom = (worker: Incarnation): void => noteContact(worker, clock.monotonicMs());

  /**
   * A worker with nothing to say still beats. Its session may have been given up before its lease was over, and then only
   * its own silence tells that it is gone.
   */
  const isSilent = (worker: Incarnation): boolean => {
    const heardMs = Math.max(
      contactMs.get(worker) ?? Number.NEGATIVE_INFINITY,
      peers.get(worker)?.heardMs() ?? Number.NEGATIVE_INFINITY,
    );
    return clock.monotonicMs() - heardMs >= leaseAndKillMs;
  };

  /** Gone for good: not in the registry, and a whole lease since this master took over or last heard from it. */
  const declareGone = async (): Promise<void> => {
    const silent = [...byWorker.keys()].filter(isSilent);
    if (silent.length === 0 || !isConnected || isClosed || clock.monotonicMs() < judgesFromMs) return;
    const alive = new Set((await registry.members("worker")).map((member) => member.incarnation));
    for (const worker of silent) {
      // Asked once more: a master that was frozen may hear only now what had come in meanwhile.
      if (alive.has(worker) || !isSilent(worker) || !isConnected || isClosed) continue;
      if (clock.monotonicMs() < judgesFromMs) return;
      const lost = owedTo(worker).filter((one) => clock.monotonicMs() - one.sinceMs >= leaseAndKillMs);
      if (lost.length > 0) {
        log.warn({ worker, attempts: lost.length }, "a worker is gone: its attempts are lost");
        deps.meter?.count("attempts_lost_with_workers", lost.length);
      }
      for (const { ref } of lost) {
        deps.onEvent(ref.taskInstance, {
          kind: "ended",
          attempt: ref.attempt,
          atMs: deps.nowMs(),
          outcome: "lost",
          reason: `worker ${worker} is gone`,
        });
      }
    }
    for (const worker of contactMs.keys()) if (!alive.has(worker) && !byWorker.has(worker)) contactMs.delete(worker);
  };

  return {
    dispatch: (assignment) => {
      oblige(assignment, assignment.worker).assignment = assignment;
      void pump(assignment.worker);
    },
    settle: (ref, worker) => {
      oblige(ref, worker).mustSettle = true;
      void pump(worker);
    },
    kill: (ref, worker, reason) => {
      oblige(ref, worker).killReason = reason;
      void pump(worker);
    },
    forget,
    heardFrom,
    close: () => {
      isClosed = true;
      stopTimer();
      stopSession();
      stopConnections();
      obligations.clear();
      byWorker.clear();
    },
  };
}
