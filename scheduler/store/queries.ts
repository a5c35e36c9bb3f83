// What the API reads: lists and single things, by keys. It decides nothing.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { WorkflowInstanceId } from "../model/ids.ts";
import type { Trigger, WorkflowInstanceState } from "../model/states.ts";
import type { Database } from "./database.ts";
import {
  type AttemptRecord,
  attemptFromRow,
  type EventRecord,
  eventFromRow,
  type InstanceRecord,
  instanceFromRow,
  type Row,
} from "./records.ts";

export interface StoredWorkflow {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly version: number;
  readonly path: string;
  readonly definition: WorkflowDefinition;
  readonly schedule: { readonly online: boolean; readonly cron: string; readonly nextFireAtMs: number | null } | null;
}

export interface ListedInstance extends InstanceRecord {
  readonly project: string;
  readonly workflow: string;
  /** The workflow's time zone. */
  readonly zone: string;
}

export interface StoredVersionInfo {
  readonly version: number;
  readonly path: string;
  readonly source: string;
  readonly deployedAtMs: number;
  readonly deployedBy: string;
}

export async function projects(database: Database): Promise<readonly string[]> {
  const rows = await database.knex("workflow").whereNull("removed_at").distinct("project").orderBy("project");
  return rows.map((row) => String(row.project));
}

/** `project/workflow` of all that are in use. */
export async function workflowNames({ knex }: Database): Promise<readonly string[]> {
  const rows: readonly Row[] = await knex("workflow").whereNull("removed_at").select("project", "name");
  return rows.map((row) => `${row["project"]}/${row["name"]}`);
}

/** Whose instance or backfill it is. */
export async function projectOf(
  { knex }: Database,
  table: "workflow_instance" | "backfill",
  id: string,
): Promise<string | undefined> {
  const row: Row | undefined = await knex(`${table} as t`)
    .join("workflow as w", "w.id", "t.workflow_id")
    .where("t.id", id)
    .first("w.project");
  return row && String(row["project"]);
}

export interface WorkflowFilter {
  readonly project: string;
  readonly name?: string;
  /** Names after this one. */
  readonly after?: string;
  readonly limit: number;
}

export async function workflows(database: Database, filter: WorkflowFilter): Promise<readonly StoredWorkflow[]> {
  const rows: readonly Row[] = await database
    .knex("workflow as w")
    .join("workflow_version as v", (join) => {
      join.on("v.workflow_id", "w.id").andOn("v.version", "w.version");
    })
    .leftJoin("schedule as s", "s.workflow_id", "w.id")
    .where("w.project", filter.project)
    .whereNull("w.removed_at")
    .modify((query) => {
      if (filter.name !== undefined) query.where("w.name", filter.name);
      if (filter.after !== undefined) query.where("w.name", ">", filter.after);
    })
    .orderBy("w.name")
    .limit(filter.limit)
    .select("w.*", "v.path", "v.definition", "s.online", "s.cron", "s.next_fire_at");
  return rows.map((row) => ({
    id: String(row["id"]),
    project: String(row["project"]),
    name: String(row["name"]),
    version: Number(row["version"]),
    path: String(row["path"]),
    definition: JSON.parse(String(row["definition"])),
    schedule:
      row["cron"] == null
        ? null
        : {
            online: Boolean(Number(row["online"])),
            cron: String(row["cron"]),
            nextFireAtMs: row["next_fire_at"] == null ? null : Number(row["next_fire_at"]),
          },
  }));
}

export async function workflow(database: Database, project: string, name: string): Promise<StoredWorkflow | undefined> {
  return (await workflows(database, { project, name, limit: 1 }))[0];
}

export async function versions(database: Database, workflowId: string): Promise<readonly StoredVersionInfo[]> {
  const rows: readonly Row[] = await database
    .knex("workflow_version")
    .where({ workflow_id: workflowId })
    .orderBy("version", "desc")
    .select("version", "path", "source", "deployed_at", "deployed_by");
  return rows.map((row) => ({
    version: Number(row["version"]),
    path: String(row["path"]),
    source: String(row["source"]),
    deployedAtMs: Number(row["deployed_at"]),
    deployedBy: String(row["deployed_by"]),
  }));
}

export interface InstanceFilter {
  readonly project?: string;
  /** Only of these; absent: of all. */
  readonly projects?: readonly string[];
  readonly workflow?: string;
  readonly states?: readonly string[];
  readonly backfill?: string;
  readonly trigger?: Trigger;
  /** Children of this instance. */
  readonly parent?: string;
  /** Ids below this one: the list goes from the newest back. */
  readonly before?: string;
  readonly limit: number;
}

