// A person who asks things of the scheduler, as the api does on her behalf: again until it is acknowledged, and then expecting it.

import { priorities } from "../../scheduler/model/definition.ts";
import { type WorkflowInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { backfillDates, planBackfill } from "../../scheduler/model/life/backfill.ts";
import { advanceBackfill, createBackfill } from "../../scheduler/store/backfills.ts";
import { type Database, isPassing } from "../../scheduler/store/database.ts";
import { deploy } from "../../scheduler/store/deployments.ts";
import { createInstance, insertCommand } from "../../scheduler/store/instances.ts";
import type { CommandKind } from "../../scheduler/store/records.ts";
import type { DatabaseServer } from "./database.ts";
import type { Flow } from "./flows.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

export interface User {
  deploy(flows: readonly Flow[]): Promise<void>;
  start(flow: Flow): void;
  /** Starts, stops, pauses, reruns, or asks for a backfill: something at random. */
  askSomething(): void;
  /** Resumes what is paused; returns whether anything was. */
  resumePaused(): boolean;
  /** Things asked that are not acknowledged yet. */
  open(): number;
  /** By origin: starts that were acknowledged. */
  readonly starts: ReadonlyMap<string, WorkflowInstanceId>;
  readonly backfills: ReadonlyMap<string, { readonly isStopping: boolean }>;
  /** Instances that a person asked to run again: there an attempt may follow a success. */
  readonly rerun: ReadonlySet<string>;
}

export interface UserDeps {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly server: DatabaseServer;
}

export function user({ world, process, server }: UserDeps): User {
  const database: Database = server.openFor(process);
  const starts = new Map<string, WorkflowInstanceId>();
  const backfills = new Map<string, { readonly isStopping: boolean }>();
  const rerun = new Set<string>();
  const workflowIds = new Map<string, string>();
  let flows: readonly Flow[] = [];
  let asked = 0;
  let open = 0;

  const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await process.clock.sleep(500 + world.random() * 1_000);
      }
    }
  };
  const inBackground = (what: string, work: () => Promise<void>): void => {
    open += 1;
    work().then(
      () => {
        open -= 1;
      },
      (error: unknown) => world.note(`USER cannot ${what}: ${String(error)}`), // stays open, and the run never rests
    );
  };

  const start = (flow: Flow): void => {
    asked += 1;
    const origin = `key:${asked}`;
    inBackground("start", async () => {
      const { id } = await patiently(() =>
        database.transact((transaction) =>
          createInstance(transaction, database.nowMs(), {
            workflowId: workflowIds.get(flow.name) ?? "",
            version: 1,
            trigger: "manual",
            scheduleTimeMs: null,
            dryRun: false,
            priority: priorities.indexOf("medium"),
            options: { params: {} },
            origin,
          }),
        ),
      );
      starts.set(origin, id);
      world.note(`USER started ${flow.name}: ${id}`);
    });
  };

  const backfill = (flow: Flow): void => {
    asked += 1;
    const origin = `key:${asked}`;
    const lanes = 1 + world.pick(3);
    const isStopping = world.chance(0.4);
    const first = 1 + world.pick(20);
    inBackground("backfill", async () => {
      const dates = backfillDates(
        { dates: { kind: "range", from: day(first), to: day(first + 2 + world.pick(4)) } },
        { cron: undefined, zone: "UTC" },
      );
      if (!dates.ok) throw new Error(dates.message);
      const plan = planBackfill(
        dates.timesMs,
        { order: world.chance(0.5) ? "asc" : "desc", reprocess: "all" },
        new Map(),
      );
      const workflowId = workflowIds.get(flow.name) ?? "";
      const id = await patiently(() =>
        createBackfill(database, {
          workflowId,
          lanes,
          onFailure: isStopping ? "stop" : "continue",
          options: { start: { params: {} }, priority: 2, dryRun: false },
          plan: plan.map((date) => ({ ...date, workflowId })),
          origin,
        }),
      );
      backfills.set(id, { isStopping });
      world.note(`USER backfills ${flow.name}: ${id}`);
      await advanceBackfill(database, id).catch(() => {}); // a master's sweep does it as well
    });
  };

  const intend = (kind: CommandKind, states: string): void => {
    const [row] = server.own
      .prepare(
        `select i.id, i.priority from workflow_instance i join workflow_version v on v.workflow_id = i.workflow_id and v.version = i.version
         where i.state in (${states}) and json_extract(v.definition, '$.concurrency') = 'parallel' and i.backfill_id is null
         and i.trigger_kind <> 'sub_workflow' order by i.id desc limit 1`,
      )
      .all([]) as readonly { readonly id: number; readonly priority: number }[]; // the columns asked for
    if (row === undefined) return;
    const instance = workflowInstanceId(row.id);
    if (kind === "rerun" || kind === "recover_failed") rerun.add(instance);
    world.note(`USER asks ${kind} of ${instance}`);
    inBackground(kind, async () => {
      await patiently(() => insertCommand(database.knex, database.nowMs(), { kind, instance, priority: row.priority }));
    });
  };

  return {
    deploy: async (chosen) => {
      flows = chosen;
      await patiently(() =>
        deploy(database, {
          workflows: chosen.map((flow) => flow.workflow),
          contents: new Map(),
          deployedBy: "the simulator",
          prune: false,
          plan: false,
        }),
      );
      const rows = server.own.prepare("select id, name from workflow").all([]) as readonly {
        readonly id: number;
        readonly name: string;
      }[]; // the columns asked for
      for (const row of rows) workflowIds.set(row.name, String(row.id));
    },
    start,
    askSomething: () => {
      const flow = flows[world.pick(flows.length)];
      if (flow === undefined) return;
      const what = world.pick(20);
      if (what < 12) start(flow);
      else if (what < 14 && !flow.isSerial) backfill(flow);
      else if (what === 14) intend("stop", "'running'");
      else if (what === 15) intend("pause", "'running'");
      else if (what === 16) intend("rerun", "'succeeded', 'failed', 'stopped'");
      else if (what === 17) intend("recover_failed", "'failed'");
      else start(flow);
    },
    resumePaused: () => {
      const paused = server.own
        .prepare("select id, priority from workflow_instance where state = 'paused' and trigger_kind <> 'sub_workflow'")
        .all([]) as readonly { readonly id: number; readonly priority: number }[]; // the columns asked for
      for (const { id, priority } of paused) {
        inBackground("resume", async () => {
          await patiently(() =>
            insertCommand(database.knex, database.nowMs(), {
              kind: "resume",
              instance: workflowInstanceId(id),
              priority,
            }),
          );
        });
      }
      return paused.length > 0;
    },
    open: () => open,
    starts,
    backfills,
    rerun,
  };
}

const day = (index: number): string =>
  `2025-0${1 + (Math.floor(index / 28) % 9)}-${String(1 + (index % 28)).padStart(2, "0")}`;
