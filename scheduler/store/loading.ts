// Everything a master needs to carry an instance on: its row, its tasks, their newest attempts, its definition.

import type { WorkflowDefinition } from "../model/definition.ts";
import { type WorkflowInstanceId, workflowInstanceId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import {
  type AttemptRecord,
  attemptFromRow,
  type InstanceRecord,
  instanceFromRow,
  type TaskRecord,
  taskFromRow,
} from "./records.ts";

export interface DeployedFile {
  readonly path: string;
  readonly sha256: string;
}

export interface LoadedDefinition {
  readonly definition: WorkflowDefinition;
  readonly files: readonly DeployedFile[];
}

export interface LoadedInstance {
  readonly instance: InstanceRecord;
  readonly tasks: readonly TaskRecord[];
  /** Every attempt of every task, oldest first. */
  readonly attempts: readonly AttemptRecord[];
}

export async function loadInstances(
  database: Database,
  ids: readonly WorkflowInstanceId[],
): Promise<readonly LoadedInstance[]> {
  const { knex } = database;
  const [instances, tasks, attempts] = await Promise.all([
    knex("workflow_instance")
      .whereIn("id", [...ids])
      .select(),
    knex("task_instance")
      .whereIn("workflow_instance_id", [...ids])
      .orderBy(["workflow_instance_id", "task_index"])
      .select(),
    knex("attempt")
      .whereIn("workflow_instance_id", [...ids])
      .orderBy(["workflow_instance_id", "task_index", "attempt"])
      .select(),
  ]);
  const tasksOf = Map.groupBy(tasks, (row) => workflowInstanceId(row.workflow_instance_id));
  const attemptsOf = Map.groupBy(attempts, (row) => workflowInstanceId(row.workflow_instance_id));
  return instances.map((row) => {
    const instance = instanceFromRow(row);
    return {
      instance,
      tasks: (tasksOf.get(instance.id) ?? []).map(taskFromRow),
      attempts: (attemptsOf.get(instance.id) ?? []).map(attemptFromRow),
    };
  });
}

export async function loadDefinition(
  database: Database,
  workflowId: string,
  version: number,
): Promise<LoadedDefinition | undefined> {
  const row = await database
    .knex("workflow_version")
    .where({ workflow_id: workflowId, version })
    .first("definition", "files");
  if (!row) return undefined;
  return { definition: JSON.parse(row.definition), files: JSON.parse(row.files) }; // written by a deployment of this schema
}