export async function instances(database: Database, filter: InstanceFilter): Promise<readonly ListedInstance[]> {
  const rows: readonly Row[] = await database
    .knex("workflow_instance as i")
    .join("workflow as w", "w.id", "i.workflow_id")
    .leftJoin("workflow_version as v", (join) => {
      join.on("v.workflow_id", "i.workflow_id").andOn("v.version", "i.version");
    })
    .modify((query) => {
      if (filter.project !== undefined) query.where("w.project", filter.project);
      if (filter.projects !== undefined) query.whereIn("w.project", [...filter.projects]);
      if (filter.workflow !== undefined) query.where("w.name", filter.workflow);
      if (filter.states !== undefined) query.whereIn("i.state", [...filter.states]);
      if (filter.trigger !== undefined) query.where("i.trigger_kind", filter.trigger);
      if (filter.parent !== undefined) query.where("i.parent_instance", filter.parent);
      if (filter.backfill !== undefined) query.where("i.backfill_id", filter.backfill);
      if (filter.before !== undefined) query.where("i.id", "<", filter.before);
    })
    .orderBy("i.id", "desc")
    .limit(filter.limit)
    .select("i.*", "w.project", "w.name as workflow_name", "v.zone");
  return rows.map(listed);
}

export async function instance(database: Database, id: WorkflowInstanceId): Promise<ListedInstance | undefined> {
  const row: Row | undefined = await database
    .knex("workflow_instance as i")
    .join("workflow as w", "w.id", "i.workflow_id")
    .leftJoin("workflow_version as v", (join) => {
      join.on("v.workflow_id", "i.workflow_id").andOn("v.version", "i.version");
    })
    .where("i.id", id)
    .first("i.*", "w.project", "w.name as workflow_name", "v.zone");
  return row && listed(row);
}

const listed = (row: Row): ListedInstance => ({
  ...instanceFromRow(row),
  project: String(row["project"]),
  workflow: String(row["workflow_name"]),
  zone: String(row["zone"] ?? "UTC"),
});

/** The newest instance of each of these workflows. */
export async function lastInstances(
  database: Database,
  workflowIds: readonly string[],
): Promise<ReadonlyMap<string, ListedInstance>> {
  if (workflowIds.length === 0) return new Map();
  const { knex } = database;
  const newest = knex("workflow_instance")
    .whereIn("workflow_id", [...workflowIds])
    .groupBy("workflow_id")
    .max("id");
  const rows: readonly Row[] = await knex("workflow_instance as i")
    .join("workflow as w", "w.id", "i.workflow_id")
    .leftJoin("workflow_version as v", (join) => {
      join.on("v.workflow_id", "i.workflow_id").andOn("v.version", "i.version");
    })
    .whereIn("i.id", newest)
    .select("i.*", "w.project", "w.name as workflow_name", "v.zone");
  return new Map(rows.map((row) => [String(row["workflow_id"]), listed(row)]));
}

export async function eventsAfter(
  database: Database,
  id: WorkflowInstanceId,
  seq: number,
  limit: number,
): Promise<readonly EventRecord[]> {
  const rows = await database
    .knex("instance_event")
    .where({ workflow_instance_id: id })
    .where("seq", ">", seq)
    .orderBy("seq")
    .limit(limit)
    .select();
  return rows.map(eventFromRow);
}

export async function newestAttempt(
  database: Database,
  task: { readonly instance: WorkflowInstanceId; readonly taskIndex: number },
  attempt?: number,
): Promise<AttemptRecord | undefined> {
  const row = await database
    .knex("attempt")
    .where({ workflow_instance_id: task.instance, task_index: task.taskIndex })
    .modify((query) => {
      if (attempt !== undefined) query.where({ attempt });
    })
    .orderBy("attempt", "desc")
    .first();
  return row && attemptFromRow(row);
}

/** Instances that are not over, by state. */
export async function countByState(database: Database): Promise<ReadonlyMap<WorkflowInstanceState, number>> {
  const rows: readonly Row[] = await database
    .knex("workflow_instance")
    .whereNotIn("state", ["succeeded", "failed", "stopped"])
    .groupBy("state")
    .select("state")
    .count({ count: "*" });
  return new Map(rows.map((row) => [row["state"] as WorkflowInstanceState, Number(row["count"])])); // only states are ever written there
}
