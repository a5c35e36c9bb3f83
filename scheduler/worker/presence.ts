// A worker among masters and the registry: all of it but its disk and its processes, which it is given.

import type { Clock } from "../model/clock.ts";
import type { Incarnation } from "../model/ids.ts";
import { type Logger, withFields } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import { OperationError } from "../model/operation-error.ts";
import type { Member, MemberData, Registry } from "../registry/contract.ts";
import type { Load } from "../registry/load.ts";
import type { Connection, Handler, Handlers, Network, WireServer, WireSettings } from "../wire/contract.ts";
import type { Assignment, Greeting, WorkerRequests } from "../wire/messages.ts";
import type { RunningAttempt } from "./attempt.ts";
import { type AttemptKey, attemptKey } from "./attempt-key.ts";
import { type Attempts, attempts as allAttempts } from "./attempts.ts";
import type { Journal } from "./journal.ts";
import { keepLeases } from "./leases.ts";
import { keepMembership } from "./membership.ts";
import { ownership } from "./ownership.ts";
import { reporter } from "./reporter.ts";
import { endUnwanted } from "./unwanted.ts";

/** Where a worker listens, and as whom it is known. */
export interface WorkerAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly secret: string;
  readonly tls?: WireSettings["tls"];
  /** Under which host the others find it; absent: the one it listens on. */
  readonly announcedHost?: string;
  /** Likewise under which port. */
  readonly announcedPort?: number;
}

export interface PresenceDeps {
  readonly incarnation: Incarnation;
  readonly registry: Registry;
  readonly wire: WorkerAddress;
  readonly network: Network;
  readonly clock: Clock;
  /** How many attempts run at the same time. */
  readonly slots: number;
  readonly groups: readonly string[];
  /** What it has promised and not yet delivered. */
  readonly journal: Journal;
  /** Runs an attempt on this machine. `leaseLeftMs`: how long it may live from now on, if nobody confirms it again. */
  readonly start: (assignment: Assignment, leaseLeftMs: () => number) => RunningAttempt;
  readonly load: () => Load;
  readonly pid: number;
  readonly log: Logger;
  readonly meter?: Meter;
  /** Where it tells of its health. */
  readonly health?: string;
}

export interface Presence {
  /** Its name changes when the registry's session was lost. */
  readonly member: Member;
  /** Resolves when the registry knows it for the first time. */
  readonly joined: Promise<void>;
  /** As whom it greets others now. */
  greeting(): Greeting;
  isLive(attempt: string): boolean;
  /** Attempts that are queued or run. */
  count(): number;
  running(): number;
  /** Ends that no master has confirmed yet. */
  unkept(): number;
  /** How long the oldest of those has waited. */
  reportLagMs(): number;
  /** Undefined: it takes attempts. */
  whyNotReady(): string | undefined;
  /** Takes nothing new, and says so. */
  drain(): void;
  /** Ends all that is queued or runs, as lost. */
  endAll(reason: string): void;
  /** Leaves the registry and the masters. */
  close(): Promise<void>;
}

const maxKnownInstances = 50_000;
/** Whether attempts are still wanted. */
const leasesBetweenLooks = 5;

