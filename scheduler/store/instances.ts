// Triggers: a new instance and the command to start it, in one transaction; and commands to instances that exist.

import type { Knex } from "knex";
import type { JsonValue } from "../model/definition.ts";
import { type BackfillId, type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Trigger } from "../model/states.ts";
import type { Database } from "./database.ts";
import type { CommandKind, ParentRef, StartOptions } from "./records.ts";
import { once } from "./request-keys.ts";
import { insertRows, type Value } from "./upsert.ts";

export interface NewInstance {
  readonly workflowId: string;
  readonly version: number;
  readonly trigger: Trigger;
  readonly scheduleTimeMs: number | null;
  readonly dryRun: boolean;
  readonly priority: number;
  readonly options: StartOptions;
  readonly backfill?: BackfillId;
  readonly parent?: ParentRef & { readonly item: number };
  /** What may exist once (`schedule:<workflow>:<time>`): a second insert with the same origin changes nothing. */
  readonly origin?: string;
}

/** Returns the id, and whether it is new: with an origin that is there already, it is the older one's. */
export async function createInstance(
  transaction: Knex.Transaction,
  nowMs: number,
  instance: NewInstance,
): Promise<{ readonly id: WorkflowInstanceId; readonly isNew: boolean }> {
  const { origin } = instance;
  if (origin !== undefined) {
    const earlier = await transaction("workflow_instance").select("id").where({ origin }).forUpdate().first();
    if (earlier) return { id: workflowInstanceId(earlier.id), isNew: false };
  }
  const [inserted] = await transaction("workflow_instance").insert(
    Object.fromEntries(zip(instanceColumns, instanceRow(instance, nowMs))),
  );
  const id = workflowInstanceId(String(inserted));
  await transaction("instance_event").insert(Object.fromEntries(zip(eventColumns, eventRow(id, nowMs))));
  const commandId = await insertCommand(transaction, nowMs, {
    kind: "start",
    instance: id,
    priority: instance.priority,
  });
  await transaction("workflow_instance").where({ id }).update({ queue_position: commandId });
  return { id, isNew: true };
}

/** As `createInstance`, of thousands at once. Returns the ids of those that are new, in the order of their origins' rows. */
export async function createInstances(
  transaction: Knex.Transaction,
  nowMs: number,
  instances: readonly (NewInstance & { readonly origin: string })[],
): Promise<readonly WorkflowInstanceId[]> {
  const origins = (of: readonly { readonly origin: string }[]): string[] => of.map((one) => one.origin);
  const table = () => transaction("workflow_instance");
  const earlier = await table().select("origin").whereIn("origin", origins(instances)).forUpdate();
  const known = new Set(origins(earlier));
  const fresh = instances.filter((one) => !known.has(one.origin));
  if (fresh.length === 0) return [];
  const rows = fresh.map((one) => instanceRow(one, nowMs));
  await insertRows(transaction, { name: "workflow_instance", columns: instanceColumns }, rows);
  const stored = await table().select("id", "priority").whereIn("origin", origins(fresh)).orderBy("id");
  const ids = stored.map((row) => workflowInstanceId(String(row.id)));
  const events = ids.map((id) => eventRow(id, nowMs));
  await insertRows(transaction, { name: "instance_event", columns: eventColumns }, events);
  await insertRows(
    transaction,
    { name: "command", columns: ["kind", "workflow_instance_id", "priority", "created_at"] },
    stored.map((row) => ["start", row.id, row.priority, nowMs]),
  );
  const commandOf = transaction("command").min("id").whereRaw("workflow_instance_id = workflow_instance.id");
  await table().whereIn("id", ids).update({ queue_position: commandOf });
  return ids;
}

const instanceColumns = [
  "workflow_id",
  "version",
  "state",
  "trigger_kind",
  "schedule_time",
  "created_at",
  "run_times",
  "dry_run",
  "priority",
  "options",
  "params",
  "backfill_id",
  "parent_instance",
  "parent_task",
  "parent_attempt",
  "parent_item",
  "origin",
  "event_seq",
] as const;

const instanceRow = (one: NewInstance, nowMs: number): readonly Value[] => [
  one.workflowId,
  one.version,
  "submitted",
  one.trigger,
  one.scheduleTimeMs,
  nowMs,
  0,
  Number(one.dryRun),
  one.priority,
  JSON.stringify(one.options),
  "{}",
  one.backfill ?? null,
  one.parent?.instance ?? null,
  one.parent?.taskIndex ?? null,
  one.parent?.attempt ?? null,
  one.parent?.item ?? null,
  one.origin ?? null,
  1,
];

const eventColumns = ["workflow_instance_id", "seq", "kind", "state", "at"] as const;
const eventRow = (id: WorkflowInstanceId, nowMs: number): readonly Value[] => [id, 1, "instance", "submitted", nowMs];

const zip = (columns: readonly string[], values: readonly Value[]): readonly (readonly [string, Value])[] =>
  columns.map((column, index) => [column, values[index] ?? null]);

export interface NewCommand {
  readonly kind: CommandKind;
  readonly instance: WorkflowInstanceId;
  readonly priority: number;
  readonly payload?: { readonly [name: string]: JsonValue };
}

export async function insertCommand(transaction: Knex, nowMs: number, command: NewCommand): Promise<string> {
  const [id] = await transaction("command").insert({
    kind: command.kind,
    workflow_instance_id: command.instance,
    priority: command.priority,
    payload: command.payload ? JSON.stringify(command.payload) : null,
    created_at: nowMs,
  });
  return String(id);
}

/** With its client's key: the same request sent once more asks nothing more. */
export async function insertCommandOnce(
  database: Database,
  key: string | undefined,
  command: NewCommand | undefined,
): Promise<void> {
  await once(database, key, async (transaction) => {
    if (command) await insertCommand(transaction, database.nowMs(), command);
  });
}
