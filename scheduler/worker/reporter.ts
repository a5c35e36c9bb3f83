// Tells masters what became of attempts, until they say that it is kept: all that waits for one master in one request, the next
// request when the former is answered. Who owns the instance is asked of any master where it is not known.

import type { Clock, Stop } from "../model/clock.ts";
import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Connection } from "../wire/contract.ts";
import type { AttemptRef, MasterRequests, OwnerAnswer, Report } from "../wire/messages.ts";
import type { AttemptEnd } from "./attempt.ts";
import { type AttemptKey, attemptKey, workflowInstanceOf } from "./attempt-key.ts";
import type { Ownership } from "./ownership.ts";

export interface ReporterDeps {
  readonly ownership: Ownership;
  readonly master: (incarnation: Incarnation) => Connection | undefined;
  readonly masters: () => readonly Connection[];
  /** The end of an attempt is committed. */
  readonly onKept: (key: AttemptKey) => void;
  /** Nobody wants the attempt any more. */
  readonly onDropped: (key: AttemptKey) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Reporter {
  /** `job`: what it began elsewhere, once that is there. */
  started(ref: AttemptRef, job?: string): void;
  ended(ref: AttemptRef, end: AttemptEnd, agoMs?: number): void;
  /** A master connected, or an owner became known. */
  kick(): void;
  unkept(): number;
  /** How long the oldest end has waited to be kept; 0 when none waits. */
  lagMs(): number;
  close(): Promise<void>;
}

interface Pending {
  readonly ref: AttemptRef;
  readonly instance: WorkflowInstanceId;
  startedMs: number | undefined;
  job: string | undefined;
  ended: { readonly end: AttemptEnd; readonly atMs: number } | undefined;
  isUnderWay: boolean;
}

const batchReports = 500;
const deadlineMs = 10_000;
const pauseMs = 300;
const startedWaitMs = 15;

export function reporter(deps: ReporterDeps): Reporter {
  const { clock } = deps;
  const pending = new Map<AttemptKey, Pending>();
  /** Who said last that an instance is not its own. Told the same name again, a report waits a moment before it asks there. */
  const refusedBy = new Map<WorkflowInstanceId, Incarnation>();
  /** Masters that have not answered yet. */
  const busy = new Set<Incarnation>();
  const stop = new AbortController();
  const work = new Set<Promise<void>>();
  let kicked: Stop | undefined;
  let later: Stop | undefined;
  let isAsking = false;

  const background = (promise: Promise<void>): void => {
    work.add(promise);
    void promise.finally(() => work.delete(promise));
  };
  const kick = (): void => {
    if (!stop.signal.aborted) kicked ??= clock.soon(deal);
  };
  /** Most short tasks have ended before anybody asks for their start: both are then one report, and one commit of the master. */
  const mayEndSoon = ({ startedMs, ended }: Pending): boolean =>
    ended === undefined && startedMs !== undefined && clock.monotonicMs() - startedMs < startedWaitMs;
  const pause = (): Promise<void> => clock.sleep(pauseMs, stop.signal);

  const deal = (): void => {
    kicked = undefined;
    if (pending.size === 0) refusedBy.clear();
    const batches = new Map<Connection, Pending[]>();
    const ownerless: Pending[] = [];
    for (const one of pending.values()) {
      if (one.isUnderWay) continue;
      if (mayEndSoon(one)) {
        later ??= clock.after(startedWaitMs, () => {
          later = undefined;
          kick();
        });
        continue;
      }
      const owner = deps.ownership.ownerOf(one.instance);
      const connection = owner === undefined ? undefined : deps.master(owner);
      if (owner !== undefined && connection !== undefined) {
        if (busy.has(owner)) continue;
        const batch = batches.get(connection) ?? [];
        if (batch.length < batchReports) batch.push(one);
        batches.set(connection, batch);
      } else {
        ownerless.push(one);
      }
    }
    for (const [connection, batch] of batches) background(send(connection, batch));
    if (ownerless.length > 0 && !isAsking) background(askOwners(ownerless.slice(0, batchReports)));
  };

  const send = async (to: Connection, batch: readonly Pending[]): Promise<void> => {
    const master = to.peer.incarnation;
    busy.add(master);
    for (const one of batch) one.isUnderWay = true;
    const sent = batch.flatMap((one) => reportsOf(one, deps.ownership, clock).map((report) => ({ one, report })));
    try {
      const { body } = await to.request<MasterRequests["report"]["response"]>(
        "report",
        { reports: sent.map(({ report }) => report) } satisfies MasterRequests["report"]["request"],
        { deadlineMs },
      );
      const strangers = new Set<WorkflowInstanceId>();
      sent.forEach(({ one, report }, index) => {
        if (body.answers[index] === "kept") kept(one, report);
        else strangers.add(one.instance);
      });
      for (const instance of strangers) refusedBy.set(instance, master);
      for (const instance of strangers) {
        if (deps.ownership.ownerOf(instance) === master) deps.ownership.setOwner(instance, undefined);
      }
    } catch (error) {
      deps.log.warn(
        { master, reports: sent.length, reason: text(error) },
        "reports were not answered and will be sent again",
      );
      // A master whose connection is gone is not waited for: the instance may have another owner by now.
      if (!to.closed.aborted) await pause();
    } finally {
      for (const one of batch) one.isUnderWay = false;
      busy.delete(master);
      kick();
    }
  };

  const kept = (one: Pending, report: Report): void => {
    if (report.kind === "started") {
      // Its job came while this was under way.
      if (one.job !== report.job) return;
      one.startedMs = undefined;
      if (one.ended === undefined) pending.delete(attemptKey(one.ref));
    } else {
      pending.delete(attemptKey(one.ref));
      deps.onKept(attemptKey(one.ref));
    }
  };

  const askOwners = async (asked: readonly Pending[]): Promise<void> => {
    isAsking = true;
    const all = deps.masters();
    const connection = all[Math.floor(clock.random() * all.length)];
    try {
      // With no master connected there is nobody to ask; a new connection kicks, and so does the end of this pause.
      if (connection === undefined) return await pause();
      const { body } = await connection.request<MasterRequests["owner"]["response"]>(
        "owner",
        { attempts: asked.map(({ ref }) => ref) } satisfies MasterRequests["owner"]["request"],
        { deadlineMs },
      );
      const hasNews = asked.map((one, index) => learn(one, body.answers[index])).some(Boolean);
      if (!hasNews) await pause();
    } catch (error) {
      deps.log.warn({ reason: text(error) }, "no master said who owns the instances of some attempts");
      await pause();
    } finally {
      isAsking = false;
      kick();
    }
  };

  const learn = (one: Pending, answer: OwnerAnswer | undefined): boolean => {
    switch (answer?.kind) {
      case "owner":
        deps.ownership.setOwner(one.instance, answer.master);
        return deps.master(answer.master) !== undefined && refusedBy.get(one.instance) !== answer.master;
      case "drop":
        pending.delete(attemptKey(one.ref));
        deps.onDropped(attemptKey(one.ref));
        return true;
      case "none":
      case undefined:
        deps.ownership.setOwner(one.instance, undefined);
        return false;
    }
  };

  const entry = (ref: AttemptRef): Pending => {
    const key = attemptKey(ref);
    const one = pending.get(key) ?? {
      ref,
      instance: workflowInstanceOf(ref),
      startedMs: undefined,
      job: undefined,
      ended: undefined,
      isUnderWay: false,
    };
    pending.set(key, one);
    return one;
  };

  return {
    started: (ref, job) => {
      const one = entry(ref);
      one.startedMs ??= clock.monotonicMs();
      one.job = job;
      kick();
    },
    ended: (ref, end, agoMs = 0) => {
      entry(ref).ended = { end, atMs: clock.monotonicMs() - agoMs };
      kick();
    },
    kick,
    unkept: () => pending.size,
    lagMs: () => {
      const nowMs = clock.monotonicMs();
      let lagMs = 0;
      for (const { ended } of pending.values()) if (ended) lagMs = Math.max(lagMs, nowMs - ended.atMs);
      return lagMs;
    },
    close: async () => {
      stop.abort();
      kicked?.();
      later?.();
      await Promise.all(work);
    },
  };
}

/** What is to be said of an attempt now, oldest first. */
function reportsOf(
  { ref, instance, startedMs, job, ended }: Pending,
  { epochOf }: Ownership,
  clock: Clock,
): readonly Report[] {
  const { taskInstance, attempt } = ref;
  const head = { taskInstance, attempt, ownerEpoch: Math.max(ref.ownerEpoch, epochOf(instance) ?? 0) };
  const agoMs = (atMs: number): number => Math.max(0, Math.round(clock.monotonicMs() - atMs));
  const reports: Report[] = [];
  const began = job === undefined ? {} : { job };
  if (startedMs !== undefined) reports.push({ ...head, kind: "started", agoMs: agoMs(startedMs), ...began });
  if (ended !== undefined) reports.push({ ...head, kind: "ended", agoMs: agoMs(ended.atMs), ...ended.end });
  return reports;
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
