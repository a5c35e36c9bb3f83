// A simulated cluster with all around it, at the beginning of a run.

import type { Assignment } from "../../scheduler/wire/messages.ts";
import { installAudit } from "./audit.ts";
import { type SimulatedCluster, simulatedCluster } from "./cluster.ts";
import { type DatabaseServer, databaseServer } from "./database.ts";
import { eavesdropper } from "./eavesdropper.ts";
import { pools } from "./flows.ts";
import { type Behaviour, machine } from "./machine.ts";
import { type SimulatedNetwork, simulatedNetwork } from "./network.ts";
import { simulatedProcess } from "./process.ts";
import { type RegistryServer, registryServer } from "./registry.ts";
import { registryInDatabase } from "./registry-in-database.ts";
import { type User, user } from "./user.ts";
import { type Witness, witness } from "./witness.ts";
import { type World, world } from "./world.ts";

export interface Scene {
  readonly world: World;
  readonly witness: Witness;
  readonly database: DatabaseServer;
  readonly network: SimulatedNetwork;
  readonly registry: RegistryServer;
  readonly cluster: SimulatedCluster;
  readonly user: User;
  /** What was overheard that must not be. */
  readonly broken: string[];
  close(): void;
}

export interface SceneOptions {
  readonly seed: number;
  readonly schema: string;
  readonly keepNotes: boolean;
  readonly leaseMs?: number;
  readonly masters?: number;
  readonly workers?: number;
  /** Absent: chance decides. `service`: a simulated one, as ZooKeeper behaves. */
  readonly registry?: "service" | "database";
  readonly behaviour: (world: World, assignment: Assignment) => Behaviour;
}

/** What every clock on a wall showed, about. */
const beginMs = Date.UTC(2026, 0, 5, 6, 0, 30);

export function scene(options: SceneOptions): Scene {
  const here = world(options.seed, options.keepNotes);
  const leaseMs = options.leaseMs ?? [3_000, 6_000, 12_000][here.pick(3)] ?? 6_000;
  const seen = witness(here, pools);
  const database = databaseServer(here, beginMs, options.schema);
  installAudit(database.own);
  for (const [name, size] of Object.entries(pools)) {
    database.own.exec(`insert into task_group (name, size, updated_at) values ('${name}', ${size}, 0)`);
  }
  const broken: string[] = [];
  const network = simulatedNetwork(here, {
    onMessage: eavesdropper(here, database, (text) => void broken.push(text)),
  });
  const isInDatabase = options.registry === undefined ? here.chance(1 / 3) : options.registry === "database";
  const registry = isInDatabase ? registryInDatabase(database, leaseMs) : registryServer(here, leaseMs);
  here.note(`registry: ${isInDatabase ? "in the database" : "a service"}`);
  const machines = Array.from({ length: options.workers ?? 1 + here.pick(3) }, (_, index) =>
    machine({
      world: here,
      name: `w${index + 1}`,
      leaseMs,
      graceMs: 2_000,
      witness: seen,
      behaviour: (assignment) => options.behaviour(here, assignment),
    }),
  );
  const cluster = simulatedCluster({
    world: here,
    epochMs: beginMs,
    network,
    registry,
    database,
    masters: options.masters ?? 1 + here.pick(3),
    machines,
    slots: 2 + here.pick(6),
    lookEveryMs: 1_000 + here.pick(1_000),
    sweepEveryMs: 3_000 + here.pick(3_000),
  });
  const person = user({ world: here, process: simulatedProcess(here, "user", beginMs), server: database });
  return {
    world: here,
    witness: seen,
    database,
    network,
    registry,
    cluster,
    user: person,
    broken,
    close: () => {
      for (const seat of cluster.seats) seat.process?.kill();
      database.own.close();
    },
  };
}