export async function startPresence(deps: PresenceDeps): Promise<Presence> {
  const { registry, journal, clock, meter } = deps;
  let name = deps.incarnation;
  const log = withFields(deps.log, () => ({ worker: name }));
  const masters = new Set<Connection>();
  const masterOf = (incarnation: Incarnation): Connection | undefined =>
    [...masters].findLast((connection) => connection.peer.incarnation === incarnation);
  const owners = ownership(maxKnownInstances, (instance) => work.hasAnyOf(instance));

  const reports = reporter({
    ownership: owners,
    master: masterOf,
    masters: () => [...masters],
    onKept: (key) => journal.forget(key),
    onDropped: (key) => {
      journal.forget(key);
      endNow(key);
    },
    clock,
    log,
  });
  // Lost, not killed: should its instance be run again after all, its new owner finds it so and starts another attempt.
  const endNow = (key: AttemptKey): void => work.end(key, "lost", "nobody waits for this attempt any more");
  const work: Attempts = allAttempts({
    ownership: owners,
    journal,
    reporter: reports,
    incarnation: () => name,
    slots: deps.slots,
    mayStart: (attempt) => leases.leftMs(attempt) > 0,
    start: (assignment) => {
      const asked = {
        key: attemptKey(assignment),
        ref: assignment,
        instance: assignment.workflowInstance,
        incarnation: assignment.worker,
      };
      return deps.start(assignment, () => leases.leftMs(asked));
    },
    onChange: () => membership.changed(),
    clock,
    log,
    ...(meter ? { meter } : {}),
  });

  const settings: WireSettings = {
    // Read at each handshake: a worker that lost its session greets with another name.
    get greeting(): Greeting {
      return { role: "worker", incarnation: name };
    },
    secret: deps.wire.secret,
    handlers: handlersFor(work),
    clock,
    ...(deps.wire.tls === undefined ? {} : { tls: deps.wire.tls }),
  };
  const server = await listenForMasters({ ...deps, log }, settings, masters, () => reports.kick()).catch(
    async (error: unknown) => {
      await reports.close();
      throw error;
    },
  );
  const startedAt = new Date(clock.wallMs()).toISOString();
  let isDraining = false;
  const data = (): MemberData => {
    const used = work.slotsUsed();
    return {
      host: deps.wire.announcedHost ?? server.host,
      port: deps.wire.announcedPort ?? server.port,
      pid: deps.pid,
      startedAt,
      ...deps.load(),
      slots: deps.slots,
      slotsUsed: used,
      status: isDraining ? "draining" : used >= deps.slots ? "busy" : "ready",
      groups: deps.groups,
      leaseMs: registry.leaseMs,
      ...(deps.health === undefined ? {} : { health: deps.health }),
    };
  };
  const membership = keepMembership({
    registry,
    incarnation: () => name,
    rename: (next) => {
      name = next;
    },
    data,
    clock,
    log,
  });

  for (const { ref, end, atMs } of journal.left.ended) reports.ended(ref, end, Math.max(0, clock.wallMs() - atMs));
  meter?.count("attempts_left", journal.left.taken.length);
  for (const ref of journal.left.taken) {
    const end = { outcome: "lost", reason: "its worker ended and was started again", outputs: {} } as const;
    journal.ended({ ref, end, atMs: clock.wallMs() });
    reports.ended(ref, end);
  }
  const stopLooking = endUnwanted({
    attempts: work,
    masters: () => [...masters],
    onUnwanted: endNow,
    lookEveryMs: leasesBetweenLooks * registry.leaseMs,
    clock,
    log,
  });
  const leases = keepLeases({
    registry,
    ownership: owners,
    attempts: work,
    incarnation: () => name,
    masters: () => [...masters],
    clock,
    log,
    ...(meter ? { meter } : {}),
  });

  return {
    get member(): Member {
      return { kind: "worker", incarnation: name, data: data() };
    },
    joined: membership.joined,
    greeting: () => settings.greeting,
    isLive: (attempt) => work.isLive(attempt),
    count: () => work.count(),
    running: () => work.running(),
    unkept: () => reports.unkept(),
    reportLagMs: () => reports.lagMs(),
    whyNotReady: () => (isDraining ? "this worker is to end: it takes nothing new" : membership.whyNotMember()),
    drain: () => {
      isDraining = true;
      work.drain();
      membership.changed();
    },
    endAll: (reason) => {
      for (const { key } of work.live()) work.end(key, "lost", reason);
    },
    close: async () => {
      leases.close();
      stopLooking();
      await membership.close();
      await server.close();
      await reports.close();
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
  { wire, network, log }: PresenceDeps,
  settings: WireSettings,
  masters: Set<Connection>,
  onChange: () => void,
): Promise<WireServer> {
  return network.listen({
    host: wire.host,
    port: wire.port,
    settings,
    onConnection: (connection) => {
      if (connection.peer.role !== "master") return;
      masters.add(connection);
      connection.closed.addEventListener("abort", () => {
        masters.delete(connection);
        onChange();
      });
      onChange();
    },
    onRefused: (error) => log.warn({ reason: error.message }, "a connection to this worker was refused"),
  });
}
