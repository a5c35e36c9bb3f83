import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { openDatabase } from "../../scheduler/store/database.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import { takeInstances } from "../../scheduler/store/ownership.ts";

test("on SQLite looking for work begins with the commands, not with every instance that nobody owns", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "plans-"));
  const database = await openDatabase({ type: "sqlite", file: path.join(folder, "p.sqlite") });
  t.after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  await migrate(database);
  const asked: { readonly sql: string; readonly bindings: readonly string[] }[] = [];
  database.knex.on("query", (query) => asked.push(query));
  await takeInstances(database, { owner: incarnation("m", "1"), limit: 10, slot: 1, slots: 2 });
  const [look] = asked;
  assert.ok(look);
  const plan: readonly { readonly detail: string }[] = await database.knex.raw(`explain query plan ${look.sql}`, [
    ...look.bindings,
  ]);
  assert.deepEqual(
    plan.map(({ detail }) => detail.split(" ").slice(0, 2).join(" ")),
    ["SCAN c", "SEARCH i"],
  );
});
