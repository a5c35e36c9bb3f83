// Who owns an instance: taking it, finding those whose owner is gone, giving it up. Every change of owner raises the epoch.

import type { Knex } from "knex";
import {
  type Incarnation,
  knownIncarnation,
  splitTaskInstanceId,
  type TaskInstanceId,
  type WorkflowInstanceId,
  workflowInstanceId,
} from "../model/ids.ts";
import type { Database } from "./database.ts";
import { insertCommand } from "./instances.ts";
import { type RaisedAlert, raiseAlerts } from "./raised-alerts.ts";
import { type CommandRecord, commandFromRow, type Row, type StartOptions } from "./records.ts";

/** States in which an instance must have an owner. */
const needOwner = ["running", "pausing", "stopping"];

interface IdRow {
  readonly id: string | number;
}

export interface TakeOptions {
  readonly owner: Incarnation;
  readonly limit: number;
  /**
   * Instances with `id mod slots = slot` first: for speed, several masters then do not meet on the same rows. What the
   * master of a slot has left lying for a second is anybody's.
   */
  readonly slot: number;
  readonly slots: number;
}

const leftLyingMs = 1_000;

/**
 * Takes ownerless instances that have a command, most urgent first. The commands stay until the transaction that obeys
 * them: a master that dies in between leaves them to its successor.
 */
export async function takeInstances(database: Database, options: TakeOptions): Promise<readonly WorkflowInstanceId[]> {
  const { owner, limit, slot, slots } = options;
  const candidates: readonly IdRow[] = await database
    .knex("command as c")
    // Crosswise SQLite keeps the order: it would begin with whatever nobody owns, and that is all that ever ended.
    .crossJoin("workflow_instance as i", "i.id", "c.workflow_instance_id")
    .whereNull("i.owner")
    .modify((query) => {
      if (slots <= 1) return;
      query.where((mine) => {
        mine.whereRaw("i.id % ? = ?", [slots, slot]).orWhere("c.created_at", "<", database.nowMs() - leftLyingMs);
      });
    })
    .orderBy([{ column: "c.priority" }, { column: "c.id" }])
    .limit(limit)
    .select("i.id");
  const ids = [...new Set(candidates.map((row) => String(row.id)))];
  if (ids.length === 0) return [];
  return database.transact(async (transaction) => {
    const free: readonly IdRow[] = await transaction("workflow_instance")
      .select("id")
      .whereIn("id", ids)
      .whereNull("owner")
      .orderBy("id")
      .forUpdate();
    // Asked once more under the lock: another master may have obeyed the command and let the instance go again.
    const asked: readonly { readonly id: string | number }[] = await transaction("command")
      .whereIn(
        "workflow_instance_id",
        free.map((row) => row.id),
      )
      .distinct("workflow_instance_id as id");
    const taken = asked.map((row) => String(row.id));
    if (taken.length === 0) return [];
    await transaction("workflow_instance")
      .whereIn("id", taken)
      .update({ owner, owner_epoch: transaction.raw("owner_epoch + 1") });
    const isTaken = new Set(taken);
    return ids.filter((id) => isTaken.has(id)).map(workflowInstanceId);
  });
}

/** The present epochs of instances, whoever owns them. */
export async function epochsOf(
  database: Database,
  ids: readonly WorkflowInstanceId[],
): Promise<ReadonlyMap<WorkflowInstanceId, number>> {
  const rows = await database
    .knex("workflow_instance")
    .whereIn("id", [...ids])
    .select("id", "owner_epoch");
  return new Map(rows.map((row) => [workflowInstanceId(row.id), Number(row.owner_epoch)]));
}

/** Commands to instances that this master owns, oldest first. */
export async function commandsFor(database: Database, owner: Incarnation): Promise<readonly CommandRecord[]> {
  const rows = await database
    .knex("command as c")
    .join("workflow_instance as i", "i.id", "c.workflow_instance_id")
    .where("i.owner", owner)
    .orderBy("c.id")
    .limit(1000)
    .select("c.*");
  return rows.map(commandFromRow);
}

