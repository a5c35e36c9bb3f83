import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Inbox } from "../../scheduler/master/inbox.ts";
import { reportHandlers } from "../../scheduler/master/reports.ts";
import { incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { ownersOf } from "../../scheduler/store/ownership.ts";
import type { Connection } from "../../scheduler/wire/contract.ts";
import { type Engine, startEngine } from "../support/engine.ts";

const self = incarnation("master", "self");
const from = { peer: { role: "worker", incarnation: incarnation("worker", "w") } } as unknown as Connection; // no more is read of it

describe("what workers tell a master", () => {
  let engine: Engine;
  let id = "";
  before(async () => {
    engine = await startEngine();
    await engine.deploy("workflow t/one {\n}\n\ntask a: shell {\n  ```bash\n  true\n  ```\n}\n");
    await engine.master().close();
    ({ id } = await engine.start("t/one"));
    const { knex } = engine.database;
    await knex("workflow_instance").where({ id }).update({ state: "running", owner: self, owner_epoch: 1 });
    await knex("task_instance").insert({
      workflow_instance_id: id,
      task_index: 0,
      state: "running",
      attempt: 1,
      retries_used: 0,
      lost: 0,
      timed_out: 0,
      submitted_at: 0,
    });
  });
  after(() => engine.close());

  const ask = async (box: Partial<Inbox>, method: "owner" | "report", body: object): Promise<object> => {
    const handlers = reportHandlers({
      database: engine.database,
      self,
      inbox: () => box as Inbox, // what the handler does not call is left out
      heardFrom: () => {},
      leaseMs: 1_000,
    });
    const answer = await handlers[method]?.({ body: body as never }, from); // the handler knows its body
    return answer?.body ?? {};
  };
  const task = () => taskInstanceId(workflowInstanceId(id), 0);
  const attempts = () => [{ taskInstance: task(), attempt: 1, ownerEpoch: 1 }];

  test("a master that has taken an instance and not loaded it yet lets its worker wait, instead of going in circles", async () => {
    assert.deepEqual(await ask({ holds: () => false }, "owner", { attempts: attempts() }), {
      answers: [{ kind: "none" }],
    });
    assert.deepEqual(await ask({ holds: () => true }, "owner", { attempts: attempts() }), {
      answers: [{ kind: "owner", master: self }],
    });
  });

  test("a report that is sent again while it is being saved is posted once and answered each time", async () => {
    const answers: ((isKept: boolean) => void)[] = [];
    const box: Partial<Inbox> = {
      post: (_, { answer }) => {
        if (answer) answers.push(answer);
        return true;
      },
    };
    const handlers = reportHandlers({
      database: engine.database,
      self,
      inbox: () => box as Inbox, // what the handler does not call is left out
      heardFrom: () => {},
      leaseMs: 1_000,
    });
    const reports = [{ ...attempts()[0], agoMs: 0, kind: "ended", outcome: "succeeded", outputs: {} }];
    const send = () => handlers["report"]?.({ body: { reports } as never }, from); // the handler knows its body
    const both = [send(), send()];
    assert.equal(answers.length, 1);
    answers[0]?.(true);
    assert.deepEqual(
      (await Promise.all(both)).map((answer) => answer?.body),
      [{ answers: ["kept"] }, { answers: ["kept"] }],
    );
  });

  test("an attempt of an instance that is over is dropped by its worker, though its task never ended", async () => {
    await engine.database.knex("workflow_instance").where({ id }).update({ state: "failed", owner: null });
    assert.deepEqual(await ownersOf(engine.database, attempts()), [{ kind: "drop" }]);
  });
});
