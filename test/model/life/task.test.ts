import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { incarnation } from "../../../scheduler/model/ids.ts";
import {
  type BirthOptions,
  born,
  duties,
  type InstanceMode,
  isOverState,
  next,
  type TaskEvent,
  type TaskLife,
  type TaskRules,
} from "../../../scheduler/model/life/task.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const w1 = incarnation("w1", "a");

interface Play {
  readonly retries?: number;
  readonly interval?: number;
  readonly mode?: InstanceMode;
  readonly delay?: number;
  readonly timeout?: "warn" | "fail";
}

/** Plays words on a task's life: `assigned, started, failed#1, due`; answers the states it went through. */
function play(
  words: string,
  { retries = 0, interval = 1000, mode = "running", delay = 0, timeout = "fail" }: Play = {},
): string {
  let rules: TaskRules = {
    task: { retries, retryIntervalMs: interval, timeout: { afterMs: 50, action: timeout } },
    mode,
    nowMs: 5,
    lostLimit: 3,
  };
  let life: TaskLife = born({ enabled: true, delayMs: delay }, birth);
  const seen = [told(life)];
  for (const word of words.split(", ").filter((one) => one !== "")) {
    if (word.startsWith("mode ")) {
      rules = { ...rules, mode: word.slice(5) as InstanceMode }; // the test's own words
      continue;
    }
    const after = next(life, eventOf(word, life), rules);
    if (after !== life) seen.push(told(after));
    life = after;
  }
  return seen.join(", ");
}

const birth: BirthOptions = { mode: "running", dryRun: false, nowMs: 0, lastAttempt: 0, branchSkipped: false };
const told = (life: TaskLife): string => (life.attempt > 0 ? `${life.state}#${life.attempt}` : life.state);

function eventOf(word: string, life: TaskLife): TaskEvent {
  const [name = "", number] = word.split("#");
  const attempt = number === undefined ? life.attempt : Number(number);
  switch (name) {
    case "assigned":
      return { kind: "assigned", worker: w1 };
    case "started":
      return { kind: "started", attempt, atMs: 10 };
    case "timedOut":
    case "returned":
      return { kind: name, attempt };
    case "succeeded":
    case "failed":
    case "killed":
    case "lost":
      return { kind: "ended", attempt, atMs: 20, outcome: name };
    default:
      return { kind: name as "due" }; // words without more to say
  }
}

describe("the life of a task", () => {
  const cases: readonly (readonly [statement: string, words: string, states: string, play?: Play])[] = [
    ["runs and succeeds", "assigned, started, succeeded", "submitted, dispatched#1, running#1, succeeded#1"],
    ["may end before its start was heard of", "assigned, succeeded", "submitted, dispatched#1, succeeded#1"],
    ["waits for its delay", "due, assigned", "delayed, submitted, dispatched#1", { delay: 5 }],
    [
      "is tried again after a failure",
      "assigned, started, failed, due, assigned, failed",
      "submitted, dispatched#1, running#1, retry_wait#1, submitted#1, dispatched#2, failed#2",
      { retries: 1 },
    ],
    [
      "a lost worker costs no retry, and its late report is dropped",
      "assigned, started, lost, assigned, succeeded#1, failed#2, due, assigned, failed#3",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2, retry_wait#2, submitted#2, dispatched#3, failed#3",
      { retries: 1 },
    ],
    [
      "fails after three attempts were lost",
      "assigned, lost, assigned, lost, assigned, lost",
      "submitted, dispatched#1, submitted#1, dispatched#2, submitted#2, dispatched#3, failed#3",
      { retries: 9 },
    ],
    [
      "an attempt that the worker did not take counts for nothing",
      "assigned, returned, assigned, returned, assigned, returned, assigned, succeeded",
      "submitted, dispatched#1, submitted#1, dispatched#2, submitted#2, dispatched#3, submitted#3, dispatched#4, succeeded#4",
    ],
    [
      "an attempt whose time was up has failed, though a signal killed it",
      "assigned, started, timedOut, killed",
      "submitted, dispatched#1, running#1, running#1, failed#1",
    ],
    [
      "a time-out that only warns lets the attempt run on",
      "assigned, started, timedOut, succeeded",
      "submitted, dispatched#1, running#1, running#1, succeeded#1",
      { timeout: "warn" },
    ],
    [
      "is paused while it waits for its retry",
      "assigned, failed, pause",
      "submitted, dispatched#1, retry_wait#1, paused#1",
      { retries: 1 },
    ],
    [
      "is killed while it waits for its retry",
      "assigned, failed, stop",
      "submitted, dispatched#1, retry_wait#1, killed#1",
      { retries: 1 },
    ],
    [
      "pausing lets a running attempt end",
      "assigned, started, mode pausing, pause, succeeded",
      "submitted, dispatched#1, running#1, succeeded#1",
    ],
    [
      "is not tried again while its instance stops",
      "assigned, mode stopping, failed",
      "submitted, dispatched#1, failed#1",
      { retries: 3 },
    ],
    [
      "a lost attempt is not tried again while its instance stops",
      "assigned, mode stopping, lost",
      "submitted, dispatched#1, killed#1",
    ],
    [
      "a rerun counts its attempts on",
      "assigned, succeeded, rerun, assigned",
      "submitted, dispatched#1, succeeded#1, submitted#1, dispatched#2",
    ],
    [
      "a failed task may be forced to success",
      "assigned, failed, forceSuccess",
      "submitted, dispatched#1, failed#1, forced_success#1",
    ],
    [
      "what has succeeded is not killed",
      "assigned, succeeded, stop, pause, killed, lost",
      "submitted, dispatched#1, succeeded#1",
    ],
  ];
  for (const [statement, words, states, options] of cases)
    test(statement, () => assert.equal(play(words, options), states));
});

