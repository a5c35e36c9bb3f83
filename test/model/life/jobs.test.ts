// The lives of a task whose attempts watch over a job elsewhere, and of those attempts, played together.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { incarnation } from "../../../scheduler/model/ids.ts";
import {
  type AttemptLife,
  mayLeaveJob,
  next as nextAttempt,
  submissionStartedMs,
  submissionsOf,
} from "../../../scheduler/model/life/attempt.ts";
import {
  born,
  duties,
  type InstanceMode,
  next,
  type TaskEvent,
  type TaskLife,
  type TaskRules,
} from "../../../scheduler/model/life/task.ts";

interface Played {
  /** `running#2←1`: the second attempt carries the first one's submission on. */
  readonly states: string;
  /** The task's submissions, the newest first; a job that was heard of stands behind its colon. */
  readonly submissions: string;
  readonly life: TaskLife;
  readonly rules: TaskRules;
}

/** Plays words on both lives: `assigned, started, job, lost, mode stopping, stop`. */
function play(words: string, retries = 0): Played {
  const attempts: AttemptLife[] = [];
  let mode: InstanceMode = "running";
  const rules = (): TaskRules => ({
    task: { retries, retryIntervalMs: 0 },
    mode,
    nowMs: 5,
    lostLimit: 3,
    job: { isLeft: mayLeaveJob(attempts.at(-1)), ...sinceOf(attempts) },
  });
  const birth = { mode: "running", dryRun: false, nowMs: 0, branchSkipped: false } as const;
  let life: TaskLife = born({ enabled: true, delayMs: 0 }, { ...birth, lastAttempt: 0 });
  const told = (): string => {
    const newest = attempts.at(-1);
    const from = newest?.submission === newest?.attempt ? "" : `←${newest?.submission}`;
    const isUnderWay = life.state === "dispatched" || life.state === "running";
    return life.attempt === 0 ? life.state : `${life.state}#${life.attempt}${isUnderWay ? from : ""}`;
  };
  const seen = [told()];
  for (const word of words.split(", ")) {
    if (word.startsWith("mode ")) {
      mode = word.slice(5) as InstanceMode; // the test's own words
      continue;
    }
    if (word === "born") {
      life = born({ enabled: true, delayMs: 0 }, { ...birth, lastAttempt: life.attempt });
      seen.push(told());
      continue;
    }
    const event = eventOf(word, life);
    const after = next(life, event, rules());
    const carriesOn = life.state === "submitted" && life.carriesOn;
    const attempt = nextAttempt(attempts.at(-1), event, after, { nowMs: 5, job: { carriesOn } });
    if (attempt && attempt.attempt !== attempts.at(-1)?.attempt) attempts.push(attempt);
    else if (attempt) attempts.splice(-1, 1, attempt);
    if (after === life) continue;
    life = after;
    seen.push(told());
  }
  const submissions = submissionsOf(attempts).map((one) => [one.attempt, one.job].filter(Boolean).join(":"));
  return { states: seen.join(", "), submissions: submissions.join(" "), life, rules: rules() };
}

function sinceOf(attempts: readonly AttemptLife[]): { readonly sinceMs?: number } {
  const sinceMs = submissionStartedMs(attempts);
  return sinceMs === undefined ? {} : { sinceMs };
}

function eventOf(word: string, { attempt }: TaskLife): TaskEvent {
  const ended = { kind: "ended", attempt, atMs: 20 } as const;
  switch (word) {
    case "assigned":
      return { kind: "assigned", worker: incarnation("w1", "a") };
    case "started":
      return { kind: "started", attempt, atMs: 10 * attempt };
    case "job":
      return { kind: "started", attempt, atMs: 10, job: `j${attempt}` };
    case "returned":
      return { kind: "returned", attempt };
    case "handed over":
      return { ...ended, outcome: "lost", handedOver: true };
    case "succeeded":
    case "failed":
    case "killed":
    case "lost":
      return { ...ended, outcome: word };
    default:
      return { kind: word as "stop" }; // words without more to say
  }
}

