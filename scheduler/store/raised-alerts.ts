// Raises alerts: rows written in the transaction of what they tell of, each once; they are delivered afterwards (see `alerts`).

import type { Knex } from "knex";
import type { WorkflowInstanceId } from "../model/ids.ts";
import { type UpsertTable, upsert } from "./upsert.ts";

export interface RaisedAlert {
  /** What may be raised once: `<instance>:<run times>:failed`, `<instance>.<task>#<attempt>:timeout`, … */
  readonly origin: string;
  readonly kind: "outcome" | "workflow_timeout" | "task_timeout";
  readonly instance: WorkflowInstanceId;
  readonly taskIndex: number | null;
  readonly group: string;
  readonly title: string;
  readonly body: string;
  readonly atMs: number;
}

const table: UpsertTable = {
  name: "alert",
  columns: [
    "origin",
    "kind",
    "workflow_instance_id",
    "task_index",
    "alert_group",
    "title",
    "body",
    "raised_at",
    "state",
    "next_try_at",
  ],
  key: ["origin"],
  // What was raised already may have been delivered.
  keepsOld: true,
};

const longestTitle = 255;

export async function raiseAlerts(transaction: Knex.Transaction, alerts: readonly RaisedAlert[]): Promise<void> {
  const rows = alerts.map((alert) => [
    alert.origin,
    alert.kind,
    alert.instance,
    alert.taskIndex,
    alert.group,
    alert.title.slice(0, longestTitle),
    alert.body,
    alert.atMs,
    "pending",
    alert.atMs,
  ]);
  await upsert(transaction, table, rows);
}
