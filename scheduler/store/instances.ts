// Triggers: a new instance and the command to start it, in one transaction; and commands to instances that exist.

import type { Knex } from "knex";
import type { JsonValue } from "../model/definition.ts";
import { type BackfillId, type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Trigger } from "../model/states.ts";
import type { CommandKind, ParentRef, StartOptions } from "./records.ts";

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
  const [inserted] = await transaction("workflow_instance").insert({
    workflow_id: instance.workflowId,
    version: instance.version,
    state: "submitted",
    trigger_kind: instance.trigger,
    schedule_time: instance.scheduleTimeMs,
    created_at: nowMs,
    run_times: 0,
    dry_run: instance.dryRun,
    priority: instance.priority,
    options: JSON.stringify(instance.options),
    params: "{}",
    backfill_id: instance.backfill ?? null,
    parent_instance: instance.parent?.instance ?? null,
    parent_task: instance.parent?.taskIndex ?? null,
    parent_attempt: instance.parent?.attempt ?? null,
    parent_item: instance.parent?.item ?? null,
    origin: origin ?? null,
    event_seq: 1,
  });
  const id = workflowInstanceId(String(inserted));
  await transaction("instance_event").insert({
    workflow_instance_id: id,
    seq: 1,
    kind: "instance",
    state: "submitted",
    at: nowMs,
  });
  const commandId = await insertCommand(transaction, nowMs, {
    kind: "start",
    instance: id,
    priority: instance.priority,
  });
  await transaction("workflow_instance").where({ id }).update({ queue_position: commandId });
  return { id, isNew: true };
}

export async function insertCommand(
  transaction: Knex,
  nowMs: number,
  command: {
    readonly kind: CommandKind;
    readonly instance: WorkflowInstanceId;
    readonly priority: number;
    readonly payload?: { readonly [name: string]: JsonValue };
  },
): Promise<string> {
  const [id] = await transaction("command").insert({
    kind: command.kind,
    workflow_instance_id: command.instance,
    priority: command.priority,
    payload: command.payload ? JSON.stringify(command.payload) : null,
    created_at: nowMs,
  });
  return String(id);
}
