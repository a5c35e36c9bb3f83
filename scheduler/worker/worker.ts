// A worker: takes attempts from masters over the wire, runs them, reports their ends, sends their logs to an api.

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Incarnation } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Member, MemberData, Registry } from "../registry/contract.ts";
import type { Connection, Handler, Handlers, WireServer, WireSettings } from "../wire/contract.ts";
import { listen } from "../wire/listen.ts";
import type { Greeting, WorkerRequests } from "../wire/messages.ts";
import { peers } from "../wire/peers.ts";
import { startAttempt } from "./attempt.ts";
import { attemptKey } from "./attempt-key.ts";
import { type Attempts, attempts as allAttempts } from "./attempts.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { executors } from "./executors.ts";
import { deployedFiles } from "./files.ts";
import { startGuard } from "./guard-process.ts";
import { type Journal, openJournal } from "./journal.ts";
import { keepLeases } from "./leases.ts";
import { endLeftovers } from "./leftovers.ts";
import { loadMeter } from "./load.ts";
import { followLog, type LogFollower } from "./log-follower.ts";
import { type LogShipper, logShipper } from "./log-shipper.ts";
import { killAll } from "./marked-processes.ts";
import { keepMembership } from "./membership.ts";
import { ownership } from "./ownership.ts";
import { type Reporter, reporter } from "./reporter.ts";

export interface WorkerDeps {
  readonly incarnation: Incarnation;
  readonly registry: Registry;
  readonly wire: {
    readonly host: string;
    /** 0: any free one. */
    readonly port: number;
    readonly secret: string;
    readonly tls?: WireSettings["tls"];
    /** Under which host the others find it; absent: the one it listens on. */
    readonly announcedHost?: string;
  };
  readonly dataFolder: string;
  /** How many attempts run at the same time. */
  readonly slots: number;
  readonly groups: readonly string[];
  /** How long a killed attempt may take to end by itself. */
  readonly stopGraceMs: number;
  /** The command line that runs `guard/main.ts`, or the bundle's equal. */
  readonly guardCommand: readonly string[];
  /** A longer log is cut, and says so. Absent: 2 GB. */
  readonly logLimitBytes?: number;
  readonly isTaskTypeEnabled?: (type: string) => boolean;
  readonly log: Logger;
}

export interface Worker {
  /** Its name changes when the registry's session was lost. */
  readonly member: Member;
  /** Resolves when the registry knows it for the first time. */
  readonly joined: Promise<void>;
  /** Takes nothing new; resolves when all that runs has ended, is reported and its logs are sent, or when the signal fires. */
  drain(signal: AbortSignal): Promise<void>;
  /** Ends what still runs (reported as lost) and lets go of everything. */
  close(): Promise<void>;
  running(): number;
}

const lookAtLogsMs = 200;
const defaultLogLimitBytes = 2 * 1024 ** 3;
const maxKnownInstances = 50_000;
const sweepLimitMs = 10_000;
const endLimitMs = 15_000;
const flushLimitMs = 2_000;

