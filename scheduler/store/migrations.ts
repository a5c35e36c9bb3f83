// The schema, as a list of steps that only grows. Times are BIGINT milliseconds of the database's clock; JSON is TEXT.

import type { Knex } from "knex";
import { OperationError } from "../model/operation-error.ts";
import type { Database } from "./database.ts";
import { createResourceTables } from "./resource-tables.ts";

type Step = (knex: Knex) => Promise<void>;

const steps: readonly Step[] = [createAll, addJobs, dateGrants, addRequestKeys];

/** The schema this build writes. */
export const schemaVersion = steps.length;

/** Creates or upgrades the schema; refuses one that a newer build made. Tells what it did. `to`: an older one, for tests. */
export async function migrate(
  database: Database,
  to: number = schemaVersion,
): Promise<{ readonly from: number; readonly to: number }> {
  const { knex } = database;
  const from = await storedVersion(knex);
  if (from > schemaVersion) throw tooNew(from);
  for (let version = from; version < to; version += 1) {
    const step = steps[version];
    if (step) await step(knex);
    await knex("schema_version").insert({ version: version + 1 });
  }
  return { from, to };
}

/** Refuses to work on a schema that is not this build's. */
export async function requireSchema(database: Database): Promise<void> {
  const found = await storedVersion(database.knex);
  if (found > schemaVersion) throw tooNew(found);
  if (found < schemaVersion) {
    throw new OperationError(
      "conflict",
      `database schema is at ${found}, this build needs ${schemaVersion}: run \`porpoise migrate\``,
    );
  }
}

const tooNew = (found: number): OperationError =>
  new OperationError(
    "conflict",
    `database schema is at ${found}, this build knows ${schemaVersion}: install a newer build`,
  );

async function storedVersion(knex: Knex): Promise<number> {
  if (!(await knex.schema.hasTable("schema_version"))) {
    await knex.schema.createTable("schema_version", (table) => {
      table.integer("version").primary();
    });
    return 0;
  }
  const row = await knex("schema_version").max({ version: "version" }).first();
  return Number(row?.["version"] ?? 0);
}

/** Names compare byte for byte. */
const bytewise = (table: Knex.CreateTableBuilder, knex: Knex): void => {
  if (knex.client.driverName === "better-sqlite3") return;
  table.charset("utf8mb4");
  table.collate("utf8mb4_bin");
};

/** MySQL commits each statement by itself: a step that was cut off goes on where it stood, so each looks before it acts. */
async function createMissing(
  knex: Knex,
  name: string,
  columns: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (await knex.schema.hasTable(name)) return;
  await knex.schema.createTable(name, (table) => {
    bytewise(table, knex);
    columns(table);
  });
}

