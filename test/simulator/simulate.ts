// One simulated run: a cluster, people who ask things of it, faults at random for an hour, then peace; and what did not hold.

import type { Assignment } from "../../scheduler/wire/messages.ts";
import { violations } from "./checks.ts";
import type { DatabaseServer } from "./database.ts";
import { faults } from "./faults.ts";
import { chosenFlows, type Flow, leaf } from "./flows.ts";
import type { Behaviour } from "./machine.ts";
import { scene } from "./scene.ts";
import type { World } from "./world.ts";

export interface SimulateOptions {
  readonly seed: number;
  readonly schema: string;
  readonly flows: readonly Flow[];
  readonly hours?: number;
  readonly keepNotes?: boolean;
}

export interface Simulated {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly fingerprint: string;
  readonly hours: number;
  /** Of them, passed over because nothing was under way. */
  readonly skippedHours: number;
  readonly faults: number;
  readonly faultKinds: ReadonlyMap<string, number>;
  readonly instances: number;
  readonly attempts: number;
  readonly events: number;
  readonly notes: readonly string[];
}

const tickMs = 1_000;
/** So many moments of some faults each make at least twenty. */
const momentCount = 11;
const strikeWithinMs = 8_000;
const spellMs = 60_000;
/** With no fault any more everything must have ended within this. */
const peaceMs = 30 * 60_000;

export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const stage = scene({
    seed: options.seed,
    schema: options.schema,
    keepNotes: options.keepNotes ?? false,
    behaviour: (world, assignment) => behaviour(world, assignment, isCalm),
  });
  const { world: here, database: server, cluster, user: person } = stage;
  const nemesis = faults(stage);

  const durationMs = (options.hours ?? 1) * 3_600_000;
  const moments = momentsOf(here, momentCount, durationMs);
  const totalMs = (): number => here.nowMs() + here.skippedMs();
  const isQuiet = (): boolean =>
    nemesis.active() === 0 && person.open() === 0 && cluster.isWhole() && underWay(server) === 0;
  /** Long enough after the last fault all is taken over that is to be: waiting for long tasks shows nothing more. */
  const calmAfterMs = 2 * stage.registry.leaseMs + 5_000;
  let troubleMs = 0;
  let isCalm = false;
  let isDeployed = false;
  let isOver = false;
  let peaceSinceMs: number | undefined;

  /** The hours in between are passed over: nobody's clock of durations moves, the database's and the wall clocks do. */
  const passOver = (): void => {
    const untilMs = Math.min(moments[0] ?? durationMs, durationMs);
    const ms = Math.min(untilMs - totalMs(), nextFireMs(server) - server.nowMs() - 500);
    if (ms > 3_000) here.skip(ms);
  };
  const tick = (): void => {
    here.after(tickMs, tick);
    if (!isDeployed) return;
    if (nemesis.active() > 0) troubleMs = here.nowMs();
    while (moments[0] !== undefined && moments[0] <= totalMs()) {
      moments.shift();
      troubleMs = here.nowMs() + strikeWithinMs;
      // Things are under way when the fault strikes, and more come while it lasts.
      for (let count = 1 + here.pick(3); count > 0; count -= 1) person.askSomething();
      for (let count = here.chance(0.2) ? 3 : 2; count > 0; count -= 1) {
        here.after(here.random() * strikeWithinMs, () => nemesis.strike());
      }
      here.after(here.random() * 15_000, () => person.askSomething());
    }
    const wasCalm = isCalm;
    isCalm = here.nowMs() >= troubleMs + calmAfterMs;
    if (isCalm && !wasCalm) for (const { machine } of cluster.seats) machine?.hurry();
    if (here.chance(0.05)) person.resumePaused();
    if (totalMs() < durationMs) {
      if (isQuiet()) passOver();
      return;
    }
    peaceSinceMs ??= here.nowMs();
    if (isQuiet() && !person.resumePaused()) isOver = true;
    if (here.nowMs() - peaceSinceMs > peaceMs) {
      isOver = true;
      stage.broken.push(`it did not come to rest: ${JSON.stringify(stuck(server))}`);
    }
  };

  for (const seat of cluster.seats) cluster.start(seat);
  const fromMs = server.nowMs();
  void person.deploy([...chosenFlows(here, options.flows), leaf()]).then(() => {
    isDeployed = true;
  });
  here.after(tickMs, tick);
  await here.run(() => isOver);

  const found = [
    ...stage.broken,
    ...violations({ server, witness: stage.witness, user: person, fromMs, untilMs: server.nowMs() }),
  ];
  for (const text of found) here.note(`VIOLATION ${text}`);
  const result: Simulated = {
    seed: options.seed,
    violations: found,
    fingerprint: here.fingerprint(),
    hours: totalMs() / 3_600_000,
    skippedHours: here.skippedMs() / 3_600_000,
    faults: nemesis.count(),
    faultKinds: nemesis.kinds,
    instances: numberOf(server, "select count(*) as n from workflow_instance"),
    attempts: stage.witness.all().length,
    events: here.events(),
    notes: here.notes,
  };
  stage.close();
  return result;
}

/** Faults come in spells: what recovers from one meets the next. Some runs have many spells, some few. */
function momentsOf(here: World, count: number, durationMs: number): number[] {
  const spells = Array.from({ length: 3 + here.pick(8) }, () => here.random() * (durationMs - spellMs));
  const moment = (): number => (spells[here.pick(spells.length)] ?? 0) + here.random() * spellMs;
  return Array.from({ length: count }, moment).sort((a, b) => a - b);
}

/** Most tasks are short, some are long, and some fail. */
function behaviour(here: World, assignment: Assignment, isCalm: boolean): Behaviour {
  const isLong = !isCalm && here.chance(0.15);
  return {
    forMs: isLong ? 5_000 + here.random() * 40_000 : 50 + here.random() * 4_000,
    outcome: here.chance(0.12) && assignment.attempt < 20 ? "failed" : "succeeded",
  };
}

const numberOf = (server: DatabaseServer, sql: string): number => {
  const [row] = server.own.prepare(sql).all([]) as readonly { readonly n: number | null }[]; // each asks for `n`
  return row?.n ?? 0;
};

const underWay = (server: DatabaseServer): number =>
  numberOf(
    server,
    `select (select count(*) from command)
          + (select count(*) from workflow_instance where state not in ('succeeded', 'failed', 'stopped', 'paused'))
          + (select count(*) from backfill where state = 'running')
          + (select count(*) from schedule where online = 1 and next_fire_at <= ${server.nowMs() + 1_000}) as n`,
  );

const nextFireMs = (server: DatabaseServer): number =>
  numberOf(server, "select min(next_fire_at) as n from schedule where online = 1") || Number.POSITIVE_INFINITY;

const stuck = (server: DatabaseServer): unknown => ({
  commands: server.own.prepare("select kind, workflow_instance_id from command limit 5").all([]),
  instances: server.own
    .prepare(
      "select id, state, owner, owner_epoch from workflow_instance where state not in ('succeeded', 'failed', 'stopped') limit 5",
    )
    .all([]),
  tasks: server.own
    .prepare(
      "select * from task_instance where state in ('submitted', 'delayed', 'dispatched', 'running', 'retry_wait', 'paused') limit 3",
    )
    .all([]),
});