/** What this master owns, as the database sees it. */
export async function ownedInstances(
  database: Database,
  owner: Incarnation,
): Promise<ReadonlyMap<WorkflowInstanceId, number>> {
  const rows = await database.knex("workflow_instance").where({ owner }).select("id", "owner_epoch");
  return new Map(rows.map((row) => [workflowInstanceId(row.id), Number(row.owner_epoch)]));
}

export type AttemptOwner =
  | { readonly kind: "owner"; readonly master: Incarnation }
  | { readonly kind: "none" }
  | { readonly kind: "drop" };

/**
 * For each attempt, who owns its instance now; `drop` when it is not the current attempt of an active task any more, or its
 * instance is over (given up with tasks under way).
 */
export async function ownersOf(
  database: Database,
  attempts: readonly { readonly taskInstance: TaskInstanceId; readonly attempt: number }[],
): Promise<readonly AttemptOwner[]> {
  const parts = attempts.map(({ taskInstance }) => splitTaskInstanceId(taskInstance));
  const ids = [...new Set(parts.flatMap((part) => part?.instance ?? []))];
  const rows: readonly Row[] = await database
    .knex("task_instance as t")
    .join("workflow_instance as i", "i.id", "t.workflow_instance_id")
    .whereIn("i.id", ids)
    .whereIn("i.state", needOwner)
    .whereIn("t.state", ["dispatched", "running"])
    .select("i.id", "i.owner", "t.task_index", "t.attempt");
  const current = new Map(rows.map((row) => [`${row["id"]}.${row["task_index"]}`, row]));
  return attempts.map(({ taskInstance, attempt }) => {
    const row = current.get(taskInstance);
    if (!row || Number(row["attempt"]) !== attempt) return { kind: "drop" };
    if (row["owner"] == null) return { kind: "none" };
    return { kind: "owner", master: knownIncarnation(String(row["owner"])) };
  });
}

/** Everyone who owns something now. */
export async function owners(database: Database): Promise<readonly Incarnation[]> {
  const rows = await database.knex("workflow_instance").whereNotNull("owner").distinct("owner");
  return rows.map((row) => knownIncarnation(row.owner));
}

/** Frees up to `limit` instances of an owner that is gone, for any master to take. Returns how many; repeatable. */
export async function releaseInstancesOf(database: Database, gone: Incarnation, limit: number): Promise<number> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    const rows = await transaction("workflow_instance")
      .where({ owner: gone })
      .orderBy("id")
      .limit(limit)
      .forUpdate()
      .select("id", "priority");
    await release(transaction, nowMs, rows);
    return rows.length;
  });
}

/** Unfinished instances that nobody owns and no command speaks of get one: nothing is stranded, whatever was missed. */
export async function rescueStranded(database: Database, limit: number): Promise<number> {
  const nowMs = database.nowMs();
  const stranded = (knex: Knex) =>
    knex("workflow_instance as i")
      .whereNull("i.owner")
      .whereIn("i.state", needOwner)
      .whereNotExists(knex("command as c").select(knex.raw("1")).whereRaw("c.workflow_instance_id = i.id"))
      .orderBy("i.id")
      .limit(limit)
      .select("i.id", "i.priority");
  // Nearly always there is none, and nothing is locked to learn it.
  if ((await stranded(database.knex)).length === 0) return 0;
  return database.transact(async (transaction) => {
    const rows = await stranded(transaction).forUpdate();
    await release(transaction, nowMs, rows);
    return rows.length;
  });
}

