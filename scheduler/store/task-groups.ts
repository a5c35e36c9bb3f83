// Task groups as pools: a task waits as a row, is granted one of its group's slots under the group's lock, and gives it back in the
// transaction that ends its attempt (or takes it off the queue).

import type { Knex } from "knex";
import { splitTaskInstanceId, type TaskInstanceId, taskInstanceId, type WorkflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import type { Row } from "./records.ts";
import { type UpsertTable, upsert } from "./upsert.ts";

/** `wait`: the task asks for a slot. `leave`: it gives back the one it has, or asks no more. */
export type PoolChange =
  | {
      readonly kind: "wait";
      readonly taskIndex: number;
      readonly group: string;
      readonly poolPriority: number;
      /** Indexes into `priorities`. */
      readonly workflowPriority: number;
      readonly taskPriority: number;
      readonly sinceMs: number;
    }
  | { readonly kind: "leave"; readonly taskIndex: number };

const table: UpsertTable = {
  name: "task_group_slot",
  key: ["workflow_instance_id", "task_index"],
  columns: [
    "workflow_instance_id",
    "task_index",
    "task_group",
    "pool_priority",
    "workflow_priority",
    "task_priority",
    "since_at",
    "granted_at",
  ],
};

export async function changePools(
  transaction: Knex.Transaction,
  changes: readonly { readonly instance: WorkflowInstanceId; readonly pools: readonly PoolChange[] }[],
): Promise<void> {
  const waiting: (string | number | null)[][] = [];
  for (const { instance, pools } of changes) {
    const leaving: number[] = [];
    for (const change of pools) {
      if (change.kind === "leave") leaving.push(change.taskIndex);
      else {
        const { taskIndex, group, poolPriority, workflowPriority, taskPriority, sinceMs } = change;
        waiting.push([instance, taskIndex, group, poolPriority, workflowPriority, taskPriority, sinceMs, null]);
      }
    }
    if (leaving.length > 0) {
      await transaction(table.name).where("workflow_instance_id", instance).whereIn("task_index", leaving).del();
    }
  }
  await upsert(transaction, table, waiting);
}

/** Grants the free slots of a group, to the most urgent first. Repeatable; whoever looks may do it. Returns how many. */
export async function grantSlots(database: Database, group: string): Promise<number> {
  return database.transact(async (transaction) => {
    const pool = await transaction("task_group").where({ name: group }).forUpdate().first("size");
    if (!pool) return 0;
    const [taken] = await transaction(table.name)
      .where({ task_group: group })
      .whereNotNull("granted_at")
      .count({ count: "*" });
    const free = Number(pool.size) - Number(taken?.["count"] ?? 0);
    if (free <= 0) return 0;
    const rows: readonly SlotRow[] = await transaction(table.name)
      .where({ task_group: group, granted_at: null })
      .orderBy([
        { column: "pool_priority", order: "desc" },
        { column: "workflow_priority" },
        { column: "task_priority" },
        { column: "since_at" },
        { column: "workflow_instance_id" },
        { column: "task_index" },
      ])
      .limit(free)
      .select("workflow_instance_id", "task_index");
    let granted = 0;
    for (const { workflow_instance_id, task_index } of rows) {
      granted += await transaction(table.name)
        .where({ workflow_instance_id, task_index, granted_at: null })
        .update({ granted_at: database.nowMs() });
    }
    return granted;
  });
}

interface SlotRow {
  readonly workflow_instance_id: string | number;
  readonly task_index: number;
}

/** Which of these waiting tasks have their slot by now, and since when. */
export async function grantedAmong(
  { knex }: Database,
  tasks: readonly TaskInstanceId[],
): Promise<ReadonlyMap<TaskInstanceId, number>> {
  const instances = [...new Set(tasks.flatMap((task) => splitTaskInstanceId(task)?.instance ?? []))];
  const asked: ReadonlySet<string> = new Set(tasks);
  const rows: readonly (SlotRow & { readonly granted_at: string | number })[] = await knex(table.name)
    .whereIn("workflow_instance_id", instances)
    .whereNotNull("granted_at")
    .select("workflow_instance_id", "task_index", "granted_at");
  return new Map(rows.map((row) => [idOf(row), Number(row.granted_at)] as const).filter(([id]) => asked.has(id)));
}

const idOf = ({ workflow_instance_id, task_index }: SlotRow): TaskInstanceId =>
  taskInstanceId(String(workflow_instance_id) as WorkflowInstanceId, Number(task_index)); // ids of this table

/** Takes back slots whose tasks do not want them any more, whatever was missed. Returns how many. */
export async function sweepSlots({ knex }: Database): Promise<number> {
  return knex(table.name)
    .whereNotExists(
      knex("task_instance as t")
        .join("workflow_instance as i", "i.id", "t.workflow_instance_id")
        .select(knex.raw("1"))
        .whereRaw("t.workflow_instance_id = task_group_slot.workflow_instance_id")
        .whereRaw("t.task_index = task_group_slot.task_index")
        .whereIn("t.state", ["submitted", "dispatched", "running"])
        .whereIn("i.state", ["running", "pausing", "stopping"]),
    )
    .del();
}

export interface PoolPlace {
  readonly taskIndex: number;
  readonly group: string;
  readonly isGranted: boolean;
  readonly size: number | null;
  readonly taken: number;
}

/** How the tasks of an instance stand in their pools; size null: there is no such task group. */
export async function poolPlaces({ knex }: Database, instance: WorkflowInstanceId): Promise<readonly PoolPlace[]> {
  const rows = await knex("task_group_slot as s")
    .leftJoin("task_group as g", "g.name", "s.task_group")
    .where("s.workflow_instance_id", instance)
    .select("s.task_index", "s.task_group", "s.granted_at", "g.size");
  const groups = [...new Set(rows.map((row) => String(row.task_group)))];
  const counts: readonly Row[] = await knex("task_group_slot")
    .whereIn("task_group", groups)
    .whereNotNull("granted_at")
    .groupBy("task_group")
    .select("task_group")
    .count({ count: "*" });
  const taken = new Map(counts.map((row) => [String(row["task_group"]), Number(row["count"])]));
  return rows.map((row) => ({
    taskIndex: Number(row.task_index),
    group: String(row.task_group),
    isGranted: row.granted_at != null,
    size: row.size == null ? null : Number(row.size),
    taken: taken.get(String(row.task_group)) ?? 0,
  }));
}
