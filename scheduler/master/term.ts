// A master's term: all that belongs to one incarnation, and ends with it. It takes instances, fires schedules, carries
// backfills on and takes over from the dead.

import { systemClock } from "../clock/system-clock.ts";
import type { Clock } from "../model/clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { fireDue } from "../model/life/schedule.ts";
import { type Logger, withFields } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import type { MemberData, Registry } from "../registry/contract.ts";
import { advanceBackfill, openBackfills } from "../store/backfills.ts";
import type { Database } from "../store/database.ts";
import { cipher } from "../store/encryption.ts";
import { fireDueSchedules } from "../store/schedules.ts";
import { queuedWorkflows, startNextOfQueue } from "../store/serial-queue.ts";
import { sweepSlots } from "../store/task-groups.ts";
import { asTold, groupsByRows } from "../store/worker-groups.ts";
import type { Network, WireSettings } from "../wire/contract.ts";
import { peers } from "../wire/peers.ts";
import { type MailSettings, noMail } from "./alert-channels.ts";
import { deliverAlerts } from "./alert-delivery.ts";
import { dispatcher } from "./dispatcher.ts";
import { sweepOwners, sweepStranded, takeOver } from "./failover.ts";
import { inbox } from "./inbox.ts";
import { pools } from "./pools.ts";
import { preparations } from "./preparation.ts";
import { reportHandlers } from "./reports.ts";
import { type WorkerChoice, workerChoice } from "./worker-choice.ts";
import { workerLinks } from "./worker-links.ts";

export interface TermDeps {
  readonly database: Database;
  readonly registry: Registry;
  readonly newIncarnation: () => Incarnation;
  readonly secret: string;
  /** What passwords in the database are sealed with; absent: the secret. */
  readonly encryptionKey?: string;
  /** Absent: this master sends no mail. */
  readonly mail?: MailSettings;
  readonly tls?: WireSettings["tls"];
  readonly log: Logger;
  readonly meter?: Meter;
  /** Where it tells of its health. */
  readonly health?: string;
  /** Absent: the machine's. */
  readonly clock?: Clock;
  readonly network?: Network;
  readonly settings?: Partial<MasterSettings>;
  /** Whether the registry knows this master. */
  readonly isMember: () => boolean;
  /** Called with a function that makes this master look at once: within one process, a trigger need not wait for the next look. */
  readonly onWakeable?: (wake: () => void) => void;
}

export interface MasterSettings {
  /** How often it looks for work. */
  readonly lookEveryMs: number;
  /** How often it looks for what events may have missed. */
  readonly sweepEveryMs: number;
  /** How often it looks for schedules that are due. */
  readonly fireEveryMs: number;
  readonly capacity: number;
  readonly lostLimit: number;
  readonly misfireAfterMs: number;
  /** Which of the workers with a free slot gets the next task. */
  readonly choice: WorkerChoice;
}

const defaults: MasterSettings = {
  lookEveryMs: 100,
  sweepEveryMs: 1_000,
  fireEveryMs: 500,
  capacity: 5_000,
  lostLimit: 3,
  misfireAfterMs: 60_000,
  choice: "least_loaded",
};

export interface Term {
  readonly incarnation: Incarnation;
  work(): Work;
  run(): void;
  close(): void;
}

/** What a master has on its hands. */
export interface Work {
  /** Instances that it owns and works on. */
  readonly instances: number;
  /** Tasks that wait for a worker or a slot of their task group. */
  readonly waiting: number;
  /** Those that wait for a worker, by worker group. */
  readonly waitingByGroup: ReadonlyMap<string, number>;
  /** Attempts for which it holds a worker's slot. */
  readonly placed: number;
  /** How long ago the database last told it what it owns; infinite: never. */
  readonly provenAgoMs: number;
}

const schedulesAtOnce = 500;

