// Stores what was deployed: new versions, their files and schedules, all in one transaction. Nothing is ever overwritten.

import type { Knex } from "knex";
import type { ScheduleDefinition, WorkflowDefinition } from "../model/definition.ts";
import { type Change, changesBetween } from "../model/diff.ts";
import { nextFireAt } from "../model/life/schedule.ts";
import type { Database } from "./database.ts";
import type { DeployedFile } from "./loading.ts";
import type { Row } from "./records.ts";

export interface DeployedWorkflow {
  readonly definition: WorkflowDefinition;
  readonly path: string;
  readonly source: string;
  readonly files: readonly DeployedFile[];
}

export interface Deployment {
  readonly workflows: readonly DeployedWorkflow[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly deployedBy: string;
  /** Workflows of the same projects that are not in the set are removed. */
  readonly prune: boolean;
  /** True: tells what would happen, and changes nothing. */
  readonly plan: boolean;
}

export interface DeploymentResult {
  readonly project: string;
  readonly workflow: string;
  readonly action: "create" | "update" | "unchanged" | "remove";
  readonly version?: number;
  readonly changes: readonly Change[];
}

export async function deploy(database: Database, deployment: Deployment): Promise<readonly DeploymentResult[]> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    const results: DeploymentResult[] = [];
    if (!deployment.plan) await storeContents(transaction, deployment.contents);
    // In the order of names, so that two deployments never wait for each other.
    for (const workflow of deployment.workflows.toSorted(byName)) {
      results.push(await deployOne(transaction, nowMs, workflow, deployment));
    }
    if (deployment.prune) results.push(...(await removeOthers(transaction, nowMs, deployment)));
    return results;
  });
}

const byName = (a: DeployedWorkflow, b: DeployedWorkflow): number => {
  const [left, right] = [
    `${a.definition.project}/${a.definition.name}`,
    `${b.definition.project}/${b.definition.name}`,
  ];
  return left < right ? -1 : left > right ? 1 : 0;
};

async function deployOne(
  transaction: Knex.Transaction,
  nowMs: number,
  workflow: DeployedWorkflow,
  deployment: Deployment,
): Promise<DeploymentResult> {
  const { project, name } = workflow.definition;
  const row: Row | undefined = await transaction("workflow").where({ project, name }).forUpdate().first();
  const before = row && (await currentVersion(transaction, row));
  const isThere = row !== undefined && row["removed_at"] == null;
  const isUnchanged =
    isThere &&
    before?.source === workflow.source &&
    before.definition === JSON.stringify(workflow.definition) &&
    before.files === JSON.stringify(workflow.files);
  const result = { project, workflow: name };
  if (isUnchanged) return { ...result, action: "unchanged", version: Number(row["version"]), changes: [] };

  const known = isThere && before ? (JSON.parse(before.definition) as WorkflowDefinition) : undefined; // written below
  const changes = [...changesBetween(known, workflow.definition), ...fileChanges(before?.files, workflow.files)];
  const version = Number(row?.["version"] ?? 0) + 1;
  if (!deployment.plan) {
    const workflowId = await storeVersion(transaction, nowMs, {
      workflow,
      row,
      version,
      deployedBy: deployment.deployedBy,
    });
    await storeSchedule(transaction, nowMs, workflowId, workflow.definition.schedule);
  }
  return { ...result, action: isThere ? "update" : "create", version, changes };
}

interface StoredVersion {
  readonly source: string;
  readonly definition: string;
  readonly files: string;
}

const currentVersion = (transaction: Knex.Transaction, row: Row): Promise<StoredVersion | undefined> =>
  transaction("workflow_version")
    .where({ workflow_id: row["id"], version: row["version"] })
    .first("source", "definition", "files");

function fileChanges(before: string | undefined, after: readonly DeployedFile[]): readonly Change[] {
  if (before === undefined) return [];
  const old = new Map((JSON.parse(before) as readonly DeployedFile[]).map((file) => [file.path, file.sha256])); // as stored
  return after
    .filter((file) => old.get(file.path) !== file.sha256)
    .map((file) => {
      const from = old.get(file.path);
      return { kind: "file", name: file.path, ...(from === undefined ? {} : { from }), to: file.sha256 };
    });
}

async function storeVersion(
  transaction: Knex.Transaction,
  nowMs: number,
  what: {
    readonly workflow: DeployedWorkflow;
    readonly row: Row | undefined;
    readonly version: number;
    readonly deployedBy: string;
  },
): Promise<string> {
  const { workflow, row, version } = what;
  const { project, name } = workflow.definition;
  let workflowId = row === undefined ? undefined : String(row["id"]);
  if (workflowId === undefined) {
    const [inserted] = await transaction("workflow").insert({ project, name, version });
    workflowId = String(inserted);
  } else {
    await transaction("workflow").where({ id: workflowId }).update({ version, removed_at: null });
  }
  await transaction("workflow_version").insert({
    workflow_id: workflowId,
    version,
    path: workflow.path,
    source: workflow.source,
    definition: JSON.stringify(workflow.definition),
    zone: workflow.definition.zone,
    files: JSON.stringify(workflow.files),
    deployed_at: nowMs,
    deployed_by: what.deployedBy,
  });
  return workflowId;
}

