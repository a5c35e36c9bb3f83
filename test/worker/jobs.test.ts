// What becomes of a job elsewhere, whatever its system, its worker and its user do: the runner against a system of the test's own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { incarnation, taskInstanceId, workflowInstanceId } from "../../scheduler/model/ids.ts";
import type { JobAssignment } from "../../scheduler/wire/messages.ts";
import { AttemptFailure, type ExecutorContext, type ExecutorEnd } from "../../scheduler/worker/executors/contract.ts";
import { type FoundJob, JobRefused, type Jobs } from "../../scheduler/worker/jobs/contract.ts";
import { asynchronous, jobKey } from "../../scheduler/worker/jobs/runner.ts";
import { assignment, eventually } from "../support/worker.ts";

const pace = {
  firstMs: 1,
  longestMs: 5,
  beginLimitMs: 150,
  endLimitMs: 600,
  forgottenMs: 300,
  answerMs: 1_000,
  submitAnswerMs: 1_000,
};

/** A system with jobs; what it is asked may fail as the test likes. */
function system() {
  const jobs = new Map<string, FoundJob>();
  const submitted: string[] = [];
  const cancelled: string[] = [];
  const running = (key: string): FoundJob => ({ kind: "running", job: key, state: "RUNNING" });
  const it = {
    jobs,
    submitted,
    cancelled,
    running,
    /** Before it is answered. */
    onFind: (_key: string): void => {},
    onSubmit: (_key: string): void => {},
    onCancel: (key: string): void => void jobs.set(key, { kind: "cancelled", job: key }),
    /** After it was carried out. */
    onSubmitted: (_key: string): void => {},
  };
  const asked: Jobs = {
    system: "the system",
    find: async (key) => {
      it.onFind(key);
      return jobs.get(key) ?? { kind: "absent" };
    },
    submit: async (key) => {
      it.onSubmit(key);
      if (jobs.has(key)) throw new JobRefused("there is one already");
      submitted.push(key);
      jobs.set(key, running(key));
      it.onSubmitted(key);
    },
    cancel: async (key) => {
      it.onCancel(key);
      cancelled.push(key);
    },
  };
  return { it, asked };
}

const instance = workflowInstanceId(7);
const key = (attempt: number): string => jobKey("", { taskInstance: taskInstanceId(instance, 0) }, attempt);

interface Started {
  readonly ended: Promise<ExecutorEnd>;
  readonly log: string[];
  readonly there: string[];
  readonly left: string[];
  kill(): void;
  abandon(): void;
  lease: number;
}

function start(asked: Jobs, attempt: number, job: Partial<JobAssignment> = {}): Started {
  const signal = new AbortController();
  const abandoned = new AbortController();
  const member = { member: { incarnation: incarnation("w", "1") } };
  const no = (): never => assert.fail("no job needs this");
  const started: Started = {
    log: [],
    there: [],
    left: [],
    lease: 1_000,
    kill: () => signal.abort(),
    abandon: () => {
      signal.abort();
      abandoned.abort();
    },
    ended: Promise.resolve().then(() => asynchronous({ type: "test", open: () => asked }, pace).run(context)),
  };
  const context: ExecutorContext = {
    assignment: {
      ...assignment(member, undefined, { type: "test", instance: 7, attempt }),
      job: { submission: { attempt }, earlier: [], mustEnd: false, ...job },
    },
    directory: "",
    script: no,
    writeScript: no,
    writeFile: no,
    text: (value) => value,
    process: no,
    note: (line) => void started.log.push(line),
    write: (bytes) => void started.log.push(Buffer.from(bytes).toString()),
    signal: signal.signal,
    abandoned: abandoned.signal,
    leaseLeftMs: () => started.lease,
    placeFiles: async () => {},
    jobIsThere: (id) => void started.there.push(id),
    leaves: (what) => void started.left.push(what),
  };
  return started;
}

const isThere = (one: Started): Promise<string> => eventually(() => one.there[0], "the job");
const ended = async (one: Started): Promise<string> => {
  const end = await one.ended;
  return end.outcome === "failed" ? `failed: ${end.reason}` : end.outcome;
};
const failure = (one: Started): Promise<string> =>
  one.ended.then(
    () => "it did not fail",
    (error: unknown) => (error instanceof AttemptFailure ? error.message : String(error)),
  );