/** Begins to act only when it is told to run: its incarnation must be a member first. */
export function startTerm(deps: TermDeps): Term {
  const { database, registry, clock = systemClock, meter } = deps;
  const settings = { ...defaults, ...deps.settings };
  const self = deps.newIncarnation();
  const log = withFields(deps.log, () => ({ master: self }));
  const ending = new AbortController();
  const { signal } = ending;
  const masters = new Set<Incarnation>([self]);
  let isConnected = true;
  let hasLostSession = false;
  let judgesFromMs = Number.NEGATIVE_INFINITY;
  /** What is not known to others as this master's own must not be taken. */
  const mayTake = (): boolean => isConnected && deps.isMember();
  /** After an outage of the registry all masters come back one by one: for a lease nobody is taken for dead. */
  const mayJudge = (): boolean => mayTake() && clock.monotonicMs() >= judgesFromMs;

  const reports = reportHandlers({
    database,
    self,
    inbox: () => box,
    heardFrom: (worker) => links.heardFrom(worker),
    leaseMs: registry.leaseMs,
  });
  const workers = peers({
    registry,
    clock,
    ...(deps.network ? { network: deps.network } : {}),
    kind: "worker",
    settings: {
      greeting: { role: "master", incarnation: self },
      secret: deps.secret,
      handlers: reports,
      clock,
      ...(deps.tls ? { tls: deps.tls } : {}),
    },
    log,
  });
  let groupsOf = asTold;
  const lookAtGroups = async (): Promise<void> => {
    groupsOf = await groupsByRows(database);
    dispatch.lookAgain();
  };
  const dispatch = dispatcher({
    groupsOf: (worker, told) => groupsOf(worker, told),
    isAlone: () => masters.size <= 1,
    isReachable: (worker) => workers.get(worker) !== undefined,
    choose: workerChoice(settings.choice, clock.random),
  });
  /** What workers published last, and who of them would take nothing since the last sweep. */
  const published = new Map<Incarnation, MemberData>();
  const declining = new Set<Incarnation>();
  /** One whose lease was over takes work again when it is back, and may have nothing new to publish. */
  const trustAgain = (): void => {
    for (const worker of declining) {
      const data = published.get(worker);
      if (data) dispatch.setWorker(worker, data);
    }
    declining.clear();
  };
  const links = workerLinks({
    peers: workers,
    registry,
    log,
    ...(meter ? { meter } : {}),
    clock,
    nowMs: database.nowMs,
    onDraining: (worker, isForGood) => {
      dispatch.avoid(worker);
      if (!isForGood) declining.add(worker);
    },
    onEvent: (task, event, details) => void box.post(task, { event, ...(details ? { details } : {}) }),
  });
  const vault = cipher(deps.encryptionKey ?? deps.secret);
  const taskGroups = pools({ database, clock, log });
  const box = inbox({
    database,
    clock,
    owner: self,
    dispatcher: dispatch,
    links: () => links,
    pools: taskGroups,
    preparations: preparations({ database, cipher: vault, clock }),
    onCommands: () => wakeUp(),
    log,
    ...(meter ? { meter } : {}),
    slot: () => ({ slot: [...masters].sort().indexOf(self), slots: masters.size }),
    capacity: settings.capacity,
    lostLimit: settings.lostLimit,
    onRest: (instance, isQueued) => {
      if (instance.backfill) void background(advanceBackfill(database, instance.backfill).then(wakeIf), "backfill");
      if (isQueued) void background(startNextOfQueue(database, instance.workflowId).then(wakeIf), "serial queue");
    },
  });

  let wakeUp: () => void = () => {};
  /** Those that wait for their next round: closing ends it. */
  const resting = new Set<() => void>();
  const wake = (): void => wakeUp();
  const wakeIf = (something: number | boolean): void => {
    if (something) wake();
  };

  const background = async (work: Promise<unknown>, what: string): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!signal.aborted) log.warn({ error, what }, "could not do this now, the next sweep does");
    }
  };

  /** Runs `work` again and again: after `everyMs`, or at once when woken. */
  const repeat = async (
    what: string,
    everyMs: number,
    work: () => Promise<unknown>,
    isWakeable = false,
  ): Promise<void> => {
    while (!signal.aborted) {
      const rest = Promise.withResolvers<void>();
      if (isWakeable) wakeUp = rest.resolve;
      await background(work(), what);
      if (signal.aborted) return;
      resting.add(rest.resolve);
      const stop = clock.after(everyMs, rest.resolve);
      await rest.promise;
      stop();
      resting.delete(rest.resolve);
    }
  };

  // With another lease it might go on for longer than this master waits for it.
  const hasOurLease = ({ leaseMs }: MemberData): boolean => leaseMs === undefined || leaseMs === registry.leaseMs;

  const watchers = [
    workers.onConnection(() => dispatch.lookAgain()),
    registry.onSession((state) => {
      isConnected = state === "connected";
      if (state === "lost") hasLostSession = true;
      if (isConnected && hasLostSession) {
        hasLostSession = false;
        judgesFromMs = clock.monotonicMs() + registry.leaseMs;
      }
    }),
    registry.watch("master", ({ kind, member }) => {
      if (kind !== "removed") {
        masters.add(member.incarnation);
        return;
      }
      masters.delete(member.incarnation);
      if (member.incarnation !== self && mayJudge())
        void background(takeOver(failover, member.incarnation), "failover");
    }),
    registry.watch("worker", ({ kind, member }) => {
      published.delete(member.incarnation);
      if (kind === "removed") dispatch.removeWorker(member.incarnation);
      else if (hasOurLease(member.data)) {
        published.set(member.incarnation, member.data);
        dispatch.setWorker(member.incarnation, member.data);
      } else if (kind === "added") {
        const fields = { worker: member.incarnation, itsMs: member.data.leaseMs, oursMs: registry.leaseMs };
        log.error(
          fields,
          "a worker counts with another lease and gets nothing: set `registry.leaseMs` alike everywhere",
        );
      }
    }),
  ];
  const failover = { database, registry, self, log, signal, onFreed: wake, ...(meter ? { meter } : {}) };

  const alerting = async (): Promise<void> => {
    while (mayTake() && !signal.aborted) {
      if ((await deliverAlerts({ database, cipher: vault, mail: deps.mail ?? noMail, log })) === 0) return;
    }
  };
  const look = async (): Promise<void> => {
    if (mayTake()) await box.look();
  };
  const sweep = async (): Promise<void> => {
    if (!mayTake()) return;
    // Each by itself: what cannot be done for one must not keep the others waiting.
    if (mayJudge()) await background(sweepOwners(failover), "failover");
    await background(sweepStranded(failover), "failover");
    await background(sweepSlots(database), "task groups");
    await background(lookAtGroups(), "worker groups");
    trustAgain();
    for (const id of await openBackfills(database)) {
      await background(advanceBackfill(database, id).then(wakeIf), "backfill");
    }
    for (const id of await queuedWorkflows(database)) {
      await background(startNextOfQueue(database, id).then(wakeIf), "serial queue");
    }
  };
  const fireSchedules = async (): Promise<void> => {
    if (!mayTake()) return;
    const nowMs = database.nowMs();
    const decide: Parameters<typeof fireDueSchedules>[1]["decide"] = (due) => {
      try {
        return fireDue(due, nowMs, settings.misfireAfterMs);
      } catch (error) {
        log.error({ error, workflow: due.workflowId }, "a schedule cannot be read: it does not fire, the others do");
        return { fireTimesMs: [], nextFireAtMs: due.nextFireAtMs };
      }
    };
    // Thousands may be due at once: one round after the other, without a pause.
    while (!signal.aborted) {
      const fired = await fireDueSchedules(database, { nowMs, limit: schedulesAtOnce, decide });
      if (fired.length === 0) return;
      wake();
    }
  };

  return {
    incarnation: self,
    work: () => ({
      instances: box.size(),
      waiting: dispatch.waitingCount() + taskGroups.waitingCount(),
      waitingByGroup: dispatch.waitingByGroup(),
      placed: dispatch.placedCount(),
      provenAgoMs: box.provenAgoMs(),
    }),
    run: () => {
      void repeat("look", settings.lookEveryMs, look, true);
      void repeat("sweep", settings.sweepEveryMs, sweep);
      void repeat("schedules", settings.fireEveryMs, fireSchedules);
      void repeat("alerts", settings.sweepEveryMs, alerting);
      void repeat("compare", Math.max(200, registry.leaseMs / 6), () => box.compare());
      deps.onWakeable?.(wake);
    },
    close: () => {
      ending.abort();
      for (const wakeNow of resting) wakeNow();
      for (const stop of watchers) stop();
      box.close();
      taskGroups.close();
      links.close();
      workers.close();
    },
  };
}
