// Schedules as rows: which are due, and firing them. Who fires is decided by a unique origin; the next fire is kept in the row.

import type { Knex } from "knex";
import { type CatchUp, priorities, type WorkflowDefinition } from "../model/definition.ts";
import type { WorkflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { createInstances } from "./instances.ts";
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
    // Another master was faster.
    if (rows.length === 0) return [];
    const firings = rows.map((row) => ({ row, firing: decide(scheduleFromRow(row)) }));
    const created = await createInstances(
      transaction,
      nowMs,
      firings.flatMap(({ row, firing }) => firing.fireTimesMs.map((timeMs) => scheduledInstance(row, timeMs))),
    );
    await keepNextFires(
      transaction,
      firings.map(({ row, firing }) => ({ workflowId: row.workflow_id, nextFireAtMs: firing.nextFireAtMs })),
    );
    return created;
  });
}

interface DueRow {
  readonly workflow_id: string | number;
  readonly version: number;
  readonly definition: string;
}

function scheduledInstance({ workflow_id, version, definition }: DueRow, scheduleTimeMs: number) {
  const { priority } = JSON.parse(definition) as WorkflowDefinition; // written by a deployment of this schema
  return {
    workflowId: String(workflow_id),
    version: Number(version),
    trigger: "schedule",
    scheduleTimeMs,
    dryRun: false,
    priority: priorities.indexOf(priority),
    options: { params: {} },
    origin: `schedule:${workflow_id}:${scheduleTimeMs}`,
  } as const;
}

/** All in one statement: each row has a time of its own. */
async function keepNextFires(
  transaction: Knex.Transaction,
  next: readonly { readonly workflowId: string | number; readonly nextFireAtMs: number | null }[],
): Promise<void> {
  const cases = next.map(() => "when ? then ?").join(" ");
  const values = next.flatMap(({ workflowId, nextFireAtMs }) => [workflowId, nextFireAtMs]);
  const ids = next.map(({ workflowId }) => workflowId);
  await transaction("schedule")
    .whereIn("workflow_id", ids)
    .update({ next_fire_at: transaction.raw(`case workflow_id ${cases} end`, values) });
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
