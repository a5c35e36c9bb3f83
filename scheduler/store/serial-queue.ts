// The queue of a workflow whose instances run one after the other, computed from rows under the workflow's lock.
// Its order is that of the commands that asked for the runs; a paused instance holds the queue. Manual and scheduled runs
// queue; a backfill obeys its own limit, a child its parent.

import type { Knex } from "knex";
import type { Concurrency } from "../model/definition.ts";
import { type Incarnation, type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { insertCommand } from "./instances.ts";
import type { CommandRecord } from "./records.ts";

const queueing = ["manual", "schedule"];
const underWay = ["running", "pausing", "paused", "stopping"];
const waiting = ["submitted", "serial_wait"];

/**
 * `queued`: it waits (or was discarded), has no owner any more and its command is gone. `not_owned`: another master has it.
 * `obeyed`: the command was carried out since it was read.
 */
export type Admission = "admitted" | "queued" | "not_owned" | "obeyed";

/**
 * May this instance of a serial workflow run now, as the command asks? If not, it is put into the queue (at its end, if it has run
 * before) or discarded, as the workflow says; what was asked is remembered.
 */
export async function admit(
  database: Database,
  asked: {
    readonly instance: WorkflowInstanceId;
    readonly workflowId: string;
    readonly concurrency: Exclude<Concurrency, "parallel">;
    readonly owner: Incarnation;
    readonly epoch: number;
    readonly command: CommandRecord;
  },
): Promise<Admission> {
  const { instance, workflowId, concurrency, owner, epoch, command } = asked;
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    await transaction("workflow").where({ id: workflowId }).forUpdate().first("id");
    const mine = await transaction("workflow_instance")
      .where({ id: instance, owner, owner_epoch: epoch })
      .forUpdate()
      .first("event_seq", "queue_position", "state");
    if (!mine) return "not_owned";
    // Under the instance's lock: the save that obeyed it may have been committed since it was read. The instance runs then, and
    // must not be taken for one that asks for another run.
    if (!(await transaction("command").where({ id: command.id }).first("id"))) return "obeyed";
    const isWaiting = waiting.includes(mine.state);
    const position = isWaiting ? mine.queue_position : command.id;
    const remembered = JSON.stringify({ kind: command.kind, payload: command.payload });
    const before = await ahead(transaction, { instance, workflowId, position });
    if (before.length === 0) {
      // Until its start is saved it stands as one that waits: before all others then, also those that asked earlier and
      // become visible only now.
      await transaction("workflow_instance")
        .where({ id: instance })
        .update({ queue_position: 0, ...(isWaiting ? {} : { state: "serial_wait", queued_command: remembered }) });
      return "admitted";
    }

    const state = concurrency === "serial_discard" ? "stopped" : "serial_wait";
    const eventSeq = Number(mine.event_seq) + (mine.state === state ? 0 : 1);
    await transaction("workflow_instance")
      .where({ id: instance })
      .update({
        state,
        owner: null,
        event_seq: eventSeq,
        queue_position: position,
        ...(isWaiting ? {} : { queued_command: remembered }),
        ...(state === "stopped" ? { ended_at: nowMs } : {}),
      });
    if (mine.state !== state) {
      const reason = state === "stopped" ? `instance ${before[0]?.id} of this workflow is under way` : null;
      await transaction("instance_event").insert({
        workflow_instance_id: instance,
        seq: eventSeq,
        kind: "instance",
        state,
        reason,
        at: nowMs,
      });
    }
    if (concurrency === "serial_priority") {
      for (const older of before) {
        await insertCommand(transaction, nowMs, {
          kind: "stop",
          instance: workflowInstanceId(older.id),
          priority: older.priority,
        });
      }
    }
    await transaction("command").where({ workflow_instance_id: instance, kind: command.kind }).del();
    return "queued";
  });
}

interface AheadRow {
  readonly id: string | number;
  readonly priority: number;
}

/** Those that must have ended before the instance may start. */
function ahead(
  transaction: Knex.Transaction,
  of: { readonly instance: WorkflowInstanceId; readonly workflowId: string; readonly position: string | number },
): Promise<readonly AheadRow[]> {
  return transaction("workflow_instance")
    .where({ workflow_id: of.workflowId })
    .whereIn("trigger_kind", queueing)
    .whereNot({ id: of.instance })
    .where((query) => {
      query.whereIn("state", underWay).orWhere((earlier) => {
        earlier.whereIn("state", waiting).where("queue_position", "<", of.position);
      });
    })
    .orderBy("id")
    .select("id", "priority");
}

/** Workflows with a queue. */
export async function queuedWorkflows(database: Database): Promise<readonly string[]> {
  const rows = await database.knex("workflow_instance").where({ state: "serial_wait" }).distinct("workflow_id");
  return rows.map((row) => String(row.workflow_id));
}

/** Gives the first of the queue its command to start, when nothing is under way. Repeatable; returns whether it did. */
export async function startNextOfQueue(database: Database, workflowId: string): Promise<boolean> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    await transaction("workflow").where({ id: workflowId }).forUpdate().first("id");
    const first = await transaction("workflow_instance")
      .where({ workflow_id: workflowId, state: "serial_wait" })
      .orderBy("queue_position")
      .first("id", "priority", "queue_position", "queued_command");
    if (!first) return false;
    const instance = workflowInstanceId(first.id);
    const before = await ahead(transaction, { instance, workflowId, position: first.queue_position });
    if (before.length > 0) return false;
    const asked = await transaction("command").where({ workflow_instance_id: instance }).first("id");
    if (asked) return false;
    const remembered: Pick<CommandRecord, "kind" | "payload"> =
      first.queued_command == null ? { kind: "start", payload: {} } : JSON.parse(first.queued_command);
    await insertCommand(transaction, nowMs, { ...remembered, instance, priority: first.priority });
    return true;
  });
}
