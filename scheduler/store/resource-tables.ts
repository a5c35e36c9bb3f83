// The tables of what a server is given by its people: environments, worker groups, data sources, alert groups, project params, people, alerts.

import type { Knex } from "knex";

export type CreateTable = (name: string, columns: (table: Knex.CreateTableBuilder) => void) => Promise<void>;

export async function createResourceTables(create: CreateTable): Promise<void> {
  await create("environment", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    /** `export NAME=value` lines, as people write them. */
    table.text("config", "longtext").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("worker_group", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    /** JSON list of worker names that belong to it, beside those that say so themselves. */
    table.text("workers").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("task_group", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    table.integer("size").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("datasource", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    table.string("kind", 16).notNullable();
    table.string("host", 255).notNullable();
    table.integer("port").notNullable();
    table.string("database_name", 512).notNullable();
    table.string("user_name", 128).notNullable();
    /** Encrypted with the server's key; empty: none. */
    table.text("password").notNullable();
    /** JSON object of text. */
    table.text("options").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("alert_group", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    /** JSON list of webhooks and mail addresses; secrets in it are encrypted. */
    table.text("channels", "longtext").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("project_param", (table) => {
    table.string("project", 128).notNullable();
    table.string("name", 128).notNullable();
    table.text("value", "longtext").notNullable();
    table.bigInteger("updated_at").notNullable();
    table.primary(["project", "name"]);
  });
  await create("user_account", (table) => {
    table.string("name", 128).primary();
    table.string("description", 512).notNullable().defaultTo("");
    /** JSON: role by project. */
    table.text("grants").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
  await create("token", (table) => {
    table.string("id", 32).primary();
    table.string("sha256", 64).notNullable().unique();
    table.string("name", 128).notNullable();
    table.string("user_name", 128);
    /** JSON: role by project; null: the user's. */
    table.text("grants");
    table.bigInteger("created_at").notNullable();
    table.bigInteger("expires_at");
    table.index(["user_name"]);
  });
  // One row: what tells this cluster from all others, also where two use the same data source.
  await create("cluster_identity", (table) => {
    table.integer("id").primary();
    table.string("identity", 64).notNullable();
  });
  // Written in the transaction of the state that raises it, delivered afterwards by any master.
  await create("alert", (table) => {
    table.bigIncrements("id");
    /** What may be raised once: `<instance>:<run times>:outcome`, `<instance>.<task>#<attempt>:timeout`, … */
    table.string("origin", 190).notNullable().unique();
    table.string("kind", 24).notNullable();
    table.bigInteger("workflow_instance_id").notNullable();
    table.integer("task_index");
    table.string("alert_group", 128).notNullable();
    table.string("title", 255).notNullable();
    table.text("body").notNullable();
    table.bigInteger("raised_at").notNullable();
    /** pending | delivered | failed */
    table.string("state", 16).notNullable();
    table.integer("tries").notNullable().defaultTo(0);
    table.bigInteger("next_try_at");
    /** JSON list: where it went, with what answer. */
    table.text("deliveries", "longtext");
    table.index(["state", "next_try_at"]);
    table.index(["workflow_instance_id"]);
  });
}
