import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Master, startMaster } from "../../scheduler/master/master.ts";
import { incarnation } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import type { Registry } from "../../scheduler/registry/contract.ts";
import { type Database, openDatabase } from "../../scheduler/store/database.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import { member, memberData } from "../registry/contract.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { keptLog } from "../support/wire.ts";

describe("a master among members", () => {
  let folder = "";
  let database: Database;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "porpoise-master-"));
    database = await openDatabase({ type: "sqlite", file: path.join(folder, "test.db") });
    await migrate(database);
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  let master: Master | undefined;
  afterEach(() => master?.close());

  const log = keptLog();
  const start = async (registry: Registry): Promise<Master> => {
    master = await startMaster({
      database,
      registry,
      newIncarnation: () => incarnation("master", randomBytes(4).toString("hex")),
      secret: "a secret for tests",
      log,
    });
    return master;
  };
  const until = async (is: () => boolean): Promise<void> => {
    const end = performance.now() + 5_000;
    while (!is()) {
      assert.ok(performance.now() < end, "it does not happen");
      await delay(10);
    }
  };

  test("joins again under its name, also when the first tries are refused", async () => {
    const shared = memoryRegistry();
    let refusals = 0;
    const registry: Registry = {
      ...shared,
      join: async (member) => {
        if (refusals > 0) {
          refusals -= 1;
          throw new OperationError("unavailable", "not now");
        }
        await shared.join(member);
      },
    };
    const master = await start(registry);
    refusals = 2;
    shared.say("lost");
    assert.equal(master.isMember(), false);
    assert.equal(shared.joined.size, 0);
    shared.say("connected");
    await until(() => master.isMember());
    assert.deepEqual([...shared.joined.keys()], [master.incarnation]);
    await master.close();
    assert.equal(shared.joined.size, 0);
  });

  test("gives nothing to a worker that counts with another lease, and says so", async () => {
    const shared = memoryRegistry(60_000);
    const master = await start(shared);
    shared.add({ ...member("worker", "w1"), data: { ...memberData, leaseMs: 5_000 } });
    shared.add({ ...member("worker", "w2"), data: { ...memberData, leaseMs: 60_000 } });
    const told = log.lines.filter(({ level }) => level === "error");
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ master: master.incarnation, worker: "w1#1", itsMs: 5_000, oursMs: 60_000 }],
    );
  });

  test("is no member before it stands in the newest session", async () => {
    const shared = memoryRegistry();
    let isJoining = false;
    let joins = 0;
    const registry: Registry = {
      ...shared,
      join: async (member) => {
        joins += 1;
        await shared.join(member);
        if (!isJoining) return;
        isJoining = false;
        shared.say("lost");
        shared.say("connected");
      },
    };
    const master = await start(registry);
    isJoining = true;
    shared.say("lost");
    shared.say("connected");
    await until(() => master.isMember());
    assert.equal(joins, 3);
    assert.deepEqual([...shared.joined.keys()], [master.incarnation]);
  });
});
