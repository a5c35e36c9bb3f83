// Saves what actors decided: one transaction carries the transitions of many instances, each only while its epoch holds.

import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import type { RunPlan } from "../model/life/run-plan.ts";
import type { WorkflowInstanceState } from "../model/states.ts";
import { type ChildChange, changeChildren } from "./children.ts";
import type { Database } from "./database.ts";
import { type RaisedAlert, raiseAlerts } from "./raised-alerts.ts";
import {
  type AttemptRecord,
  attemptColumns,
  attemptToRow,
  type EventRecord,
  type TaskRecord,
  taskColumns,
  taskToRow,
} from "./records.ts";
import { changePools, type PoolChange } from "./task-groups.ts";
import { type UpsertTable, upsert } from "./upsert.ts";

/** The part of an instance's row that its owner changes. `owner: null` gives it back (it needs none any more). */
export interface InstanceHeader {
  readonly state: WorkflowInstanceState;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly runTimes: number;
  readonly params: { readonly [name: string]: string };
  readonly owner: Incarnation | null;
  readonly eventSeq: number;
  readonly plan: RunPlan | null;
  readonly timeoutAtMs: number | null;
}

/** All that one turn of an actor changes. Writing it twice does no harm. */
export interface Transition {
  readonly instance: WorkflowInstanceId;
  readonly epoch: number;
  readonly header: InstanceHeader;
  readonly tasks: readonly TaskRecord[];
  /** Tasks that a rerun takes back to "not started". */
  readonly removedTasks: readonly number[];
  readonly attempts: readonly AttemptRecord[];
  readonly events: readonly EventRecord[];
  readonly alerts: readonly RaisedAlert[];
  readonly pools: readonly PoolChange[];
  readonly children: readonly ChildChange[];
  /** Commands that are obeyed by this. */
  readonly doneCommands: readonly string[];
}

const instanceTable: UpsertTable = {
  name: "workflow_instance",
  key: ["id"],
  columns: [
    "id",
    "state",
    "started_at",
    "ended_at",
    "run_times",
    "params",
    "owner",
    "event_seq",
    "run_plan",
    "timeout_at",
  ],
};
const taskTable: UpsertTable = {
  name: "task_instance",
  key: ["workflow_instance_id", "task_index"],
  columns: taskColumns,
};
const attemptTable: UpsertTable = {
  name: "attempt",
  key: ["workflow_instance_id", "task_index", "attempt"],
  columns: attemptColumns,
};
const eventTable: UpsertTable = {
  name: "instance_event",
  key: ["workflow_instance_id", "seq"],
  columns: ["workflow_instance_id", "seq", "kind", "task_index", "attempt", "state", "reason", "at"],
};

/** Writes those whose owner and epoch still hold; tells for each whether it was written. */
export async function saveTransitions(
  database: Database,
  owner: Incarnation,
  transitions: readonly Transition[],
): Promise<readonly boolean[]> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    const rows = await transaction("workflow_instance")
      .select("id", "owner", "owner_epoch")
      .whereIn(
        "id",
        transitions.map((transition) => transition.instance),
      )
      .orderBy("id")
      .forUpdate();
    const epochs = new Map(
      rows.filter((row) => row.owner === owner).map((row) => [String(row.id), Number(row.owner_epoch)]),
    );
    const isOurs = transitions.map((transition) => epochs.get(transition.instance) === transition.epoch);
    const ours = transitions.filter((_, index) => isOurs[index]);
    if (ours.length === 0) return isOurs;

    await upsert(transaction, instanceTable, ours.map(headerRow));
    for (const { instance, removedTasks } of ours) {
      if (removedTasks.length === 0) continue;
      await transaction("task_instance")
        .where("workflow_instance_id", instance)
        .whereIn("task_index", [...removedTasks])
        .del();
    }
    await upsert(
      transaction,
      taskTable,
      ours.flatMap((one) => one.tasks.map((task) => taskToRow(one.instance, task))),
    );
    await upsert(
      transaction,
      attemptTable,
      ours.flatMap((one) => one.attempts.map((a) => attemptToRow(one.instance, a))),
    );
    await upsert(
      transaction,
      eventTable,
      ours.flatMap((one) => one.events.map((event) => eventRow(one.instance, event))),
    );
    await raiseAlerts(
      transaction,
      ours.flatMap((one) => one.alerts),
    );
    await changePools(transaction, ours);
    for (const { instance, children } of ours) await changeChildren(transaction, nowMs, instance, children);
    const done = ours.flatMap((one) => one.doneCommands);
    if (done.length > 0) await transaction("command").whereIn("id", done).del();
    return isOurs;
  });
}

const headerRow = ({ instance, header }: Transition) => [
  instance,
  header.state,
  header.startedAtMs,
  header.endedAtMs,
  header.runTimes,
  JSON.stringify(header.params),
  header.owner,
  header.eventSeq,
  header.plan && JSON.stringify(header.plan),
  header.timeoutAtMs,
];

const eventRow = (instance: WorkflowInstanceId, event: EventRecord) => [
  instance,
  event.seq,
  event.kind,
  event.taskIndex,
  event.attempt,
  event.state,
  event.reason,
  event.atMs,
];