async function release(
  transaction: Knex.Transaction,
  nowMs: number,
  rows: readonly { readonly id: string | number; readonly priority: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await transaction("workflow_instance")
    .whereIn(
      "id",
      rows.map((row) => row.id),
    )
    .update({ owner: null, owner_epoch: transaction.raw("owner_epoch + 1") });
  for (const { id, priority } of rows) {
    await insertCommand(transaction, nowMs, { kind: "recover_failover", instance: workflowInstanceId(id), priority });
  }
}

/** After so many owners gave an instance up, it fails for good. */
const givenUpLimit = 5;

/** What is known of an instance that is given up, whatever cannot be read of it. */
export interface GivenUp {
  readonly workflowId: string;
  readonly version: number;
  readonly project: string;
  readonly name: string;
  readonly options: StartOptions;
  readonly runTimes: number;
}

/**
 * An actor died for a reason of our own: its instance goes to whoever takes it next; after five times it fails, with the
 * reason in `error_command` and the alert, if any. Nothing happens when the epoch is not ours any more.
 */
export async function giveUpInstance(
  database: Database,
  what: {
    readonly instance: WorkflowInstanceId;
    readonly owner: Incarnation;
    readonly epoch: number;
    readonly reason: string;
    readonly alert: (given: GivenUp) => Promise<RaisedAlert | undefined>;
  },
): Promise<void> {
  const { instance, owner, epoch, reason } = what;
  const nowMs = database.nowMs();
  // Outside the transaction: what it asks of the database would wait for it.
  const given = await givenUp(database, instance);
  const alert = given && (await what.alert(given));
  await database.transact(async (transaction) => {
    const row = await transaction("workflow_instance")
      .where({ id: instance, owner, owner_epoch: epoch })
      .forUpdate()
      .first("id", "priority", "given_up", "event_seq");
    if (!row) return;
    const times = Number(row.given_up) + 1;
    await transaction("workflow_instance").where({ id: instance }).update({ given_up: times });
    if (times < givenUpLimit) {
      await release(transaction, nowMs, [row]);
      return;
    }
    await failInstance(transaction, nowMs, { instance, eventSeq: Number(row.event_seq), reason });
    if (alert) await raiseAlerts(transaction, [alert]);
  });
}

/** It may be the very thing that cannot be read. */
function readOptions(text: string): StartOptions {
  try {
    return JSON.parse(text) as StartOptions; // written by createInstance
  } catch {
    return { params: {} };
  }
}

async function givenUp({ knex }: Database, instance: WorkflowInstanceId): Promise<GivenUp | undefined> {
  const row: Row | undefined = await knex("workflow_instance as i")
    .join("workflow as w", "w.id", "i.workflow_id")
    .where("i.id", instance)
    .first("i.workflow_id", "i.version", "w.project", "w.name", "i.options", "i.run_times");
  return (
    row && {
      workflowId: String(row["workflow_id"]),
      version: Number(row["version"]),
      project: String(row["project"]),
      name: String(row["name"]),
      options: readOptions(String(row["options"])),
      runTimes: Number(row["run_times"]),
    }
  );
}

async function failInstance(
  transaction: Knex.Transaction,
  nowMs: number,
  what: { readonly instance: WorkflowInstanceId; readonly eventSeq: number; readonly reason: string },
): Promise<void> {
  const { instance, eventSeq, reason } = what;
  const commands = await transaction("command").where({ workflow_instance_id: instance }).select();
  const lost = commands.length > 0 ? commands : [{ kind: "recover_failover", payload: null }];
  for (const command of lost) {
    await transaction("error_command").insert({
      kind: command.kind,
      workflow_instance_id: instance,
      payload: command.payload,
      reason,
      created_at: nowMs,
    });
  }
  await transaction("command").where({ workflow_instance_id: instance }).del();
  await transaction("workflow_instance")
    .where({ id: instance })
    .update({
      state: "failed",
      ended_at: nowMs,
      owner: null,
      owner_epoch: transaction.raw("owner_epoch + 1"),
      event_seq: eventSeq + 1,
    });
  await transaction("instance_event").insert({
    workflow_instance_id: instance,
    seq: eventSeq + 1,
    kind: "instance",
    state: "failed",
    reason,
    at: nowMs,
  });
}
