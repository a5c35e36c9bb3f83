// Forgetting what is old: instances that ended long ago, or of which their workflow has many newer ones. Small pieces, and only rows
// that nobody works on: what runs is never kept waiting.

import type { Knex } from "knex";
import { type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";

export interface Keeping {
  /** Absent: for ever. */
  readonly forMs?: number;
  /** How many of each workflow; absent: all. */
  readonly instances?: number;
}

interface IdRow {
  readonly id: string | number;
}

const ids = (rows: readonly IdRow[]): readonly WorkflowInstanceId[] => rows.map((row) => workflowInstanceId(row.id));

/** Ended, owned by nobody, asked nothing, and no part of a backfill or a parent that goes on. */
const forgettable = (knex: Knex): Knex.QueryBuilder =>
  knex("workflow_instance as i")
    .whereNotNull("i.ended_at")
    .whereNull("i.owner")
    .whereIn("i.state", ["succeeded", "failed", "stopped"])
    .whereNotExists(knex("command as c").select(knex.raw("1")).whereRaw("c.workflow_instance_id = i.id"))
    .whereNotExists(
      knex("backfill as b")
        .select(knex.raw("1"))
        .whereRaw("b.id = i.backfill_id")
        .whereIn("b.state", ["running", "paused"]),
    )
    .whereNotExists(
      knex("workflow_instance as p").select(knex.raw("1")).whereRaw("p.id = i.parent_instance").whereNull("p.ended_at"),
    );

/** Some of those that are older than they are kept; of one workflow, or of all but the named ones. */
export async function expired(
  { knex, nowMs }: Database,
  what: {
    readonly forMs: number;
    readonly only?: string;
    readonly except?: readonly string[];
    readonly limit: number;
  },
): Promise<readonly WorkflowInstanceId[]> {
  const rows: readonly IdRow[] = await forgettable(knex)
    .where("i.ended_at", "<", nowMs() - what.forMs)
    .modify((query) => {
      if (what.only !== undefined) query.where("i.workflow_id", what.only);
      if (what.except !== undefined && what.except.length > 0) query.whereNotIn("i.workflow_id", [...what.except]);
    })
    .orderBy("i.ended_at")
    .limit(what.limit)
    .select("i.id");
  return ids(rows);
}

/** Workflows of which more than so many instances are remembered. */
export async function crowded({ knex }: Database, instances: number): Promise<readonly string[]> {
  const rows: readonly { readonly id: string | number }[] = await knex("workflow_instance")
    .groupBy("workflow_id")
    .having(knex.raw("count(*)"), ">", instances)
    .select("workflow_id as id");
  return rows.map((row) => String(row.id));
}

/** Some of a workflow's that have at least so many newer ones. */
export async function surplus(
  { knex }: Database,
  what: { readonly workflowId: string; readonly instances: number; readonly limit: number },
): Promise<readonly WorkflowInstanceId[]> {
  const last = await knex("workflow_instance")
    .where({ workflow_id: what.workflowId })
    .orderBy("id", "desc")
    .offset(what.instances)
    .first("id");
  if (!last) return [];
  const rows: readonly IdRow[] = await forgettable(knex)
    .where("i.workflow_id", what.workflowId)
    .where("i.id", "<=", last.id)
    .orderBy("i.id")
    .limit(what.limit)
    .select("i.id");
  return ids(rows);
}

/** Which of these have no row any more. Newer ones than all that are known are not judged: they are another database's. */
export async function forgottenOf(
  { knex }: Database,
  candidates: readonly WorkflowInstanceId[],
): Promise<readonly WorkflowInstanceId[]> {
  const rows: readonly IdRow[] = await knex("workflow_instance")
    .whereIn("id", [...candidates])
    .select("id");
  const newest = await knex("workflow_instance").max({ id: "id" }).first();
  const known = new Set(ids(rows));
  return candidates.filter((id) => !known.has(id) && BigInt(id) < BigInt(newest?.["id"] ?? 0));
}

const ownTables = ["instance_event", "attempt", "task_instance", "task_group_slot", "alert", "error_command"];

/** Deletes those that may still be forgotten, and tells which. */
export async function forgetInstances(
  database: Database,
  candidates: readonly WorkflowInstanceId[],
): Promise<readonly WorkflowInstanceId[]> {
  if (candidates.length === 0) return [];
  return database.transact(async (transaction) => {
    await transaction("workflow_instance")
      .whereIn("id", [...candidates])
      .orderBy("id")
      .forUpdate()
      .select("id");
    // Asked once more under the lock: somebody may have asked for a rerun meanwhile.
    const rows: readonly IdRow[] = await forgettable(transaction)
      .whereIn("i.id", [...candidates])
      .select("i.id");
    const found = ids(rows);
    if (found.length === 0) return [];
    for (const table of ownTables)
      await transaction(table)
        .whereIn("workflow_instance_id", [...found])
        .del();
    await transaction("workflow_instance")
      .whereIn("id", [...found])
      .del();
    return found;
  });
}