async function storeContents(transaction: Knex.Transaction, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [sha256, content] of [...contents].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known = await transaction("file_content").where({ sha256 }).first("sha256");
    if (!known) await transaction("file_content").insert({ sha256, content: Buffer.from(content) });
  }
}

/** A new version never takes a schedule offline (but where it says so), and an edit never fires: the next fire lies ahead of now. */
async function storeSchedule(
  transaction: Knex.Transaction,
  nowMs: number,
  workflowId: string,
  schedule: ScheduleDefinition | undefined,
): Promise<void> {
  if (!schedule) {
    await transaction("schedule").where({ workflow_id: workflowId }).del();
    return;
  }
  const times = {
    cron: schedule.cron,
    zone: schedule.zone,
    active_from: schedule.activeFrom ?? null,
    active_until: schedule.activeUntil ?? null,
  };
  const known: Row | undefined = await transaction("schedule").where({ workflow_id: workflowId }).forUpdate().first();
  const online = schedule.online ?? (known ? Boolean(Number(known["online"])) : true);
  const isSame = known && Object.entries(times).every(([column, value]) => (known[column] ?? null) === value);
  const next = nextFireAt(
    { cron: times.cron, zone: times.zone, activeFrom: times.active_from, activeUntil: times.active_until },
    nowMs,
  );
  const row = {
    ...times,
    catch_up: schedule.catchUp,
    online,
    // What was offline has nothing to catch up.
    next_fire_at: isSame && online && Number(known["online"]) ? known["next_fire_at"] : next,
  };
  if (known) await transaction("schedule").where({ workflow_id: workflowId }).update(row);
  else await transaction("schedule").insert({ workflow_id: workflowId, ...row });
}

async function removeOthers(
  transaction: Knex.Transaction,
  nowMs: number,
  deployment: Deployment,
): Promise<readonly DeploymentResult[]> {
  const kept = new Set(deployment.workflows.map(({ definition }) => `${definition.project}/${definition.name}`));
  const projects = [...new Set(deployment.workflows.map(({ definition }) => definition.project))];
  const rows: readonly Row[] = await transaction("workflow")
    .whereIn("project", projects)
    .whereNull("removed_at")
    .orderBy(["project", "name"])
    .forUpdate()
    .select();
  const results: DeploymentResult[] = [];
  for (const row of rows) {
    const [project, workflow] = [String(row["project"]), String(row["name"])];
    if (kept.has(`${project}/${workflow}`)) continue;
    if (!deployment.plan) await remove(transaction, nowMs, String(row["id"]));
    results.push({
      project,
      workflow,
      action: "remove",
      changes: [{ kind: "workflow", name: workflow, from: `version ${row["version"]}` }],
    });
  }
  return results;
}

async function remove(transaction: Knex.Transaction, nowMs: number, workflowId: string): Promise<void> {
  await transaction("workflow").where({ id: workflowId }).update({ removed_at: nowMs });
  await transaction("schedule").where({ workflow_id: workflowId }).del();
}

/** Takes a workflow out of use: no schedule, no new instances; its versions and history stay. */
export async function removeWorkflow(database: Database, workflowId: string): Promise<void> {
  const nowMs = database.nowMs();
  await database.transact((transaction) => remove(transaction, nowMs, workflowId));
}

/** Switches a schedule on (from now on) or off. False when the workflow has none. */
export async function setScheduleOnline(database: Database, workflowId: string, online: boolean): Promise<boolean> {
  const nowMs = database.nowMs();
  return database.transact(async (transaction) => {
    const row: Row | undefined = await transaction("schedule").where({ workflow_id: workflowId }).forUpdate().first();
    if (!row) return false;
    if (Boolean(Number(row["online"])) === online) return true;
    const next = nextFireAt(
      {
        cron: String(row["cron"]),
        zone: String(row["zone"]),
        activeFrom: row["active_from"] == null ? null : String(row["active_from"]),
        activeUntil: row["active_until"] == null ? null : String(row["active_until"]),
      },
      nowMs,
    );
    await transaction("schedule").where({ workflow_id: workflowId }).update({ online, next_fire_at: next });
    return true;
  });
}

export async function fileContent(database: Database, sha256: string): Promise<Uint8Array | undefined> {
  const row = await database.knex("file_content").where({ sha256 }).first("content");
  return row?.content;
}
