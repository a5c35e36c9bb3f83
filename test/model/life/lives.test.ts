// What must never happen to a life, whatever comes in whichever order; and that docs/lives.md shows them as they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { incarnation } from "../../../scheduler/model/ids.ts";
import { type AttemptLife, next as nextAttempt } from "../../../scheduler/model/life/attempt.ts";
import { nextOfBackfill } from "../../../scheduler/model/life/backfill.ts";
import { fireDue } from "../../../scheduler/model/life/schedule.ts";
import { born, next as nextTask, type TaskEvent, type TaskLife } from "../../../scheduler/model/life/task.ts";
import { type InstanceEvent, isOver, needsOwner, next } from "../../../scheduler/model/life/workflow-instance.ts";
import type { WorkflowInstanceState } from "../../../scheduler/model/states.ts";
import { livesPage, livesPath } from "../../../scripts/lives.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);

test("docs/lives.md is current", () => {
  assert.equal(readFileSync(livesPath, "utf8"), livesPage(), "run `node scripts/lives.ts`");
});

test("an instance that is over runs again only when asked to, and one that is stopped starts nothing before that", () => {
  const random = seededRandom(seed);
  const words = ["taken", "wait", "discard", "pause", "stop", "resume", "rerun", "recover"] as const;
  const outcomes = ["stopped", "failed", "paused", "succeeded"] as const;
  for (let run = 0; run < 2000; run += 1) {
    let state: WorkflowInstanceState = "submitted";
    for (let step = 0; step < 20; step += 1) {
      const kind = words[random(words.length)] ?? "pause";
      const outcome = outcomes[random(outcomes.length)] ?? "failed";
      const event: InstanceEvent = random(3) === 0 ? { kind: "settled", outcome } : { kind };
      const after: WorkflowInstanceState = next(state, event);
      const note: string = `seed ${seed}, run ${run}: ${state} after ${JSON.stringify(event)} is ${after}`;
      if (after === state) continue;
      if (isOver(state)) assert.ok(event.kind === "rerun" || event.kind === "recover", note);
      if (state === "stopping") assert.equal(event.kind, "settled", note);
      if (event.kind === "settled") assert.ok(needsOwner(state), note);
      if (after === "serial_wait") assert.equal(state, "submitted", note);
      state = after;
    }
  }
});

test("an attempt only goes forward, and what it is agrees with its task", () => {
  const random = seededRandom(seed);
  const worker = incarnation("w", "1");
  const rank = { dispatched: 0, running: 1, succeeded: 2, failed: 2, killed: 2, lost: 2 };
  for (let run = 0; run < 2000; run += 1) {
    let life: TaskLife = born(
      { enabled: true, delayMs: 0 },
      { mode: "running", dryRun: false, nowMs: 0, lastAttempt: 0, branchSkipped: false },
    );
    const attempts = new Map<number, AttemptLife>();
    for (let step = 0; step < 30; step += 1) {
      const attempt = Math.max(0, life.attempt - random(2));
      const outcome = (["succeeded", "failed", "killed", "lost"] as const)[random(4)] ?? "lost";
      const events: readonly TaskEvent[] = [
        { kind: "assigned", worker },
        { kind: "began", atMs: step },
        { kind: "started", attempt, atMs: step },
        { kind: "ended", attempt, atMs: step, outcome },
        { kind: "returned", attempt },
        { kind: "held", attempt },
        { kind: "timedOut", attempt },
        { kind: "resume" },
        { kind: "stop" },
        { kind: "rerun" },
        { kind: "due" },
      ];
      const event = events[random(events.length)] ?? { kind: "due" };
      const task = { retries: 1, retryIntervalMs: 0, timeout: { afterMs: 1, action: "fail" as const } };
      const mode = random(3) === 0 ? "pausing" : "running";
      const after = nextTask(life, event, { task, mode, nowMs: step, lostLimit: 3 });
      if (after === life) continue;
      const before = attempts.get(after.attempt) ?? attempts.get(life.attempt);
      const record = nextAttempt(before, event, after, { nowMs: step });
      const note = `seed ${seed}, run ${run}: ${JSON.stringify(life)} after ${JSON.stringify(event)}`;
      if (record) {
        const known = attempts.get(record.attempt);
        if (known) assert.ok(rank[record.state] > rank[known.state], note);
        attempts.set(record.attempt, record);
      }
      const open = [...attempts.values()].filter((one) => rank[one.state] < 2);
      const mayBeOpen = after.state === "dispatched" || after.state === "running" || after.state === "paused";
      assert.ok(open.length <= 1 && (open.length === 0 || mayBeOpen), note);
      life = after;
    }
  }
});

test("a backfill runs no more dates than it has lanes, and none after it is over", () => {
  const random = seededRandom(seed);
  for (let run = 0; run < 500; run += 1) {
    const lanes = 1 + random(4);
    const onFailure = random(2) === 0 ? ("stop" as const) : ("continue" as const);
    let now = { running: 0, failed: 0, left: random(12) };
    for (let step = 0; ; step += 1) {
      const note = `seed ${seed}, run ${run}: ${JSON.stringify(now)}`;
      assert.ok(step < 100, `${note} does not end`);
      const { start, state } = nextOfBackfill({ state: "running", lanes, onFailure }, now);
      now = { ...now, running: now.running + start, left: now.left - start };
      assert.ok(now.running <= lanes && now.left >= 0, note);
      if (state !== "running") {
        assert.equal(now.running, 0, note);
        assert.equal(state, now.failed > 0 ? "failed" : "succeeded", note);
        assert.equal(nextOfBackfill({ state, lanes, onFailure }, { ...now, left: 9 }).start, 0, note);
        break;
      }
      const ended = 1 + random(now.running);
      now = { ...now, running: now.running - ended, failed: now.failed + (random(4) === 0 ? 1 : 0) };
    }
  }
});

test("a schedule that is looked at often enough fires each time once, however unevenly", () => {
  const random = seededRandom(seed);
  const schedule = {
    cron: "0/7 * * * * ?",
    zone: "UTC",
    activeFrom: null,
    activeUntil: null,
    catchUp: "last",
  } as const;
  for (let run = 0; run < 100; run += 1) {
    let nowMs = 1_700_000_000_000;
    let nextFireAtMs: number | null = nowMs;
    const fired: number[] = [];
    while (nowMs < 1_700_000_600_000 && nextFireAtMs !== null) {
      nowMs += random(50_000);
      if (nextFireAtMs > nowMs) continue;
      const firing = fireDue({ ...schedule, nextFireAtMs }, nowMs, 60_000);
      fired.push(...firing.fireTimesMs);
      nextFireAtMs = firing.nextFireAtMs;
    }
    const wanted = new Set(fired);
    assert.equal(wanted.size, fired.length, `seed ${seed}: twice`);
    for (let at = 1; at < fired.length; at += 1) {
      const gap = (fired[at] ?? 0) - (fired[at - 1] ?? 0);
      assert.ok(gap > 0 && gap <= 7000, `seed ${seed}: ${gap} ms between two fires`);
    }
  }
});
