// Schedules as rows: which are due, and firing them. Who fires is decided by a unique origin; the next fire is kept in the row.

import type { Knex } from "knex";
import { type CatchUp, priorities, type WorkflowDefinition } from "../model/definition.ts";
import type { WorkflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { createInstance } from "./instances.ts";
import type { Row } from "./records.ts";

export interface ScheduleRecord {
  readonly workflowId: string;
  readonly cron: string;
  readonly zone: string;
  readonly activeFrom: string | null;
  readonly activeUntil: string | null;
  readonly catchUp: CatchUp;
  readonly nextFireAtMs: number;
}

/** What to do about a due schedule: which times to fire, and when it is due next (null: never again). */
export interface Firing {
  readonly fireTimesMs: readonly number[];
  readonly nextFireAtMs: number | null;
}

export interface DueOptions {
  readonly nowMs: number;
  readonly limit: number;
  readonly decide: (schedule: ScheduleRecord) => Firing;
}

/** Fires what is due in one transaction. Returns the new instances. */
export async function fireDueSchedules(
  database: Database,
  options: DueOptions,
): Promise<readonly WorkflowInstanceId[]> {
  const { nowMs, limit, decide } = options;
  const due = await database
    .knex("schedule")
    .where({ online: true })
    .where("next_fire_at", "<=", nowMs)
    .orderBy("next_fire_at")
    .limit(limit)
    .select("workflow_id");
  if (due.length === 0) return [];
  return database.transact(async (transaction) => {
    const rows = await transaction("schedule as s")
      .join("workflow as w", "w.id", "s.workflow_id")
      .join("workflow_version as v", (join) => {
        join.on("v.workflow_id", "w.id").andOn("v.version", "w.version");
      })
      .whereIn(
        "s.workflow_id",
        due.map((row) => row.workflow_id),
      )
      .where("s.online", true)
      .where("s.next_fire_at", "<=", nowMs)
      .orderBy("s.workflow_id")
      .forUpdate()
      .select("s.*", "w.version", "v.definition");
    const created: WorkflowInstanceId[] = [];
    for (const row of rows) created.push(...(await fire(transaction, nowMs, row, decide(scheduleFromRow(row)))));
    return created;
  });
}

async function fire(
  transaction: Knex.Transaction,
  nowMs: number,
  row: { readonly workflow_id: string | number; readonly version: number; readonly definition: string },
  firing: Firing,
): Promise<readonly WorkflowInstanceId[]> {
  const created: WorkflowInstanceId[] = [];
  const { priority } = JSON.parse(row.definition) as WorkflowDefinition; // written by a deployment of this schema
  for (const scheduleTimeMs of firing.fireTimesMs) {
    const { id, isNew } = await createInstance(transaction, nowMs, {
      workflowId: String(row.workflow_id),
      version: Number(row.version),
      trigger: "schedule",
      scheduleTimeMs,
      dryRun: false,
      priority: priorities.indexOf(priority),
      options: { params: {} },
      origin: `schedule:${row.workflow_id}:${scheduleTimeMs}`,
    });
    if (isNew) created.push(id);
  }
  await transaction("schedule").where({ workflow_id: row.workflow_id }).update({ next_fire_at: firing.nextFireAtMs });
  return created;
}

function scheduleFromRow(row: Row): ScheduleRecord {
  return {
    workflowId: String(row["workflow_id"]),
    cron: String(row["cron"]),
    zone: String(row["zone"]),
    activeFrom: row["active_from"] == null ? null : String(row["active_from"]),
    activeUntil: row["active_until"] == null ? null : String(row["active_until"]),
    catchUp: row["catch_up"] as CatchUp, // only its words are ever written there
    nextFireAtMs: Number(row["next_fire_at"]),
  };
}
