// Backfills as rows: one with one row a planned date. Dates are started under the backfill row's lock, by whoever looks.

import type { Knex } from "knex";
import { type BackfillId, backfillId } from "../model/ids.ts";
import { type BackfillState, type Existing, nextOfBackfill, type PlannedDate } from "../model/life/backfill.ts";
import type { WorkflowInstanceState } from "../model/states.ts";
import type { Database } from "./database.ts";
import { createInstance } from "./instances.ts";
import type { Row, StartOptions } from "./records.ts";
import { upsert } from "./upsert.ts";

export interface BackfillOptions {
  readonly start: StartOptions;
  readonly priority: number;
  readonly dryRun: boolean;
}

export interface NewBackfill {
  readonly workflowId: string;
  readonly lanes: number;
  readonly onFailure: "stop" | "continue";
  readonly options: BackfillOptions;
  /** In the order in which they start. */
  readonly plan: readonly (PlannedDate & { readonly workflowId: string })[];
  readonly origin?: string;
}

const unfinished: readonly WorkflowInstanceState[] = [
  "submitted",
  "serial_wait",
  "running",
  "pausing",
  "paused",
  "stopping",
];

/** The newest instance of each schedule time. */
export async function instancesByScheduleTime(
  database: Database,
  workflowId: string,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<Existing> {
  const rows = await database
    .knex("workflow_instance")
    .where({ workflow_id: workflowId })
    .whereBetween("schedule_time", [range.fromMs, range.toMs])
    .orderBy("id")
    .select("id", "state", "schedule_time");
  return new Map(rows.map((row) => [Number(row.schedule_time), { id: String(row.id), state: row.state }]));
}

export async function createBackfill(database: Database, backfill: NewBackfill): Promise<BackfillId> {
  const nowMs = database.nowMs();
  const { origin } = backfill;
  return database.transact(async (transaction) => {
    if (origin !== undefined) {
      const earlier = await transaction("backfill").where({ origin }).forUpdate().first("id");
      if (earlier) return backfillId(earlier.id);
    }
    const [inserted] = await transaction("backfill").insert({
      workflow_id: backfill.workflowId,
      state: "running",
      lanes: backfill.lanes,
      on_failure: backfill.onFailure,
      options: JSON.stringify(backfill.options),
      created_at: nowMs,
      origin: origin ?? null,
    });
    const id = backfillId(String(inserted));
    await upsert(
      transaction,
      {
        name: "backfill_date",
        key: ["backfill_id", "seq"],
        columns: ["backfill_id", "seq", "workflow_id", "schedule_time", "action", "why"],
      },
      backfill.plan.map((date, seq) => [id, seq, date.workflowId, date.scheduleTimeMs, date.action, date.why]),
    );
    return id;
  });
}

/** Backfills that may have something to start or to end. */
export async function openBackfills(database: Database): Promise<readonly BackfillId[]> {
  const rows = await database.knex("backfill").where({ state: "running" }).select("id");
  return rows.map((row) => backfillId(row.id));
}

/** Starts what may start and ends what is done; repeatable. Returns how many instances it started. */
export async function advanceBackfill(database: Database, id: BackfillId): Promise<number> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    const row = await transaction("backfill").where({ id }).forUpdate().first();
    if (!row) return 0;
    const decision = nextOfBackfill(
      { state: row.state, lanes: Number(row.lanes), onFailure: row.on_failure },
      await progressOf(transaction, id),
    );
    if (decision.start > 0) await startDates(transaction, nowMs, row, decision.start);
    if (decision.state !== row.state) {
      await transaction("backfill").where({ id }).update({ state: decision.state, ended_at: nowMs });
    }
    return decision.start;
  });
}

