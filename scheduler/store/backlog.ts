// What waits and what is under way, as numbers for those who watch over a cluster: a few short reads over indexes.

import type { Database } from "./database.ts";
import type { Row } from "./records.ts";

export interface Backlog {
  /** Instances by who owns them. */
  readonly owned: ReadonlyMap<string, number>;
  readonly commands: number;
  /** How long the oldest command has waited; 0 when none waits. */
  readonly oldestCommandMs: number;
  /** Tasks of unfinished instances that are not over, by state. */
  readonly tasks: ReadonlyMap<string, number>;
  /** How long the oldest of those has waited that may be sent to a worker. */
  readonly oldestSubmittedMs: number;
  /** How late the most overdue schedule is. */
  readonly scheduleLagMs: number;
  readonly alerts: number;
}

const unfinished = ["running", "pausing", "stopping"];
const active = ["submitted", "delayed", "dispatched", "running", "retry_wait"];

export async function readBacklog({ knex, nowMs }: Database): Promise<Backlog> {
  const [owned, commands, tasks, submitted, due, alerts] = await Promise.all([
    knex("workflow_instance").whereNotNull("owner").groupBy("owner").select("owner as name").count({ count: "*" }),
    knex("command").count({ count: "*" }).min({ oldest: "created_at" }).first(),
    knex("task_instance as t")
      .join("workflow_instance as i", "i.id", "t.workflow_instance_id")
      .whereIn("i.state", unfinished)
      .whereIn("t.state", active)
      .groupBy("t.state")
      .select("t.state as name")
      .count({ count: "*" }),
    knex("task_instance as t")
      .join("workflow_instance as i", "i.id", "t.workflow_instance_id")
      .leftJoin("task_group_slot as s", (join) => {
        join.on("s.workflow_instance_id", "t.workflow_instance_id").andOn("s.task_index", "t.task_index");
      })
      .where("i.state", "running")
      .where("t.state", "submitted")
      // A task that waits for its task group waits for no worker.
      .where((query) => query.whereNull("s.task_index").orWhereNotNull("s.granted_at"))
      .min({ oldest: "t.submitted_at" })
      .first(),
    knex("schedule").where({ online: true }).min({ oldest: "next_fire_at" }).first(),
    knex("alert").where({ state: "pending" }).count({ count: "*" }).first(),
  ]);
  const now = nowMs();
  const ageOf = (row: Row | undefined): number =>
    row?.["oldest"] == null ? 0 : Math.max(0, now - Number(row["oldest"]));
  const byName = (rows: readonly Row[]) => new Map(rows.map((row) => [String(row["name"]), Number(row["count"])]));
  return {
    owned: byName(owned),
    commands: Number(commands?.["count"] ?? 0),
    oldestCommandMs: ageOf(commands),
    tasks: byName(tasks),
    oldestSubmittedMs: ageOf(submitted),
    scheduleLagMs: ageOf(due),
    alerts: Number(alerts?.["count"] ?? 0),
  };
}
