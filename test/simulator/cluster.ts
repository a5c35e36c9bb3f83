// A simulated cluster: the real masters and the real presence of workers, each in a process of its own on simulated clocks,
// network, registry and database.

import { type Master, startMaster } from "../../scheduler/master/master.ts";
import { incarnation } from "../../scheduler/model/ids.ts";
import type { Logger } from "../../scheduler/model/logger.ts";
import type { Registry } from "../../scheduler/registry/contract.ts";
import { type Presence, startPresence } from "../../scheduler/worker/presence.ts";
import type { DatabaseServer } from "./database.ts";
import type { Machine } from "./machine.ts";
import type { SimulatedNetwork } from "./network.ts";
import { type SimulatedProcess, simulatedProcess } from "./process.ts";
import type { RegistryServer } from "./registry.ts";
import type { World } from "./world.ts";

export interface Seat {
  readonly name: string;
  readonly kind: "master" | "worker";
  readonly machine?: Machine;
  process: SimulatedProcess | undefined;
  master: Master | undefined;
  presence: Presence | undefined;
  /** Rises with every life. */
  lives: number;
}

export interface SimulatedCluster {
  readonly seats: readonly Seat[];
  start(seat: Seat): void;
  /** It ends without a word; a supervisor starts it again after so long. */
  kill(seat: Seat, againInMs: number): void;
  /** It is asked to end, does, and is started again. */
  stop(seat: Seat, againInMs: number): void;
  freeze(seat: Seat): void;
  goOn(seat: Seat): void;
  isWhole(): boolean;
}

export interface ClusterDeps {
  readonly world: World;
  readonly epochMs: number;
  readonly network: SimulatedNetwork;
  readonly registry: RegistryServer;
  readonly database: DatabaseServer;
  readonly masters: number;
  readonly machines: readonly Machine[];
  readonly slots: number;
  readonly lookEveryMs: number;
  readonly sweepEveryMs: number;
}

const secret = "simulated";
const drainMs = 20_000;

export function simulatedCluster(deps: ClusterDeps): SimulatedCluster {
  const { world } = deps;
  const seats: readonly Seat[] = [
    ...Array.from({ length: deps.masters }, (_, index) => seatOf(`m${index + 1}`, "master")),
    ...deps.machines.map((machine) => seatOf(machine.name, "worker", machine)),
  ];

  const logOf = (process: SimulatedProcess): Logger => {
    const say =
      (level: string) =>
      (fields: object, message: string): void => {
        const { error, ...rest } = fields as { error?: unknown };
        const why = error === undefined ? "" : ` ${error instanceof Error ? error.message : String(error)}`;
        world.note(`${process.name} ${level}: ${message} ${JSON.stringify(rest)}${why}`);
      };
    return { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };
  };

  const start = (seat: Seat): void => {
    seat.lives += 1;
    const process = simulatedProcess(world, seat.name, deps.epochMs + (world.random() - 0.5) * 600_000);
    seat.process = process;
    const log = logOf(process);
    const registry = deps.registry.clientOf(process, log);
    const again = (error: unknown): void => {
      world.note(`${seat.name} does not start: ${error instanceof Error ? error.message : String(error)}`);
      if (seat.process === process) kill(seat, 1_000);
    };
    if (seat.kind === "master") startAsMaster(seat, process, registry, log).catch(again);
    else startAsWorker(seat, process, registry, log).catch(again);
  };

  const startAsMaster = async (seat: Seat, process: SimulatedProcess, registry: Registry, log: Logger) => {
    seat.master = await startMaster({
      database: deps.database.openFor(process),
      registry,
      network: deps.network.of(process),
      newIncarnation: () => incarnation(seat.name, process.clock.randomName(6)),
      secret,
      clock: process.clock,
      log,
      settings: { lookEveryMs: deps.lookEveryMs, sweepEveryMs: deps.sweepEveryMs, fireEveryMs: deps.lookEveryMs },
    });
  };

  const startAsWorker = async (seat: Seat, process: SimulatedProcess, registry: Registry, log: Logger) => {
    if (seat.machine === undefined) throw new Error(`${seat.name} has no machine`);
    const { journal, start: startAttempt } = seat.machine.moveIn(process);
    seat.presence = await startPresence({
      incarnation: incarnation(seat.name, process.clock.randomName(6)),
      registry,
      wire: { host: seat.name, port: 0, secret },
      network: deps.network.of(process),
      clock: process.clock,
      slots: deps.slots,
      groups: ["default"],
      journal,
      start: startAttempt,
      load: () => ({ cpu: 0, memory: 0 }),
      pid: 1,
      log,
    });
  };

  const kill = (seat: Seat, againInMs: number): void => {
    const { process } = seat;
    if (process === undefined) return;
    process.kill();
    seat.process = undefined;
    seat.master = undefined;
    seat.presence = undefined;
    world.after(againInMs, () => {
      if (seat.process === undefined) start(seat);
    });
  };

  const stop = (seat: Seat, againInMs: number): void => {
    const { process, master, presence } = seat;
    if (process === undefined) return;
    const gone = (): void => {
      if (seat.process === process) kill(seat, againInMs);
    };
    // A supervisor's patience has an end.
    process.clock.after(drainMs * 2, gone);
    if (master) void master.close().then(gone, gone);
    else if (presence) void drained(process, presence).then(gone, gone);
    else gone();
  };

  const drained = async ({ clock }: SimulatedProcess, presence: Presence): Promise<void> => {
    presence.drain();
    const untilMs = clock.monotonicMs() + drainMs;
    const isDone = (): boolean => presence.count() === 0 && presence.unkept() === 0;
    while (!isDone() && clock.monotonicMs() < untilMs) await clock.sleep(100);
    presence.endAll("its worker was stopped");
    const lateMs = clock.monotonicMs() + 5_000;
    while (!isDone() && clock.monotonicMs() < lateMs) await clock.sleep(100);
    await presence.close();
  };

  return {
    seats,
    start,
    kill,
    stop,
    freeze: (seat) => {
      seat.process?.freeze();
      seat.machine?.frozen();
    },
    goOn: (seat) => seat.process?.goOn(),
    isWhole: () =>
      seats.every(
        ({ process, master, presence }) =>
          process?.isAlive() === true &&
          !process.isFrozen() &&
          (master === undefined || master.isMember()) &&
          (master !== undefined || presence !== undefined) &&
          (presence === undefined || (presence.count() === 0 && presence.unkept() === 0)),
      ),
  };
}

const seatOf = (name: string, kind: Seat["kind"], machine?: Machine): Seat => ({
  name,
  kind,
  ...(machine ? { machine } : {}),
  process: undefined,
  master: undefined,
  presence: undefined,
  lives: 0,
});