async function createAll(knex: Knex): Promise<void> {
  const create = (name: string, columns: (table: Knex.CreateTableBuilder) => void): Promise<void> =>
    createMissing(knex, name, columns);

  await create("workflow", (table) => {
    table.bigIncrements("id");
    table.string("project", 128).notNullable();
    table.string("name", 128).notNullable();
    table.integer("version").notNullable();
    table.bigInteger("removed_at");
    table.unique(["project", "name"]);
  });
  await create("workflow_version", (table) => {
    table.bigInteger("workflow_id").notNullable();
    table.integer("version").notNullable();
    table.text("path").notNullable();
    table.text("source", "longtext").notNullable();
    table.text("definition", "longtext").notNullable();
    /** The workflow's, also in the definition: lists of instances tell schedule times in it. */
    table.string("zone", 64).notNullable();
    /** [{path, sha256}] of the files that its tasks name. */
    table.text("files", "longtext").notNullable();
    table.bigInteger("deployed_at").notNullable();
    table.string("deployed_by", 128).notNullable();
    table.primary(["workflow_id", "version"]);
  });
  await create("file_content", (table) => {
    table.string("sha256", 64).primary();
    table.specificType("content", "longblob").notNullable();
  });
  await create("schedule", (table) => {
    table.bigInteger("workflow_id").primary();
    table.boolean("online").notNullable();
    table.string("cron", 255).notNullable();
    table.string("zone", 64).notNullable();
    table.string("active_from", 32);
    table.string("active_until", 32);
    table.string("catch_up", 8).notNullable();
    table.bigInteger("next_fire_at");
    table.index(["online", "next_fire_at"]);
  });
  // Columns have defaults so that an upsert of the few that change is valid; the row is always there (it is locked first).
  await create("workflow_instance", (table) => {
    table.bigIncrements("id");
    table.bigInteger("workflow_id").notNullable().defaultTo(0);
    table.integer("version").notNullable().defaultTo(0);
    table.string("state", 16).notNullable().defaultTo("submitted");
    table.string("trigger_kind", 16).notNullable().defaultTo("manual");
    table.bigInteger("schedule_time");
    table.bigInteger("created_at").notNullable().defaultTo(0);
    table.bigInteger("started_at");
    table.bigInteger("ended_at");
    table.integer("run_times").notNullable().defaultTo(0);
    table.boolean("dry_run").notNullable().defaultTo(false);
    table.integer("priority").notNullable().defaultTo(2);
    table.text("options", "longtext");
    table.text("params", "longtext");
    table.string("owner", 190);
    table.integer("owner_epoch").notNullable().defaultTo(0);
    table.integer("given_up").notNullable().defaultTo(0);
    table.integer("event_seq").notNullable().defaultTo(0);
    table.bigInteger("parent_instance");
    table.integer("parent_task");
    table.integer("parent_attempt");
    /** Place of a child among those of its parent's attempt. */
    table.integer("parent_item");
    table.bigInteger("backfill_id");
    /** Which tasks the present run consists of (JSON); null until it begins. */
    table.text("run_plan", "longtext");
    table.bigInteger("timeout_at");
    /** What was asked of it when it had to wait for its turn (JSON: kind, payload); null: its start. */
    table.text("queued_command", "longtext");
    /** Place in the queue of a serial workflow: the number of the command that asked for this run. */
    table.bigInteger("queue_position");
    /** What may exist once: a fire time, a date of a backfill, a child of an attempt, an idempotency key. */
    table.string("origin", 190).unique();
    table.index(["owner", "state"]);
    table.index(["workflow_id", "id"]);
    table.index(["workflow_id", "schedule_time"]);
    table.index(["state", "id"]);
    table.index(["backfill_id"]);
    table.index(["parent_instance", "parent_task"]);
    table.index(["ended_at"]);
  });
  await create("task_instance", (table) => {
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("task_index").notNullable();
    table.string("state", 16).notNullable();
    table.integer("attempt").notNullable();
    table.integer("retries_used").notNullable();
    table.integer("lost").notNullable();
    table.string("worker", 190);
    table.bigInteger("until_at");
    table.bigInteger("since_at");
    table.boolean("timed_out").notNullable();
    /** Submitted: takes over what its last attempt left. Paused: its attempt is still open. */
    table.boolean("carries_on").notNullable().defaultTo(false);
    /** Where a decided `switch` or `conditions` led (JSON list of task indexes). */
    table.text("branch");
    table.text("reason");
    table.text("outputs", "longtext");
    table.bigInteger("submitted_at").notNullable();
    table.bigInteger("started_at");
    table.bigInteger("ended_at");
    table.primary(["workflow_instance_id", "task_index"]);
  });
  await create("attempt", (table) => {
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("task_index").notNullable();
    table.integer("attempt").notNullable();
    table.string("state", 16).notNullable();
    /** Null: its master ran it. */
    table.string("worker", 190);
    table.bigInteger("dispatched_at").notNullable();
    table.bigInteger("started_at");
    table.bigInteger("ended_at");
    table.integer("exit_code");
    table.text("reason");
    table.primary(["workflow_instance_id", "task_index", "attempt"]);
  });
  // A task in a task group waits here for one of the group's slots, and holds it until its attempt has ended.
  await create("task_group_slot", (table) => {
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("task_index").notNullable();
    table.string("task_group", 128).notNullable();
    /** The greatest first. */
    table.integer("pool_priority").notNullable();
    /** Indexes into `priorities`. */
    table.integer("workflow_priority").notNullable();
    table.integer("task_priority").notNullable();
    table.bigInteger("since_at").notNullable();
    table.boolean("is_granted").notNullable().defaultTo(false);
    table.primary(["workflow_instance_id", "task_index"]);
    table.index(["task_group", "is_granted"]);
  });
  await create("instance_event", (table) => {
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("seq").notNullable();
    table.string("kind", 16).notNullable();
    table.integer("task_index");
    table.integer("attempt");
    table.string("state", 16).notNullable();
    table.text("reason");
    table.bigInteger("at").notNullable();
    table.primary(["workflow_instance_id", "seq"]);
  });
  await create("command", (table) => {
    table.bigIncrements("id");
    table.string("kind", 24).notNullable();
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("priority").notNullable();
    table.text("payload");
    table.bigInteger("created_at").notNullable();
    table.index(["priority", "id"]);
    table.index(["workflow_instance_id"]);
  });
  await create("error_command", (table) => {
    table.bigIncrements("id");
    table.string("kind", 24).notNullable();
    table.bigInteger("workflow_instance_id").notNullable();
    table.text("payload");
    table.text("reason").notNullable();
    table.bigInteger("created_at").notNullable();
  });
  await create("backfill", (table) => {
    table.bigIncrements("id");
    table.bigInteger("workflow_id").notNullable();
    table.string("state", 16).notNullable();
    table.integer("lanes").notNullable();
    table.string("on_failure", 16).notNullable();
    table.text("options", "longtext").notNullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("ended_at");
    table.string("origin", 190).unique();
    table.index(["state"]);
  });
  await create("backfill_date", (table) => {
    table.bigInteger("backfill_id").notNullable();
    table.integer("seq").notNullable();
    table.bigInteger("workflow_id").notNullable();
    table.bigInteger("schedule_time").notNullable();
    table.string("action", 8).notNullable();
    table.text("why").notNullable();
    table.bigInteger("workflow_instance_id");
    table.primary(["backfill_id", "seq"]);
    table.unique(["backfill_id", "workflow_id", "schedule_time"]);
  });
  await createResourceTables(create);
}