async function progressOf(transaction: Knex.Transaction, id: BackfillId) {
  const states: readonly { readonly state: string; readonly count: string | number }[] = await transaction(
    "workflow_instance",
  )
    .where({ backfill_id: id })
    .groupBy("state")
    .select("state")
    .count({ count: "*" });
  const count = (wanted: readonly string[]): number =>
    states.filter(({ state }) => wanted.includes(state)).reduce((sum, row) => sum + Number(row.count), 0);
  const left = await transaction("backfill_date")
    .where({ backfill_id: id, action: "create" })
    .whereNull("workflow_instance_id")
    .count({ count: "*" })
    .first();
  return { running: count(unfinished), failed: count(["failed", "stopped"]), left: Number(left?.["count"] ?? 0) };
}

async function startDates(transaction: Knex.Transaction, nowMs: number, row: Row, limit: number): Promise<void> {
  const id = backfillId(String(row["id"]));
  const options = JSON.parse(String(row["options"])) as BackfillOptions; // written by createBackfill
  const dates = await transaction("backfill_date as d")
    .join("workflow as w", "w.id", "d.workflow_id")
    .where({ "d.backfill_id": id, "d.action": "create" })
    .whereNull("d.workflow_instance_id")
    .orderBy("d.seq")
    .limit(limit)
    .select("d.seq", "d.schedule_time", "d.workflow_id", "w.version");
  for (const date of dates) {
    const { id: instance } = await createInstance(transaction, nowMs, {
      workflowId: String(date.workflow_id),
      version: Number(date.version),
      trigger: "backfill",
      scheduleTimeMs: Number(date.schedule_time),
      dryRun: options.dryRun,
      priority: options.priority,
      // Params are those of the workflow that was asked for, not of those that wait for it.
      options: String(date.workflow_id) === String(row["workflow_id"]) ? options.start : { params: {} },
      backfill: id,
      origin: `backfill:${id}:${date.workflow_id}:${date.schedule_time}`,
    });
    await transaction("backfill_date")
      .where({ backfill_id: id, seq: date.seq })
      .update({ workflow_instance_id: instance });
  }
}

/** Changes the state when it is one of `from`; returns whether it was. */
export async function setBackfillState(
  database: Database,
  id: BackfillId,
  change: { readonly from: readonly BackfillState[]; readonly to: BackfillState },
): Promise<boolean> {
  const changed = await database
    .knex("backfill")
    .where({ id })
    .whereIn("state", [...change.from])
    .update({ state: change.to });
  return changed === 1;
}

export interface StoredBackfill {
  readonly id: BackfillId;
  readonly project: string;
  readonly workflow: string;
  readonly state: BackfillState;
  readonly dates: readonly StoredDate[];
}

export interface StoredDate extends PlannedDate {
  readonly project: string;
  readonly workflow: string;
  readonly zone: string;
  readonly instance: string | null;
  readonly state: string | null;
}

export async function readBackfill(database: Database, id: BackfillId): Promise<StoredBackfill | undefined> {
  const { knex } = database;
  const row = await knex("backfill as b")
    .join("workflow as w", "w.id", "b.workflow_id")
    .where("b.id", id)
    .first("b.state", "w.project", "w.name");
  if (!row) return undefined;
  const dates: readonly Row[] = await knex("backfill_date as d")
    .join("workflow as w", "w.id", "d.workflow_id")
    .join("workflow_version as v", (join) => {
      join.on("v.workflow_id", "w.id").andOn("v.version", "w.version");
    })
    .leftJoin("workflow_instance as i", "i.id", "d.workflow_instance_id")
    .where("d.backfill_id", id)
    .orderBy("d.seq")
    .select("d.*", "w.project", "w.name", "v.zone", "i.state as instance_state");
  return {
    id,
    project: row.project,
    workflow: row.name,
    state: row.state,
    dates: dates.map((date) => ({
      project: String(date["project"]),
      workflow: String(date["name"]),
      zone: String(date["zone"]),
      scheduleTimeMs: Number(date["schedule_time"]),
      action: date["action"] as PlannedDate["action"], // only actions are ever written there
      why: String(date["why"]),
      instance: date["workflow_instance_id"] == null ? null : String(date["workflow_instance_id"]),
      state: date["instance_state"] == null ? null : String(date["instance_state"]),
    })),
  };
}
