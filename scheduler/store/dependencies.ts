// What dependent tasks look at: how the latest of the instances (or tasks) of a workflow ended whose schedule time lies in a window.

import type { WaitTree, WorkflowDefinition } from "../model/definition.ts";
import type { Database } from "./database.ts";

export interface Sought {
  readonly project: string;
  readonly workflow: string;
  /** Absent: the whole workflow. */
  readonly task?: string;
  /** Of schedule times; an instance that was started by hand counts by its start. To is exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LatestEnd {
  readonly hasSucceeded: boolean;
  readonly endedAtMs: number;
}

/** Undefined: none has ended there. */
export async function latestEnd(database: Database, sought: Sought): Promise<LatestEnd | undefined> {
  return sought.task === undefined ? latestInstance(database, sought) : latestTask(database, sought, sought.task);
}

/** A dry run has done nothing. */
const inWindow = ({ knex }: Database, { project, workflow, fromMs, toMs }: Sought) =>
  knex("workflow_instance as i")
    .join("workflow as w", "w.id", "i.workflow_id")
    .where({ "w.project": project, "w.name": workflow, "i.dry_run": false })
    .where((query) => {
      query
        .where((scheduled) => scheduled.where("i.schedule_time", ">=", fromMs).where("i.schedule_time", "<", toMs))
        .orWhere((manual) =>
          manual.whereNull("i.schedule_time").where("i.started_at", ">=", fromMs).where("i.started_at", "<", toMs),
        );
    });

async function latestInstance(database: Database, sought: Sought): Promise<LatestEnd | undefined> {
  const row = await inWindow(database, sought)
    .whereIn("i.state", ["succeeded", "failed", "stopped"])
    .orderBy([
      { column: "i.ended_at", order: "desc" },
      { column: "i.id", order: "desc" },
    ])
    .first("i.state", "i.ended_at");
  return row && { hasSucceeded: row.state === "succeeded", endedAtMs: Number(row.ended_at) };
}

async function latestTask(database: Database, sought: Sought, task: string): Promise<LatestEnd | undefined> {
  const versions: readonly { readonly version: number; readonly definition: string }[] = await database
    .knex("workflow_version as v")
    .join("workflow as w", "w.id", "v.workflow_id")
    .where({ "w.project": sought.project, "w.name": sought.workflow })
    .whereIn("v.version", inWindow(database, sought).distinct("i.version"))
    .select("v.version", "v.definition");
  let latest: LatestEnd | undefined;
  // Where a task stands in a definition is another place in each version.
  for (const { version, definition } of versions) {
    const { tasks } = JSON.parse(definition) as WorkflowDefinition; // written by a deployment of this schema
    const index = tasks.findIndex(({ name }) => name === task);
    if (index < 0) continue;
    const row = await inWindow(database, sought)
      .where("i.version", version)
      .join("task_instance as t", "t.workflow_instance_id", "i.id")
      .where("t.task_index", index)
      .whereIn("t.state", ["succeeded", "forced_success", "failed", "killed"])
      .orderBy([
        { column: "t.ended_at", order: "desc" },
        { column: "i.id", order: "desc" },
      ])
      .first("t.state", "t.ended_at");
    if (!row || (latest && Number(row.ended_at) <= latest.endedAtMs)) continue;
    const hasSucceeded = row.state === "succeeded" || row.state === "forced_success";
    latest = { hasSucceeded, endedAtMs: Number(row.ended_at) };
  }
  return latest;
}

export interface Waiter {
  readonly id: string;
  readonly definition: WorkflowDefinition;
}

/** Every deployed workflow that waits for others, in its newest version. */
export async function waiters({ knex }: Database): Promise<readonly Waiter[]> {
  const rows: readonly { readonly id: string | number; readonly definition: string }[] = await knex("workflow as w")
    .join("workflow_version as v", (join) => {
      join.on("v.workflow_id", "w.id").andOn("v.version", "w.version");
    })
    .whereNull("w.removed_at")
    .where("v.definition", "like", '%"waitFor":%')
    .orderBy("w.id")
    .select("w.id", "v.definition");
  return rows.map(({ id, definition }) => ({ id: String(id), definition: JSON.parse(definition) })); // by a deployment of this schema
}

/** The workflows that a workflow waits for, as `project/name`. */
export function waitedFor({ tasks }: WorkflowDefinition): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (tree: WaitTree): void => {
    if (tree.kind === "one") names.add(`${tree.project}/${tree.workflow}`);
    else tree.of.forEach(visit);
  };
  for (const { dependency } of tasks) if (dependency) visit(dependency.waitFor);
  return names;
}