async function addMissing(
  knex: Knex,
  table: string,
  column: string,
  add: (table: Knex.AlterTableBuilder) => void,
): Promise<void> {
  if (!(await knex.schema.hasColumn(table, column))) await knex.schema.alterTable(table, add);
}

/** Attempts of asynchronous types: which attempt began the submission, and what the other system calls the job, once it is there. */
async function addJobs(knex: Knex): Promise<void> {
  await addMissing(knex, "attempt", "submission", (table) => table.integer("submission"));
  await addMissing(knex, "attempt", "job", (table) => table.string("job", 190));
}

/** A slot of a task group tells since when it is granted; null: the task waits for it. */
async function dateGrants(knex: Knex): Promise<void> {
  const name = "task_group_slot";
  await addMissing(knex, name, "granted_at", (table) => table.bigInteger("granted_at"));
  if (!(await knex.schema.hasColumn(name, "is_granted"))) return;
  await knex(name)
    .where({ is_granted: true, granted_at: null })
    .update({ granted_at: knex.ref("since_at") });
  const [old, fresh] = ["is_granted", "granted_at"].map((column) => `${name}_task_group_${column}_index`);
  // All of it or nothing: MySQL by one statement, SQLite, which knows no such, by a transaction.
  if (knex.client.driverName === "better-sqlite3") {
    await knex.transaction(async (transaction) => {
      await transaction.raw(`drop index ${old}`);
      await transaction.raw(`alter table ${name} drop column is_granted`);
      await transaction.raw(`create index ${fresh} on ${name} (task_group, granted_at)`);
    });
  } else {
    const index = `drop index ${old}, drop column is_granted, add index ${fresh} (task_group, granted_at)`;
    await knex.raw(`alter table ${name} ${index}`);
  }
}

/** What requests with a key have done, and what was answered. */
async function addRequestKeys(knex: Knex): Promise<void> {
  await createMissing(knex, "request_key", (table) => {
    table.string("id", 64).primary();
    table.bigInteger("at").notNullable().index();
    table.text("answer", "longtext");
  });
}
