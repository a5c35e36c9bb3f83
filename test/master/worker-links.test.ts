import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../scheduler/clock/system-clock.ts";
import { type WorkerLinks, workerLinks } from "../../scheduler/master/worker-links.ts";
import { incarnation, type TaskInstanceId, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import type { Connection } from "../../scheduler/wire/contract.ts";
import type { Assignment, DispatchAnswer, Settlement, WorkerRequests } from "../../scheduler/wire/messages.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { keptLog } from "../support/wire.ts";

const worker = incarnation("worker", "w");
const task = (instance: number): TaskInstanceId => taskInstanceId(workflowInstanceId(String(instance)), 0);
const ref = (instance: number) => ({ taskInstance: task(instance), attempt: 1, ownerEpoch: 3 });
const assignment = (instance: number): Assignment => ({
  ...ref(instance),
  workflowInstance: workflowInstanceId(String(instance)),
  worker,
  project: "t",
  workflow: "one",
  task: {
    name: "a",
    type: "shell",
    enabled: true,
    retries: 0,
    retryIntervalMs: 0,
    delayMs: 0,
    priority: "medium",
    files: [],
    inputs: [],
    outputs: [],
    attributes: {},
  },
  scope: {},
  baseTimeMs: 0,
  zone: "UTC",
  environment: {},
  files: [],
});

interface Answers {
  readonly dispatch?: (one: Assignment) => DispatchAnswer;
  readonly settle?: (instance: TaskInstanceId) => Settlement;
}

/** Lets `say` speak to a worker that answers so, and gives what became known of tasks, `enough` of it. */
async function told(say: (links: WorkerLinks) => void, answers: Answers, enough: number): Promise<readonly string[]> {
  const registry = memoryRegistry();
  const events: string[] = [];
  const heard = Promise.withResolvers<void>();
  const connection: Connection = {
    peer: { role: "worker", incarnation: worker },
    self: { role: "master", incarnation: incarnation("master", "m") },
    heardMs: () => Number.NEGATIVE_INFINITY,
    closed: new AbortController().signal,
    close: () => {},
    request: async <Response extends object>(method: string, body: object) => {
      await Promise.resolve();
      if (method === "settle") {
        const { attempts } = body as WorkerRequests["settle"]["request"]; // the method says so
        return {
          body: { settlements: attempts.map((one) => answers.settle?.(one.taskInstance)) } as object as Response,
        };
      }
      if (method === "kill") return { body: {} as Response };
      const { assignments } = body as WorkerRequests["dispatch"]["request"]; // likewise
      return {
        body: { answers: assignments.map((one) => answers.dispatch?.(one) ?? "accepted") } as object as Response,
      };
    },
  };
  const links = workerLinks({
    peers: {
      get: (name) => (name === worker ? connection : undefined),
      any: () => connection,
      all: () => [connection],
      onConnection: () => () => {},
      close: () => {},
    },
    registry,
    log: keptLog(),
    clock: systemClock,
    nowMs: () => 1_000,
    onDraining: () => {},
    onEvent: (about, event) => {
      events.push(`${about} ${event.kind}${"outcome" in event ? ` ${event.outcome}` : ""}`);
      if (events.length === enough) heard.resolve();
    },
  });
  say(links);
  await heard.promise;
  links.close();
  return events.sort();
}

describe("what a master owes its workers", () => {
  const limit = { timeout: 10_000 };

  test("a question that one instance's new owner answers for does not hold up the other instances", limit, async () => {
    const events = await told(
      (links) => {
        for (const instance of [1, 2, 3, 4]) links.settle(ref(instance), worker);
        links.dispatch(assignment(5));
      },
      {
        settle: (about) => {
          if (about === task(2)) throw new OperationError("conflict", "its owner's epoch is 9");
          return { kind: "running", forMs: 5 };
        },
        dispatch: () => "draining",
      },
      4,
    );
    assert.deepEqual(events, ["1.0 started", "3.0 started", "4.0 started", "5.0 returned"]);
  });

  test("an attempt that cannot be sent fails, and does not hold up the others", limit, async () => {
    const events = await told(
      (links) => {
        for (const instance of [1, 2, 3]) links.dispatch(assignment(instance));
      },
      {
        dispatch: (one) => {
          if (one.taskInstance === task(2)) throw new OperationError("invalid", "a message of 99 MB was to be sent");
          return "draining";
        },
      },
      3,
    );
    assert.deepEqual(events, ["1.0 returned", "2.0 ended failed", "3.0 returned"]);
  });

  test("a worker that has another name by now is asked how the attempt stands", limit, async () => {
    const dispatch = (): DispatchAnswer => "wrong_worker";
    const never = await told(
      (links) => links.dispatch(assignment(1)),
      { dispatch, settle: () => ({ kind: "unknown" }) },
      2,
    );
    assert.deepEqual(never, ["1.0 ended lost", "1.0 returned"]);
    const taken = await told(
      (links) => links.dispatch(assignment(1)),
      { dispatch, settle: () => ({ kind: "running", forMs: 1 }) },
      1,
    );
    assert.deepEqual(taken, ["1.0 started"]);
  });

  test(
    "an end that a former owner has acknowledged and its database has lost is taken from the worker's answer",
    limit,
    async () => {
      const events = await told(
        (links) => links.settle(ref(1), worker),
        {
          settle: () => ({
            kind: "ended",
            report: { ...ref(1), agoMs: 10, kind: "ended", outcome: "succeeded", outputs: {} },
          }),
        },
        1,
      );
      assert.deepEqual(events, ["1.0 ended succeeded"]);
    },
  );
});