describe("a job elsewhere", () => {
  test("is submitted once and watched to its end", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    assert.equal(await isThere(one), key(1));
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.equal(await ended(one), "succeeded");
    assert.deepEqual(it.submitted, [key(1)]);
  });

  test("that fails fails the attempt with its reason, and its details are in the log", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    await isThere(one);
    it.jobs.set(key(1), { kind: "failed", job: key(1), reason: "no input", details: "at line 3" });
    assert.equal(await ended(one), `failed: job ${key(1)} has failed: no input`);
    assert.ok(one.log.includes("at line 3\n"));
  });

  test("whose submission was carried out though its answer was lost is not submitted again", async () => {
    const { it, asked } = system();
    it.onSubmitted = () => {
      throw new Error("the connection broke");
    };
    const one = start(asked, 1);
    await isThere(one);
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.equal(await ended(one), "succeeded");
    assert.deepEqual(it.submitted, [key(1)]);
  });

  test("that its system may have taken is waited for while the system is away, also by a first attempt", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    it.onSubmitted = () => {
      const untilMs = performance.now() + 2 * pace.beginLimitMs;
      it.onFind = () => {
        if (performance.now() < untilMs) throw new Error("connect ECONNREFUSED");
      };
      throw new Error("the connection broke");
    };
    await isThere(one);
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.equal(await ended(one), "succeeded");
  });

  test("that its system never takes fails the attempt after a while", async () => {
    const { it, asked } = system();
    it.onSubmit = () => {
      throw new Error("no answer within 1 s");
    };
    assert.equal(await failure(start(asked, 1)), "the system does not take the job: no answer within 1 s");
  });

  test("is taken over from a lost attempt under its key, and not submitted again", async () => {
    const { it, asked } = system();
    const first = start(asked, 1);
    await isThere(first);
    first.abandon();
    await first.ended;
    const second = start(asked, 2, { submission: { attempt: 1, job: key(1) } });
    await isThere(second);
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.equal(await ended(second), "succeeded");
    assert.deepEqual([it.submitted, it.cancelled], [[key(1)], []]);
  });

  test("that a lost attempt never submitted is submitted by the next, under the same key", async () => {
    const { it, asked } = system();
    const one = start(asked, 2, { submission: { attempt: 1 } });
    await isThere(one);
    assert.deepEqual(it.submitted, [key(1)]);
    one.abandon();
    await one.ended;
  });

  test("is not submitted by a worker whose lease is over, however late it wakes", async () => {
    const { it, asked } = system();
    const frozen = start(asked, 1);
    frozen.lease = 0;
    const next = start(asked, 2, { submission: { attempt: 1 } });
    await isThere(next);
    frozen.abandon();
    await frozen.ended;
    assert.deepEqual([it.submitted, it.cancelled], [[key(1)], []]);
    next.abandon();
    await next.ended;
  });

  test("that two attempts submit at the same time is there once, and both watch it", async () => {
    const { it, asked } = system();
    const [one, other] = [start(asked, 1), start(asked, 2, { submission: { attempt: 1 } })];
    await Promise.all([isThere(one), isThere(other)]);
    assert.deepEqual(it.submitted, [key(1)]);
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.deepEqual([await ended(one), await ended(other)], ["succeeded", "succeeded"]);
  });

  test("lives on while its system is away, and the attempt with it", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    await isThere(one);
    let asks = 0;
    it.onFind = () => {
      asks += 1;
      throw new Error("connect ECONNREFUSED");
    };
    await eventually(() => (asks > 20 ? true : undefined), "many questions");
    it.onFind = () => {};
    it.jobs.set(key(1), { kind: "succeeded", job: key(1) });
    assert.equal(await ended(one), "succeeded");
    const told = one.log.filter((line) => /does not answer/.test(line));
    assert.deepEqual(told, ["the system does not answer, asking again: connect ECONNREFUSED"]);
  });

  test("of a lost attempt is waited for while its system is away", async () => {
    const { it, asked } = system();
    it.jobs.set(key(1), it.running(key(1)));
    const untilMs = performance.now() + 2 * pace.beginLimitMs;
    it.onFind = () => {
      if (performance.now() < untilMs) throw new Error("connect ECONNREFUSED");
    };
    const one = start(asked, 2, { submission: { attempt: 1 } });
    await isThere(one);
    one.abandon();
    await one.ended;
  });

  test("that cannot even be asked for fails the attempt after a while", async () => {
    const { it, asked } = system();
    it.onFind = () => {
      throw new Error("connect ECONNREFUSED");
    };
    assert.equal(await failure(start(asked, 1)), "the system does not answer: connect ECONNREFUSED");
  });

  test("that its system refuses fails the attempt with the reason", async () => {
    const { it, asked } = system();
    it.onSubmit = () => {
      throw new JobRefused("no such class");
    };
    assert.equal(await failure(start(asked, 1)), "the system refuses the job: no such class");
  });

  test("that its system has taken already is found a little later, or was forgotten", async () => {
    const { it, asked } = system();
    it.onSubmit = () => {
      throw new JobRefused("there was one already", true);
    };
    const one = start(asked, 2, { submission: { attempt: 1 } });
    setTimeout(() => it.jobs.set(key(1), it.running(key(1))), pace.forgottenMs / 10);
    await isThere(one);
    one.abandon();
    await one.ended;
    assert.match(await failure(start(asked, 4, { submission: { attempt: 3 } })), /does not know job \w+ any more/);
  });

  test("that was there and that its system does not know any more is not submitted again", async () => {
    const { it, asked } = system();
    const taken = start(asked, 2, { submission: { attempt: 1, job: key(1) } });
    assert.match(await failure(taken), /does not know job \w+ any more/);
    const watched = start(asked, 3);
    await isThere(watched);
    it.jobs.clear();
    assert.match(await ended(watched), /does not know job \w+ any more/);
    assert.deepEqual(it.submitted, [key(3)]);
  });

  test("that is away for a moment is not forgotten", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    await isThere(one);
    it.jobs.clear();
    setTimeout(() => it.jobs.set(key(1), { kind: "succeeded", job: key(1) }), pace.forgottenMs / 10);
    assert.equal(await ended(one), "succeeded");
  });
});