describe("the life of a task with a job elsewhere", () => {
  const cases: readonly (readonly [statement: string, words: string, states: string, submissions: string])[] = [
    [
      "what follows a lost attempt carries its submission on",
      "assigned, started, job, lost, assigned, started, lost, assigned, succeeded",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2←1, running#2←1, submitted#2, dispatched#3←1, succeeded#3",
      "1:j1",
    ],
    [
      "a lost attempt of which nobody heard that its job was there is carried on all the same",
      "assigned, lost, assigned, job",
      "submitted, dispatched#1, submitted#1, dispatched#2←1, running#2←1",
      "1:j2",
    ],
    [
      "what is tried again after a failure is a new submission",
      "assigned, started, lost, assigned, failed, assigned",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2←1, submitted#2, dispatched#3",
      "3 1",
    ],
    [
      "a worker that does not take it breaks no submission",
      "assigned, started, lost, assigned, returned, assigned",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2←1, submitted#2, dispatched#3←1",
      "1",
    ],
    [
      "three lost attempts fail the task, and a rerun carries their submission on",
      "assigned, lost, assigned, lost, assigned, lost, rerun, assigned",
      "submitted, dispatched#1, submitted#1, dispatched#2←1, submitted#2, dispatched#3←1, failed#3, submitted#3, dispatched#4←1",
      "1",
    ],
    [
      "handing a job over is no loss, however often",
      "assigned, handed over, assigned, handed over, assigned, handed over, assigned, handed over, assigned",
      "submitted, dispatched#1, submitted#1, dispatched#2←1, submitted#2, dispatched#3←1, submitted#3, dispatched#4←1, submitted#4, dispatched#5←1",
      "1",
    ],
    [
      "a run from the beginning is a new submission, that knows of the one before",
      "assigned, lost, assigned, lost, assigned, lost, born, assigned, lost, assigned",
      "submitted, dispatched#1, submitted#1, dispatched#2←1, submitted#2, dispatched#3←1, failed#3, submitted#3, dispatched#4, submitted#4, dispatched#5←4",
      "4 1",
    ],
    [
      "a stop while its job is left makes an attempt that ends the job",
      "assigned, started, job, lost, mode stopping, stop, assigned, killed",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2←1, killed#2",
      "1:j1",
    ],
    [
      "an attempt lost while its instance stops is followed by one that ends the job",
      "assigned, started, mode stopping, lost, assigned, killed",
      "submitted, dispatched#1, running#1, submitted#1, dispatched#2←1, killed#2",
      "1",
    ],
    [
      "what never began a job is killed at once by a stop",
      "assigned, returned, mode stopping, stop",
      "submitted, dispatched#1, submitted#1, killed#1",
      "1",
    ],
    [
      "a pause leaves the job, and the resumed task carries it on",
      "assigned, started, mode pausing, lost, mode running, resume, assigned",
      "submitted, dispatched#1, running#1, paused#1, submitted#1, dispatched#2←1",
      "1",
    ],
    [
      "a stop of the paused task ends the job",
      "assigned, started, mode pausing, lost, mode stopping, stop, assigned, killed",
      "submitted, dispatched#1, running#1, paused#1, submitted#1, dispatched#2←1, killed#2",
      "1",
    ],
    [
      "a task that was stopped begins a new submission when it is rerun",
      "assigned, started, mode stopping, killed, mode running, rerun, assigned",
      "submitted, dispatched#1, running#1, killed#1, submitted#1, dispatched#2",
      "2 1",
    ],
  ];
  for (const [statement, words, states, submissions] of cases) {
    test(statement, () => {
      const played = play(words, 1);
      assert.deepEqual([played.states, played.submissions], [states, submissions]);
    });
  }

  test("the time of a job counts from its first attempt's start, that of a new submission from its own", () => {
    const since = (words: string): number | undefined => {
      const { life } = play(words, 1);
      return life.state === "running" ? life.sinceMs : undefined;
    };
    assert.equal(since("assigned, started, lost, assigned, started"), 10);
    assert.equal(since("assigned, lost, assigned, started, lost, assigned, started"), 20);
    assert.equal(since("assigned, started, failed, assigned, started"), 20);
  });

  test("an attempt that must end a job is not killed before it has begun, else nobody would end it", () => {
    const kinds = (words: string): readonly string[] => {
      const { life, rules } = play(words);
      return duties(life, "entered", rules).map(({ kind }) => kind);
    };
    assert.deepEqual(kinds("assigned, mode stopping"), ["dispatch", "kill"]);
    assert.deepEqual(kinds("assigned, lost, mode stopping, assigned"), ["dispatch"]);
    assert.deepEqual(kinds("assigned, lost, mode stopping, assigned, started"), ["kill"]);
  });
});