export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  const { registry, log } = deps;
  const folder = await openDataFolder(deps.dataFolder);
  // The lock proves that a former worker of this folder is dead; what it left alive ends before anything new starts.
  const stuck = await killAll({ groups: [], prefix: folder.markerPrefix }, sweepLimitMs);
  if (stuck.length > 0) log.error({ processes: stuck }, "processes of a former worker cannot be ended");

  const markerPrefix = `${folder.markerPrefix}${randomBytes(4).toString("hex")}.`;
  let name = deps.incarnation;
  const masters = new Set<Connection>();
  const masterOf = (incarnation: Incarnation): Connection | undefined =>
    [...masters].findLast((connection) => connection.peer.incarnation === incarnation);
  const journal = openJournal(folder.journal, log);
  const owners = ownership(maxKnownInstances, (instance) => work.hasAnyOf(instance));
  const guard = startGuard({ command: deps.guardCommand, prefix: markerPrefix, silenceMs: registry.leaseMs / 2, log });
  const leftovers = endLeftovers({ prefix: markerPrefix, isLive: (key) => work.isLive(key), log });
  const followers = new Set<LogFollower>();

  const settings = (handlers: Handlers): WireSettings => ({
    // Read at each handshake: a worker that lost its session greets with another name.
    get greeting(): Greeting {
      return { role: "worker", incarnation: name };
    },
    secret: deps.wire.secret,
    handlers,
    ...(deps.wire.tls === undefined ? {} : { tls: deps.wire.tls }),
  });
  const apis = peers({ registry, kind: "api", settings: settings({}), log });
  const shipper = logShipper({ api: () => apis.any(), log });
  apis.onConnection(() => shipper.kick());

  const reports = reporter({
    ownership: owners,
    master: masterOf,
    masters: () => [...masters],
    onKept: (key) => journal.forget(key),
    onDropped: (key) => {
      journal.forget(key);
      work.end(key, "killed", "nobody waits for this attempt any more");
    },
    log,
  });

  const files = deployedFiles({ folder: folder.files, api: () => apis.any() });
  const enabled = new Map([...executors()].filter(([type]) => deps.isTaskTypeEnabled?.(type) ?? true));
  const work: Attempts = allAttempts({
    ownership: owners,
    journal,
    reporter: reports,
    incarnation: () => name,
    slots: deps.slots,
    mayStart: (attempt) => leases.leftMs(attempt) > 0,
    start: (assignment) => {
      const attempt = startAttempt(
        {
          executors: enabled,
          guard,
          files,
          followLog: (attemptLog, outputs) => {
            shipper.add(attemptLog);
            const follower = followLog(attemptLog, outputs);
            followers.add(follower);
            return {
              look: follower.look,
              end: async () => {
                followers.delete(follower);
                try {
                  return await follower.end();
                } finally {
                  shipper.ended(attemptLog);
                }
              },
            };
          },
          attemptsFolder: folder.attempts,
          logsFolder: folder.logs,
          markerPrefix,
          graceMs: deps.stopGraceMs,
          logLimitBytes: deps.logLimitBytes ?? defaultLogLimitBytes,
          leaseLeftMs: (asked) =>
            leases.leftMs({ key: attemptKey(asked), instance: asked.workflowInstance, incarnation: asked.worker }),
          log,
        },
        assignment,
      );
      void attempt.ended.then(() => leftovers.lookSoon());
      return attempt;
    },
    onChange: () => membership.changed(),
    log,
  });

  const letGo = async (): Promise<void> => {
    apis.close();
    await Promise.all([reports.close(), shipper.close(), guard.close()]);
    journal.close();
    folder.release();
  };
  const server = await listenForMasters(deps, settings(handlersFor(work)), masters, reports).catch(
    async (error: unknown) => {
      await letGo();
      throw error;
    },
  );
  const startedAt = new Date().toISOString();
  const load = loadMeter();
  let isDraining = false;
  const data = (): MemberData => {
    const used = work.count();
    return {
      host: deps.wire.announcedHost ?? server.host,
      port: server.port,
      pid: process.pid,
      startedAt,
      ...load(),
      slots: deps.slots,
      slotsUsed: used,
      status: isDraining ? "draining" : used >= deps.slots ? "busy" : "ready",
      groups: deps.groups,
    };
  };
  const membership = keepMembership({
    registry,
    incarnation: () => name,
    rename: (next) => {
      name = next;
    },
    data,
    log,
  });
  takeUpWhatWasLeft({ folder, journal, reports, shipper });

  const leases = keepLeases({
    registry,
    ownership: owners,
    attempts: work,
    incarnation: () => name,
    masters: () => [...masters],
    log,
  });
  const logTimer = setInterval(() => {
    for (const follower of followers) look(follower, log);
    if (shipper.unsent() > 0) shipper.kick();
  }, lookAtLogsMs);

  const isFlushed = (): boolean => reports.unkept() === 0 && shipper.unsent() === 0;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    isDraining = true;
    work.drain();
    for (const { key } of work.live()) work.end(key, "lost", "its worker was stopped");
    await until(() => work.count() === 0, AbortSignal.timeout(endLimitMs));
    await until(isFlushed, AbortSignal.timeout(flushLimitMs));
    leases.close();
    clearInterval(logTimer);
    leftovers.close();
    await membership.close();
    await server.close();
    await letGo();
  };

  return {
    get member(): Member {
      return { kind: "worker", incarnation: name, data: data() };
    },
    joined: membership.joined,
    running: () => work.running(),
    drain: async (signal) => {
      isDraining = true;
      work.drain();
      membership.changed();
      await until(() => work.count() === 0 && isFlushed(), signal);
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function handlersFor(work: Attempts): Handlers {
  const fromMaster =
    <Request>(act: (request: Request, master: Incarnation) => object): Handler =>
    async ({ body }, { peer }) => {
      if (peer.role !== "master")
        throw new OperationError("refused", `only masters ask this of a worker, not a ${peer.role}`);
      return { body: act(body, peer.incarnation) };
    };
  return {
    dispatch: fromMaster<WorkerRequests["dispatch"]["request"]>((request, master) => work.dispatch(request, master)),
    settle: fromMaster<WorkerRequests["settle"]["request"]>((request, master) => work.settle(request, master)),
    kill: fromMaster<WorkerRequests["kill"]["request"]>((request, master) => {
      work.kill(request, master);
      return {};
    }),
  };
}

function listenForMasters(
  deps: WorkerDeps,
  settings: WireSettings,
  masters: Set<Connection>,
  reports: Reporter,
): Promise<WireServer> {
  return listen({
    host: deps.wire.host,
    port: deps.wire.port,
    settings,
    onConnection: (connection) => {
      if (connection.peer.role !== "master") return;
      masters.add(connection);
      connection.closed.addEventListener("abort", () => {
        masters.delete(connection);
        reports.kick();
      });
      reports.kick();
    },
    onRefused: (error) => deps.log.warn({ reason: error.message }, "a connection to this worker was refused"),
  });
}

interface Left {
  readonly folder: DataFolder;
  readonly journal: Journal;
  readonly reports: Reporter;
  readonly shipper: LogShipper;
}

function takeUpWhatWasLeft({ folder, journal, reports, shipper }: Left): void {
  for (const { ref, end, atMs } of journal.left.ended) reports.ended(ref, end, Math.max(0, Date.now() - atMs));
  for (const ref of journal.left.taken) {
    const end = { outcome: "lost", reason: "its worker ended and was started again", outputs: {} } as const;
    journal.ended({ ref, end, atMs: Date.now() });
    reports.ended(ref, end);
  }
  for (const left of folder.leftLogs()) shipper.add(left, true);
}

function look(follower: LogFollower, log: Logger): void {
  try {
    follower.look();
  } catch (error) {
    log.error({ reason: String(error) }, "a log cannot be followed");
  }
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isSo() && !signal.aborted) await delay(10, undefined, { signal }).catch(() => {});
}