describe("a killed attempt", () => {
  test("ends its job, and only then is over", async () => {
    const { it, asked } = system();
    it.onCancel = () => void setTimeout(() => it.jobs.set(key(1), { kind: "cancelled", job: key(1) }), 20);
    const one = start(asked, 1);
    await isThere(one);
    one.kill();
    await one.ended;
    assert.equal(it.jobs.get(key(1))?.kind, "cancelled");
    assert.deepEqual(one.left, []);
  });

  test("says so where its job cannot be ended", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    await isThere(one);
    it.onFind = () => {
      throw new Error("connect ECONNREFUSED");
    };
    one.kill();
    await one.ended;
    assert.deepEqual(one.left, [`job ${key(1)} may still run: the system did not end it within 0.6 s`]);
  });

  test("waits for a submission under way, so that it can end what it began", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    it.onSubmit = () => one.kill();
    await one.ended;
    assert.deepEqual([it.submitted, it.cancelled], [[key(1)], [key(1)]]);
  });

  test("looks a while for a job that may still come", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    it.onSubmit = () => {
      setTimeout(() => it.jobs.set(key(1), it.running(key(1))), pace.forgottenMs / 10);
      one.kill();
      throw new Error("the connection broke");
    };
    await one.ended;
    assert.deepEqual(it.cancelled, [key(1)]);
  });

  test("that has not begun anything asks nobody", async () => {
    const { it, asked } = system();
    it.onFind = () => assert.fail("it was asked");
    const one = start(asked, 1);
    one.kill();
    await one.ended;
    assert.deepEqual(one.left, []);
  });

  test("that came only to end what a lost one left ends it and begins nothing", async () => {
    for (const left of [true, false]) {
      const { it, asked } = system();
      if (left) it.jobs.set(key(1), it.running(key(1)));
      const one = start(asked, 2, { submission: { attempt: 1, job: key(1) }, mustEnd: true });
      one.kill();
      await one.ended;
      assert.deepEqual([it.submitted, it.cancelled], [[], left ? [key(1)] : []]);
    }
  });

  test("that is lost while it ends its job leaves the rest to the next", async () => {
    const { it, asked } = system();
    it.onCancel = () => {};
    const one = start(asked, 1);
    await isThere(one);
    one.kill();
    await eventually(() => it.cancelled[0], "the cancel");
    one.abandon();
    await one.ended;
    assert.deepEqual(one.left, []);
  });

  test("cancels nothing once its lease is over", async () => {
    const { it, asked } = system();
    const one = start(asked, 1);
    await isThere(one);
    one.lease = 0;
    one.kill();
    setTimeout(() => one.abandon(), 30);
    await one.ended;
    assert.deepEqual(it.cancelled, []);
  });
});

describe("a new submission", () => {
  test("begins only when no earlier job of the task runs", async () => {
    const { it, asked } = system();
    it.jobs.set(key(1), it.running(key(1)));
    it.jobs.set(key(2), { kind: "failed", job: key(2), reason: "x" });
    it.onSubmit = () => assert.equal(it.jobs.get(key(1))?.kind, "cancelled");
    const one = start(asked, 3, { earlier: [{ attempt: 2 }, { attempt: 1 }] });
    await isThere(one);
    assert.deepEqual([it.submitted, it.cancelled], [[key(3)], [key(1)]]);
    one.abandon();
    await one.ended;
  });

  test("is not begun beside an earlier job that cannot be ended", async () => {
    const { it, asked } = system();
    it.jobs.set(key(1), it.running(key(1)));
    it.onCancel = () => {};
    const one = start(asked, 2, { earlier: [{ attempt: 1 }] });
    assert.match(await failure(one), /of an earlier attempt still runs, and the system does not end it/);
    assert.deepEqual(it.submitted, []);
  });
});
