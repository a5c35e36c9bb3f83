// An older schema with rows in it, upgraded: on every database.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Database, openDatabase } from "../../scheduler/store/database.ts";
import { migrate, requireSchema, schemaVersion } from "../../scheduler/store/migrations.ts";
import { grantedAmong, grantSlots } from "../../scheduler/store/task-groups.ts";

export function upgrades(name: string, settings: () => Promise<DatabaseSettings>): void {
  const opened = async (t: { after(act: () => Promise<void>): void }): Promise<Database> => {
    const database = await openDatabase(await settings());
    t.after(() => database.close());
    return database;
  };

  describe(`upgrades on ${name}`, () => {
    test("slots of task groups keep their holders and those that wait", async (t) => {
      const database = await opened(t);
      const { knex } = database;
      assert.deepEqual(await migrate(database, 1), { from: 0, to: 1 });
      await assert.rejects(
        requireSchema(database),
        /database schema is at 1, this build needs \d+: run `porpoise migrate`/,
      );
      const slot = {
        workflow_instance_id: 7,
        task_group: "g",
        pool_priority: 0,
        workflow_priority: 2,
        task_priority: 2,
      };
      await knex("task_group_slot").insert([
        { ...slot, task_index: 0, since_at: 100, is_granted: true },
        { ...slot, task_index: 1, since_at: 200, is_granted: false },
      ]);
      await knex("task_group").insert({ name: "g", description: "", size: 2, updated_at: 1 });
      assert.deepEqual(await migrate(database), { from: 1, to: schemaVersion });
      const held = await grantedAmong(database, ["7.0", "7.1"] as never); // ids of task instances
      assert.deepEqual([...held], [["7.0", 100]]);
      assert.equal(await grantSlots(database, "g"), 1);
      assert.deepEqual(await migrate(database), { from: schemaVersion, to: schemaVersion });
    });

    test("an upgrade that was cut off goes on where it stood", async (t) => {
      const database = await opened(t);
      const { knex } = database;
      await migrate(database, 1);
      await knex.schema.alterTable("attempt", (table) => table.integer("submission"));
      await knex.schema.alterTable("task_group_slot", (table) => table.bigInteger("granted_at"));
      await migrate(database);
      assert.ok(await knex.schema.hasColumn("attempt", "job"));
      assert.equal(await knex.schema.hasColumn("task_group_slot", "is_granted"), false);
      await requireSchema(database);
    });
  });
}
