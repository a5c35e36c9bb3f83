// Children of sub-workflow tasks as rows: made in the transaction that begins their parent's attempt, looked at by the parent.

import type { Knex } from "knex";
import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import { workflowInstanceId } from "../model/ids.ts";
import type { WorkflowInstanceState } from "../model/states.ts";
import type { Database } from "./database.ts";
import { createInstance, insertCommand } from "./instances.ts";
import type { CommandKind, ParentRef, StartOptions } from "./records.ts";

export interface NewChild {
  /** Its place among the children of one attempt. */
  readonly item: number;
  readonly workflowId: string;
  readonly version: number;
  readonly scheduleTimeMs: number | null;
  readonly priority: number;
  readonly options: StartOptions;
}

export type ChildChange =
  | {
      readonly kind: "create";
      readonly taskIndex: number;
      readonly attempt: number;
      readonly children: readonly NewChild[];
    }
  /** The children of an attempt that failed belong to the next one, and those that did not succeed go on. */
  | { readonly kind: "adopt"; readonly taskIndex: number; readonly from: number; readonly attempt: number }
  | { readonly kind: "resume" | "stop"; readonly taskIndex: number; readonly attempt: number };

/** Part of the transaction that saves their parent's transition; repeatable. */
export async function changeChildren(
  transaction: Knex.Transaction,
  nowMs: number,
  instance: WorkflowInstanceId,
  changes: readonly ChildChange[],
): Promise<void> {
  for (const change of changes) {
    const { taskIndex, attempt } = change;
    const parent = { instance, taskIndex, attempt };
    switch (change.kind) {
      case "create":
        for (const { item, ...child } of change.children) {
          await createInstance(transaction, nowMs, {
            ...child,
            trigger: "sub_workflow",
            dryRun: false,
            parent: { ...parent, item },
            origin: `child:${instance}.${taskIndex}#${attempt}:${item}`,
          });
        }
        break;
      case "adopt":
        await childRows(transaction, { ...parent, attempt: change.from }).update({ parent_attempt: attempt });
        await ask(transaction, nowMs, parent, {
          failed: "recover_failed",
          stopped: "recover_failed",
          paused: "resume",
        });
        break;
      case "resume":
        // Also those that run: a pause may be on its way to them, and this comes behind it.
        await ask(transaction, nowMs, parent, resumeAll);
        break;
      case "stop":
        await ask(transaction, nowMs, parent, stopAll);
        break;
    }
  }
}

type Asked = { readonly [state in WorkflowInstanceState]?: CommandKind };

const stopAll: Asked = { submitted: "stop", serial_wait: "stop", running: "stop", pausing: "stop", paused: "stop" };
const resumeAll: Asked = { submitted: "resume", running: "resume", pausing: "resume", paused: "resume" };
const pauseAll: Asked = { submitted: "pause", serial_wait: "pause", running: "pause" };

const childRows = (knex: Knex, { instance, taskIndex, attempt }: ParentRef) =>
  knex("workflow_instance").where({
    parent_instance: instance,
    parent_task: taskIndex,
    parent_attempt: attempt,
  });

/** Asks each child what its state is asked for; what was asked already is not asked twice. */
async function ask(transaction: Knex.Transaction, nowMs: number, parent: ParentRef, asked: Asked): Promise<void> {
  const rows: readonly ChildRow[] = await childRows(transaction, parent)
    .whereIn("state", Object.keys(asked))
    .orderBy("id")
    .select("id", "state", "priority", "parent_item");
  for (const row of rows) {
    const kind = asked[row.state];
    if (kind === undefined) continue;
    const pending = await transaction("command").where({ workflow_instance_id: row.id, kind }).first("id");
    if (pending) continue;
    await insertCommand(transaction, nowMs, { kind, instance: workflowInstanceId(row.id), priority: row.priority });
  }
}

interface ChildRow {
  readonly id: string | number;
  readonly state: WorkflowInstanceState;
  readonly priority: number;
  readonly parent_item: number;
  readonly asked?: string | number | null;
}

export interface Child {
  readonly id: WorkflowInstanceId;
  readonly item: number;
  readonly state: WorkflowInstanceState;
  /** It was asked for something that it has not obeyed yet: one that is over may be about to run again. */
  readonly isAsked: boolean;
}

/** The children of one attempt. */
export async function childrenOf({ knex }: Pick<Database, "knex">, parent: ParentRef): Promise<readonly Child[]> {
  const rows: readonly ChildRow[] = await childRows(knex, parent)
    .orderBy("parent_item")
    .select("id", "state", "priority", "parent_item")
    .select({ asked: knex("command as c").whereRaw("c.workflow_instance_id = workflow_instance.id").min("c.id") });
  return rows.map(childOfRow);
}

const childOfRow = (row: ChildRow): Child => ({
  id: workflowInstanceId(row.id),
  item: Number(row.parent_item),
  state: row.state,
  isAsked: row.asked != null,
});

/** Makes them pause or stop, while the owner of their parent is still the owner, and a pause is still wanted. */
export async function askChildren(
  database: Database,
  parent: ParentRef,
  what: { readonly wish: "pause" | "stop"; readonly owner: Incarnation; readonly epoch: number },
): Promise<void> {
  const nowMs = database.nowMs();
  await database.transact(async (transaction) => {
    const mine = await transaction("workflow_instance")
      .where({ id: parent.instance, owner: what.owner, owner_epoch: what.epoch })
      .modify((query) => {
        if (what.wish === "pause") query.where("state", "pausing");
      })
      .forUpdate()
      .first("id");
    if (mine) await ask(transaction, nowMs, parent, what.wish === "pause" ? pauseAll : stopAll);
  });
}

/** The deployed workflow that a child runs, in its newest version. */
export interface Target {
  readonly workflowId: string;
  readonly version: number;
}

export async function findTarget(
  { knex }: Pick<Database, "knex">,
  project: string,
  name: string,
): Promise<Target | undefined> {
  const row = await knex("workflow").where({ project, name }).whereNull("removed_at").first("id", "version");
  return row && { workflowId: String(row.id), version: Number(row.version) };
}

/** Every child of every task of an instance: those of the newest attempts last. */
export async function childrenByTask(
  { knex }: Database,
  instance: WorkflowInstanceId,
): Promise<readonly (Child & { readonly taskIndex: number })[]> {
  const rows: readonly (ChildRow & { readonly parent_task: number })[] = await knex("workflow_instance")
    .where({ parent_instance: instance })
    .orderBy(["parent_task", "parent_attempt", "parent_item"])
    .select("id", "state", "priority", "parent_item", "parent_task");
  return rows.map((row) => ({ ...childOfRow(row), taskIndex: Number(row.parent_task) }));
}
