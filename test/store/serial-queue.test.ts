import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { incarnation, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { admit, startNextOfQueue } from "../../scheduler/store/serial-queue.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const self = incarnation("master", "self");

describe("the queue of a serial workflow", () => {
  let engine: Engine;
  let workflowId = "";
  before(async () => {
    engine = await startEngine();
    await engine.deploy(
      "workflow t/serial {\n  concurrency = serial_wait\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n",
    );
    await engine.master().close();
    workflowId = String((await engine.database.knex("workflow").where({ name: "serial" }).first("id")).id);
  });
  after(() => engine.close());

  const started = async (): Promise<string> => {
    const { id } = await engine.start("t/serial");
    await engine.database.knex("workflow_instance").where({ id }).update({ owner: self, owner_epoch: 1 });
    return id;
  };
  const commandOf = async (id: string): Promise<string> =>
    String((await engine.database.knex("command").where({ workflow_instance_id: id }).first("id")).id);
  /** `command`: absent, the one that is there. */
  const admitted = async (id: string, command?: string) =>
    admit(engine.database, {
      instance: workflowInstanceId(id),
      workflowId,
      concurrency: "serial_wait",
      owner: self,
      epoch: 1,
      command: { id: command ?? (await commandOf(id)), kind: "start", instance: workflowInstanceId(id), payload: {} },
    });
  const end = (id: string) =>
    engine.database.knex("workflow_instance").where({ id }).update({ state: "succeeded", owner: null });

  test("one that asked earlier and is seen later waits for the one that was let in", async () => {
    const [earlier, later] = [await started(), await started()];
    // A trigger gets its place in the queue before it is committed: the earlier one may become visible second.
    await engine.database.knex("workflow_instance").where({ id: earlier }).update({ trigger_kind: "hidden" });
    assert.equal(await admitted(later), "admitted");
    await engine.database.knex("workflow_instance").where({ id: earlier }).update({ trigger_kind: "manual" });
    assert.equal(await admitted(earlier), "queued");
    assert.equal(await admitted(later), "admitted"); // asked again, because its start was not saved: it stays let in
    await end(later);
    assert.equal(await startNextOfQueue(engine.database, workflowId), true);
    assert.equal(await startNextOfQueue(engine.database, workflowId), false);
    await engine.database.knex("workflow_instance").where({ id: earlier }).update({ owner: self });
    assert.equal(await admitted(earlier), "admitted");
    await end(earlier);
  });

  test("a paused instance holds the queue until it has ended", async () => {
    const [first, second] = [await started(), await started()];
    await engine.database.knex("workflow_instance").where({ id: first }).update({ state: "paused", owner: null });
    assert.equal(await admitted(second), "queued");
    assert.equal(await startNextOfQueue(engine.database, workflowId), false);
    await end(first);
    assert.equal(await startNextOfQueue(engine.database, workflowId), true);
    await end(second);
  });

  test("a start under an epoch that is not the current one is not let in", async () => {
    const id = await started();
    await engine.database.knex("workflow_instance").where({ id }).update({ owner_epoch: 2 });
    assert.equal(await admitted(id), "not_owned");
    await end(id);
  });

  test("a start that was obeyed since it was read does not put the running instance back into the queue", async () => {
    const [running, other] = [await started(), await started()];
    const { knex } = engine.database;
    const read = await commandOf(running);
    assert.equal(await admitted(running), "admitted");
    await knex("workflow_instance").where({ id: running }).update({ state: "running" });
    await knex("command").where({ id: read }).del();
    assert.equal(await admitted(other), "queued");
    assert.equal(await admitted(running, read), "obeyed");
    const row = await knex("workflow_instance").where({ id: running }).first("state", "owner");
    assert.deepEqual([row.state, row.owner], ["running", self]);
    await end(running);
    await end(other);
  });
});
