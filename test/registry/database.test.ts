import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { databaseRegistry } from "../../scheduler/registry/database.ts";
import { endSession, forgetEveryone, insertSession } from "../../scheduler/registry/database-tables.ts";
import { silence } from "../../scheduler/registry/silence.ts";
import { connect } from "../../scheduler/store/connect.ts";
import { keptLog } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";
import { changes, member, opened, registryContract } from "./contract.ts";

registryContract("database on SQLite", async (t) => cluster(t));

test("a session whose process is gone is cleared away by whoever sees it silent for a lease", async (t) => {
  const { knex, ...under } = await cluster(t);
  const registry = opened(t, under);
  await registry.join(member("worker", "w1"));
  await insertSession(knex, "of a dead process");
  await knex("registry_members").insert({
    incarnation: "dead#1",
    kind: "worker",
    session: "of a dead process",
    data: "{}",
  });
  const seen = changes(registry, "worker");
  await seen.heard("added dead");
  await seen.heard("removed dead");
  await eventually(async () => ((await knex("registry_sessions")).length === 1 ? true : undefined), "one session");
});

test("a session that was given up is lost, takes its locks along, and the next one is connected", async (t) => {
  const { knex, ...under } = await cluster(t);
  const registry = opened(t, under);
  await registry.join(member("worker", "w1"));
  const lock = await registry.lock("l", new AbortController().signal);
  const states: string[] = [];
  registry.onSession((state) => states.push(state));
  const [row] = await knex("registry_sessions");
  assert.equal(await endSession(knex, row.id), true);
  await eventually(() => (states.length === 3 ? true : undefined), "three states");
  assert.deepEqual(states, ["connected", "lost", "connected"]);
  assert.equal(lock.lost.aborted, true);
  assert.deepEqual(await registry.members("worker"), []);
  await (await registry.lock("l", AbortSignal.timeout(5_000))).release();
});

test("a lock that could not be given back, or whose place was taken without an answer, is free a moment later", async (t) => {
  const { knex, ...under } = await cluster(t);
  const [one, two] = [opened(t, under), opened(t, under)];
  const lock = await one.lock("held", new AbortController().signal);
  await knex.schema.renameTable("registry_tickets", "away");
  await lock.release();
  await knex.schema.renameTable("away", "registry_tickets");
  await (await two.lock("held", AbortSignal.timeout(5_000))).release();

  // The row is kept, and the asker hears of a failure alone.
  await knex.raw(
    "create trigger lost after insert on registry_tickets begin select raise(fail, 'the answer was lost'); end",
  );
  const given = new AbortController();
  const asked = assert.rejects(one.lock("asked", given.signal), /given up/);
  await eventually(async () => ((await knex("registry_tickets")).length === 1 ? true : undefined), "the ticket");
  await knex.schema.renameTable("registry_tickets", "away");
  given.abort();
  await asked;
  await knex.schema.renameTable("away", "registry_tickets");
  await knex.raw("drop trigger lost");
  await (await two.lock("asked", AbortSignal.timeout(5_000))).release();
});

test("whoever knows to be alone starts with an empty registry", async (t) => {
  const { knex, ...under } = await cluster(t);
  const before = opened(t, under);
  await before.join(member("worker", "w1"));
  await before.close();
  await insertSession(knex, "of a dead process");
  await forgetEveryone(knex);
  assert.deepEqual(await knex("registry_sessions"), []);
});

test("silence is counted over spans between looks, not over outages", () => {
  const observed = silence(100);
  const beats = (beat: string): ReadonlyMap<string, string> => new Map([["s", beat]]);
  assert.equal(observed.look(1_000, beats("1")).get("s"), 0);
  assert.equal(observed.look(1_100, beats("1")).get("s"), 100);
  assert.equal(observed.look(1_350, beats("1")).get("s"), 350);
  assert.equal(observed.look(91_350, beats("1")).get("s"), 450);
  assert.equal(observed.look(91_450, beats("2")).get("s"), 0);
  assert.equal(observed.look(91_550, new Map()).get("s"), undefined);
});

async function cluster(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-registry-"));
  const knex = await connect({ type: "sqlite", file: join(folder, "r.db") });
  const leaseMs = 1_200;
  const open: { close(): Promise<void> }[] = [];
  t.after(async () => {
    await Promise.all(open.map((registry) => registry.close()));
    await knex.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    knex,
    leaseMs,
    open: () => {
      const registry = databaseRegistry({ knex, beatMs: 200, ttlMs: leaseMs, log: keptLog() });
      open.push(registry);
      return registry;
    },
  };
}