test("a running task is settled before anything else by a new owner, and keeps its time-out", () => {
  const life: TaskLife = {
    state: "running",
    attempt: 2,
    retriesUsed: 0,
    lost: 0,
    worker: w1,
    sinceMs: 100,
    timedOut: false,
  };
  const rules: TaskRules = {
    task: { retries: 0, retryIntervalMs: 0, timeout: { afterMs: 50, action: "fail" } },
    mode: "running",
    nowMs: 5,
    lostLimit: 3,
  };
  assert.deepEqual(duties(life, "recovered", rules), [
    { kind: "settle", attempt: 2, worker: w1 },
    { kind: "timeOutAt", attempt: 2, atMs: 150 },
  ]);
  assert.deepEqual(
    duties(life, "recovered", { ...rules, mode: "stopping" }).map((duty) => duty.kind),
    ["settle", "kill"],
  );
});

test("whatever happens, attempts only count up, a late event changes nothing, and what is over stays so", () => {
  const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
  const random = seededRandom(seed);
  const words = [
    "assigned",
    "started",
    "succeeded",
    "failed",
    "killed",
    "lost",
    "returned",
    "timedOut",
    "due",
    "pause",
    "stop",
    "resume",
  ];
  for (let run = 0; run < 2000; run += 1) {
    const modes: readonly InstanceMode[] = ["running", "pausing", "stopping", "ending"];
    let life: TaskLife = born({ enabled: true, delayMs: random(2) * 10 }, birth);
    for (let step = 0; step < 30; step += 1) {
      const rules: TaskRules = {
        task: { retries: random(3), retryIntervalMs: random(2), timeout: { afterMs: 50, action: "fail" } },
        mode: modes[random(4)] ?? "running",
        nowMs: 5,
        lostLimit: 3,
      };
      const word = words[random(words.length)] ?? "due";
      const attempt = Math.max(0, life.attempt - random(2));
      const after = next(life, eventOf(`${word}#${attempt}`, life), rules);
      const note = `seed ${seed}, run ${run}: ${JSON.stringify(life)} after ${word}#${attempt} is ${JSON.stringify(after)}`;
      assert.ok(after.attempt >= life.attempt, note);
      if (isOverState(life.state)) assert.equal(after, life, note);
      const isReport = ["started", "succeeded", "failed", "killed", "lost", "returned", "timedOut"].includes(word);
      if (isReport && attempt !== life.attempt) assert.equal(after, life, note);
      if (after.attempt > life.attempt) assert.equal(word, "assigned", note);
      life = after;
    }
  }
});
