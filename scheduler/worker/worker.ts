// A worker: takes attempts from masters over the wire, runs them, reports their ends, sends their logs to an api. Here its
// disk, its guard and its logs are put together; `presence.ts` is what masters and the registry see of it.

import { systemClock } from "../clock/system-clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { type Logger, ofAttempt, withFields } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import type { Member, Registry } from "../registry/contract.ts";
import { loadMeter } from "../registry/load.ts";
import type { WireSettings } from "../wire/contract.ts";
import { peers } from "../wire/peers.ts";
import { tcpNetwork } from "../wire/tcp-network.ts";
import { startAttempt } from "./attempt.ts";
import { openDataFolder } from "./data-folder.ts";
import { executors } from "./executors.ts";
import { deployedFiles } from "./files.ts";
import { startGuard } from "./guard-process.ts";
import { openJournal } from "./journal.ts";
import { endLeftovers } from "./leftovers.ts";
import { followLog, type LogFollower } from "./log-follower.ts";
import { logShipper } from "./log-shipper.ts";
import { killAll } from "./marked-processes.ts";
import { endOrphans } from "./orphans.ts";
import { type Presence, startPresence, type WorkerAddress } from "./presence.ts";

export interface WorkerDeps {
  readonly incarnation: Incarnation;
  readonly registry: Registry;
  readonly wire: WorkerAddress;
  readonly dataFolder: string;
  /** How many attempts run at the same time. */
  readonly slots: number;
  readonly groups: readonly string[];
  /** How long a killed attempt may take to end by itself. */
  readonly stopGraceMs: number;
  /** The command line that runs `guard/main.ts`, or the bundle's equal. */
  readonly guardCommand: readonly string[];
  /** Likewise of `sql/main.ts`. */
  readonly sqlCommand: readonly string[];
  /** A longer log is cut, and says so. Absent: 2 GB. */
  readonly logLimitBytes?: number;
  readonly isTaskTypeEnabled?: (type: string) => boolean;
  readonly log: Logger;
  readonly meter?: Meter;
  /** Where it tells of its health. */
  readonly health?: string;
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
  work(): WorkerWork;
  /** Undefined: it takes attempts and can start them. */
  whyNotReady(): string | undefined;
}

/** What a worker has on its hands. */
export interface WorkerWork {
  readonly running: number;
  /** Attempts that wait for a slot. */
  readonly queued: number;
  /** Ends that no master has confirmed yet, and how long the oldest has waited. */
  readonly unkept: number;
  readonly reportLagMs: number;
  readonly unsentLogs: number;
}

const lookAtLogsMs = 200;
const mostSeldomLookForOrphansMs = 2_000;
const defaultLogLimitBytes = 2 * 1024 ** 3;
const sweepLimitMs = 10_000;
const endLimitMs = 15_000;
const flushLimitMs = 2_000;

export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  const { registry } = deps;
  const meter = deps.meter ? { meter: deps.meter } : {};
  let presence: Presence | undefined;
  const log = withFields(deps.log, () => ({ worker: presence?.greeting().incarnation ?? deps.incarnation }));
  const clock = systemClock;
  const folder = await openDataFolder(deps.dataFolder);
  // The lock proves that a former worker of this folder is dead; what it left alive ends before anything new starts.
  const stuck = await killAll({ groups: [], prefix: folder.markerPrefix }, sweepLimitMs);
  if (stuck.length > 0) log.error({ processes: stuck }, "processes of a former worker cannot be ended");

  const markerPrefix = `${folder.markerPrefix}${clock.randomName(8)}.`;
  const journal = openJournal(folder.journal, log);
  const guard = startGuard({
    command: deps.guardCommand,
    prefix: markerPrefix,
    silenceMs: registry.leaseMs / 2,
    log,
    ...meter,
  });
  const leftovers = endLeftovers({ prefix: markerPrefix, isLive: (key) => presence?.isLive(key) ?? false, log });
  const orphans = endOrphans({
    ownPrefix: folder.markerPrefix,
    lookMs: Math.min(mostSeldomLookForOrphansMs, registry.leaseMs / 4),
    log,
  });
  const followers = new Set<LogFollower>();

  const apis = peers({
    registry,
    kind: "api",
    settings: {
      get greeting() {
        return presence?.greeting() ?? { role: "worker", incarnation: deps.incarnation };
      },
      secret: deps.wire.secret,
      handlers: {},
      ...(deps.wire.tls === undefined ? {} : { tls: deps.wire.tls }),
    } satisfies WireSettings,
    log,
  });
  const shipper = logShipper({ api: () => apis.any(), log });
  apis.onConnection(() => shipper.kick());
  const files = deployedFiles({ folder: folder.files, api: () => apis.any() });
  const enabled = new Map([...executors(deps.sqlCommand)].filter(([type]) => deps.isTaskTypeEnabled?.(type) ?? true));

  const letGo = async (): Promise<void> => {
    apis.close();
    await Promise.all([shipper.close(), guard.close(), orphans.close()]);
    journal.close();
    folder.release();
  };
  const here = await startPresence({
    incarnation: deps.incarnation,
    registry,
    wire: deps.wire,
    network: tcpNetwork,
    clock,
    slots: deps.slots,
    groups: deps.groups,
    journal,
    start: (assignment, leaseLeftMs) => {
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
              ...follower,
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
          workerFolder: folder.path,
          graceMs: deps.stopGraceMs,
          logLimitBytes: deps.logLimitBytes ?? defaultLogLimitBytes,
          leaseLeftMs,
          log,
        },
        assignment,
      );
      void attempt.ended.then(() => leftovers.lookSoon());
      return attempt;
    },
    load: loadMeter(),
    pid: process.pid,
    log: deps.log,
    ...meter,
    ...(deps.health === undefined ? {} : { health: deps.health }),
  }).catch(async (error: unknown) => {
    await letGo();
    throw error;
  });
  presence = here;
  for (const left of folder.leftLogs()) shipper.add(left, true);
  const stopLooking = clock.every(lookAtLogsMs, () => {
    for (const follower of followers) look(follower, log);
    if (shipper.unsent() > 0) shipper.kick();
  });

  const isFlushed = (): boolean => here.unkept() === 0 && shipper.unsent() === 0;
  const until = async (isSo: () => boolean, signal: AbortSignal): Promise<void> => {
    while (!isSo() && !signal.aborted) await clock.sleep(10, signal);
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    here.drain();
    here.endAll("its worker was stopped");
    await until(() => here.count() === 0, AbortSignal.timeout(endLimitMs));
    await until(isFlushed, AbortSignal.timeout(flushLimitMs));
    stopLooking();
    leftovers.close();
    await here.close();
    await letGo();
  };

  return {
    get member(): Member {
      return here.member;
    },
    joined: here.joined,
    running: () => here.running(),
    work: () => ({
      running: here.running(),
      queued: here.count() - here.running(),
      unkept: here.unkept(),
      reportLagMs: here.reportLagMs(),
      unsentLogs: shipper.unsent(),
    }),
    whyNotReady: () =>
      here.whyNotReady() ?? (guard.isUp() ? undefined : "the guard of this worker does not answer: nothing can start"),
    drain: async (signal) => {
      here.drain();
      await until(() => here.count() === 0 && isFlushed(), signal);
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function look(follower: LogFollower, log: Logger): void {
  try {
    follower.look();
  } catch (error) {
    log.error({ ...ofAttempt(follower.key), reason: String(error) }, "a log cannot be followed");
  }
}
