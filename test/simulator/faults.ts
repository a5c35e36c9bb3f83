// The faults that a simulated cluster meets. Each begins, and tells how to end it.

import type { Seat, SimulatedCluster } from "./cluster.ts";
import type { DatabaseServer } from "./database.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { RegistryServer } from "./registry.ts";
import type { World } from "./world.ts";

export interface Faults {
  /** One more, at random; it ends by itself. */
  strike(): void;
  active(): number;
  count(): number;
  /** By kind, how often. */
  readonly kinds: ReadonlyMap<string, number>;
}

export interface FaultDeps {
  readonly world: World;
  readonly cluster: SimulatedCluster;
  readonly network: SimulatedNetwork;
  readonly registry: RegistryServer;
  readonly database: DatabaseServer;
}

/** Under these an owner may not have heard of its workers for a while. */
const silencing = ["isolate", "fromWorkers", "oneWay", "slowNetwork"];

type Fault = () => { readonly what: string; readonly forMs: number; readonly end?: () => void };

export function faults(deps: FaultDeps): Faults {
  const { world, cluster, network, registry, database } = deps;
  const { leaseMs } = registry;
  const counted = new Map<string, number>();
  /** Those that last, by name. */
  const lasting: string[] = [];
  let count = 0;

  const between = (least: number, most: number): number => least + world.random() * (most - least);
  const someone = (kind?: Seat["kind"]): Seat => {
    const all = cluster.seats.filter((seat) => kind === undefined || seat.kind === kind);
    const one = all[world.pick(all.length)];
    if (one === undefined) throw new Error("the cluster is empty");
    return one;
  };
  const isUnder = (names: readonly string[]): boolean => lasting.some((one) => names.includes(one));
  const others = (seat: Seat): readonly Seat[] => cluster.seats.filter((one) => one !== seat);
  const frozen = (seat: Seat, forMs: number, what: string): ReturnType<Fault> => {
    const { process } = seat;
    cluster.freeze(seat);
    return { what: `${what} ${seat.name}`, forMs, end: () => process?.goOn() };
  };
  // One partition at a time: healing heals all.
  const apart = (seat: Seat, what: string, cut: () => void): ReturnType<Fault> => {
    cut();
    return {
      what: `${what} ${seat.name}`,
      forMs: between(500, leaseMs * 3),
      end: () => {
        network.heal();
        registry.heal();
        database.heal();
      },
    };
  };
  const fromAll = (seat: Seat): void => {
    for (const other of others(seat)) {
      network.block(seat.name, other.name);
      network.block(other.name, seat.name);
    }
  };

  const kinds: { readonly [name: string]: Fault } = {
    killMaster: () => killed(someone("master")),
    killWorker: () => killed(someone("worker")),
    stop: () => {
      const seat = someone();
      cluster.stop(seat, between(50, 5_000));
      return { what: `stop ${seat.name}`, forMs: 1_000 };
    },
    freeze: () => frozen(someone(), between(100, leaseMs / 2), "freeze a little"),
    freezeLong: () => frozen(someone(), between(leaseMs, leaseMs * 3), "freeze long"),
    freezeWorkerAtLease: () => frozen(someone("worker"), between(leaseMs * 0.4, leaseMs * 1.4), "freeze for a lease"),
    isolate: () => {
      const seat = someone();
      return apart(seat, "isolate", () => {
        fromAll(seat);
        registry.block(seat.name);
        database.block(seat.name);
      });
    },
    fromRegistry: () => {
      const seat = someone();
      return apart(seat, "cut off from the registry", () => registry.block(seat.name));
    },
    fromDatabase: () => {
      const seat = someone("master");
      return apart(seat, "cut off from the database", () => database.block(seat.name));
    },
    fromWorkers: () => {
      const seat = someone();
      return apart(seat, "cut off from its peers", () => fromAll(seat));
    },
    oneWay: () => {
      const seat = someone();
      return apart(seat, "one way only", () => {
        for (const other of others(seat)) network.block(seat.name, other.name);
      });
    },
    cut: () => {
      const seat = someone();
      network.cut(seat.name);
      return { what: `cut the connections of ${seat.name}`, forMs: 100 };
    },
    slowNetwork: () => {
      network.setDelay(world.chance(0.5) ? 400 : 4_000);
      return { what: "slow network", forMs: between(2_000, 20_000), end: () => network.setDelay(2) };
    },
    repeats: () => {
      network.setRepeats(0.3);
      return { what: "requests that come again", forMs: between(2_000, 20_000), end: () => network.setRepeats(0) };
    },
    hostClock: () => {
      const seat = someone();
      seat.process?.stepWall(between(-3_600_000, 3_600_000));
      return { what: `clock of ${seat.name} stepped`, forMs: 100 };
    },
    databaseClock: () => {
      const ms = Math.round(between(-60_000, 60_000));
      database.stepClock(ms);
      return { what: `clock of the database stepped by ${ms} ms`, forMs: 100 };
    },
    registryAway: () => {
      registry.setAway(true);
      const forMs = world.chance(0.3) ? between(30_000, 120_000) : between(500, leaseMs * 2);
      return { what: "registry away", forMs, end: () => registry.setAway(false) };
    },
    registryWiped: () => {
      registry.wipe();
      return { what: "registry wiped", forMs: 100 };
    },
    sessionOver: () => {
      // Of a worker that its owner cannot hear: excluded (docs/failure-model.md).
      const seat = isUnder(silencing) ? someone("master") : someone();
      registry.expire(seat.name);
      return { what: `session of ${seat.name} given up`, forMs: seat.kind === "worker" ? leaseMs : 100 };
    },
    databaseAway: () => {
      database.setState("away");
      return { what: "database away", forMs: between(500, 60_000), end: () => database.setState("up") };
    },
    databaseFrozen: () => {
      database.setState("frozen");
      return { what: "database frozen", forMs: between(500, 30_000), end: () => database.setState("up") };
    },
    slowDatabase: () => {
      database.setDelay(world.chance(0.5) ? 200 : 2_000);
      return { what: "slow database", forMs: between(2_000, 20_000), end: () => database.setDelay(2) };
    },
    unknownCommits: () => {
      database.setTrouble({ unknownCommits: 0.3, deadlocks: 0 });
      return {
        what: "commits without an answer",
        forMs: between(2_000, 20_000),
        end: () => database.setTrouble({ unknownCommits: 0, deadlocks: 0 }),
      };
    },
    deadlocks: () => {
      database.setTrouble({ unknownCommits: 0, deadlocks: 0.3 });
      return {
        what: "deadlocks",
        forMs: between(2_000, 20_000),
        end: () => database.setTrouble({ unknownCommits: 0, deadlocks: 0 }),
      };
    },
  };
  const killed = (seat: Seat): ReturnType<Fault> => {
    cluster.kill(seat, world.chance(0.5) ? between(10, 500) : between(500, leaseMs * 3));
    return { what: `kill ${seat.name}`, forMs: 1_000 };
  };
  const names = Object.keys(kinds);

  return {
    strike: () => {
      const drawn = names[world.pick(names.length)] ?? "";
      const name = silencing.includes(drawn) && isUnder(["sessionOver"]) ? "freeze" : drawn;
      const fault = kinds[name]?.();
      if (fault === undefined) return;
      count += 1;
      lasting.push(name);
      counted.set(name, (counted.get(name) ?? 0) + 1);
      world.note(`FAULT ${fault.what} for ${Math.round(fault.forMs)} ms`);
      world.after(fault.forMs, () => {
        fault.end?.();
        lasting.splice(lasting.indexOf(name), 1);
        world.note(`OVER ${fault.what}`);
      });
    },
    active: () => lasting.length,
    count: () => count,
    kinds: counted,
  };
}
