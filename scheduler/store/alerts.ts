// Alerts as rows: raised in the transaction of what they tell of (see `transitions`), delivered and listed from here.

import type { AlertDelivery, AlertState } from "../model/alert.ts";
import { type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import type { Row } from "./records.ts";

export interface StoredAlert {
  readonly id: string;
  readonly kind: string;
  readonly project: string;
  readonly workflow: string;
  readonly instance: WorkflowInstanceId;
  readonly taskIndex: number | null;
  readonly group: string;
  readonly title: string;
  readonly body: string;
  readonly raisedAtMs: number;
  readonly state: AlertState;
  readonly tries: number;
  readonly deliveries: readonly AlertDelivery[];
}

/**
 * Alerts that are due, each now this caller's until `untilMs`: whoever dies with one leaves it to the next who looks. An alert may
 * so be sent twice, never not at all.
 */
export async function claimAlerts(
  database: Database,
  options: { readonly untilMs: number; readonly limit: number },
): Promise<readonly StoredAlert[]> {
  const nowMs = database.nowMs();
  const ids = await database.transact(async (transaction) => {
    const rows: readonly Row[] = await transaction("alert")
      .where({ state: "pending" })
      .where("next_try_at", "<=", nowMs)
      .orderBy("next_try_at")
      .limit(options.limit)
      .forUpdate()
      .select("id");
    const found = rows.map((row) => String(row["id"]));
    if (found.length > 0) {
      await transaction("alert").whereIn("id", found).update({ next_try_at: options.untilMs }).increment("tries", 1);
    }
    return found;
  });
  return ids.length === 0 ? [] : (await whole(database).whereIn("a.id", ids).orderBy("a.id")).map(read);
}

/** What became of a claimed alert; `nextTryAtMs` null: it is not tried again. */
export async function keepDeliveries(
  database: Database,
  alert: StoredAlert,
  now: {
    readonly state: AlertState;
    readonly deliveries: readonly AlertDelivery[];
    readonly nextTryAtMs: number | null;
  },
): Promise<void> {
  await database
    .knex("alert")
    .where({ id: alert.id, state: "pending" })
    .update({ state: now.state, next_try_at: now.nextTryAtMs, deliveries: JSON.stringify(now.deliveries) });
}

export interface AlertFilter {
  readonly instance?: string;
  readonly state?: AlertState;
  /** Ids below this one: the list goes from the newest back. */
  readonly before?: string;
  /** Only of these projects; absent: of all. */
  readonly projects?: readonly string[];
  readonly limit: number;
}

export async function alerts(database: Database, filter: AlertFilter): Promise<readonly StoredAlert[]> {
  const rows: readonly Row[] = await whole(database)
    .modify((query) => {
      if (filter.instance !== undefined) query.where("a.workflow_instance_id", filter.instance);
      if (filter.state !== undefined) query.where("a.state", filter.state);
      if (filter.before !== undefined) query.where("a.id", "<", filter.before);
      if (filter.projects !== undefined) query.whereIn("w.project", [...filter.projects]);
    })
    .orderBy("a.id", "desc")
    .limit(filter.limit);
  return rows.map(read);
}

/** With the names of what it tells of. */
const whole = ({ knex }: Database) =>
  knex("alert as a")
    .join("workflow_instance as i", "i.id", "a.workflow_instance_id")
    .join("workflow as w", "w.id", "i.workflow_id")
    .select<Row[]>("a.*", "w.project", "w.name as workflow_name");

function read(row: Row): StoredAlert {
  return {
    id: String(row["id"]),
    kind: String(row["kind"]),
    project: String(row["project"]),
    workflow: String(row["workflow_name"]),
    instance: workflowInstanceId(String(row["workflow_instance_id"])),
    taskIndex: row["task_index"] == null ? null : Number(row["task_index"]),
    group: String(row["alert_group"]),
    title: String(row["title"]),
    body: String(row["body"]),
    raisedAtMs: Number(row["raised_at"]),
    state: row["state"] as AlertState, // only states are ever written there
    tries: Number(row["tries"]),
    deliveries: row["deliveries"] == null ? [] : (JSON.parse(String(row["deliveries"])) as readonly AlertDelivery[]),
  };
}
