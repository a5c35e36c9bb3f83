// Writes docs/lives.md: pictures of every life, found by asking each `next` what every event does to every state.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Incarnation } from "../scheduler/model/ids.ts";
import { next as nextAttempt } from "../scheduler/model/life/attempt.ts";
import { type BackfillState, nextOfBackfill } from "../scheduler/model/life/backfill.ts";
import {
  born,
  type InstanceMode,
  isOverState,
  next as nextTask,
  type TaskEvent,
  type TaskLife,
  type TaskRules,
} from "../scheduler/model/life/task.ts";
import { type InstanceEvent, isOver, next as nextInstance } from "../scheduler/model/life/workflow-instance.ts";
import { workflowInstanceStates } from "../scheduler/model/states.ts";

export const livesPath = path.resolve(import.meta.dirname, "../docs/lives.md");

export function livesPage(): string {
  return `${[
    "# Lives",
    "<!-- Written by scripts/lives.ts from scheduler/model/life: change the lives, not this page. -->",
    "What can become of a workflow instance, a task of it, an attempt and a backfill. An event that a state has no arrow for changes nothing. The rules behind the arrows stand in `scheduler/model/life`.",
    "## Workflow instance",
    "`settled` says that no task is active any more, and how that counts.",
    diagram(instanceArrows(), "submitted", isOver),
    "## Task",
    "`began` and `held` are of tasks that a master runs itself (`sub_workflow`, `dependent`, `switch`, `conditions`); all others are `assigned` to a worker.",
    diagram(taskArrows(), undefined, isOverState),
    "## Attempt",
    diagram(attemptArrows(), undefined, (state) => state !== "dispatched" && state !== "running"),
    "## Backfill",
    diagram(backfillArrows(), "running", (state) => state !== "running" && state !== "paused"),
  ].join("\n\n")}\n`;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

function instanceArrows(): readonly Arrow[] {
  const words = ["taken", "wait", "discard", "pause", "stop", "resume", "rerun", "recover"] as const;
  const outcomes = ["stopped", "failed", "paused", "succeeded"] as const;
  const events: readonly InstanceEvent[] = [
    ...words.map((kind) => ({ kind })),
    ...outcomes.map((outcome) => ({ kind: "settled" as const, outcome })),
  ];
  return workflowInstanceStates.flatMap((from) =>
    events.flatMap((event) => {
      const to = nextInstance(from, event);
      return to === from ? [] : [{ from, to, event: event.kind }];
    }),
  );
}

const worker = "w#1" as Incarnation; // any name
const tries = { attempt: 1, retriesUsed: 0, lost: 0 };

const taskLives: readonly TaskLife[] = [
  { ...tries, state: "submitted", sinceMs: 0, carriesOn: false },
  { ...tries, state: "delayed", untilMs: 0 },
  { ...tries, state: "dispatched", worker },
  ...[worker, null].flatMap((by) =>
    [false, true].map((timedOut) => ({ ...tries, state: "running" as const, worker: by, sinceMs: 0, timedOut })),
  ),
  { ...tries, state: "retry_wait", untilMs: 0 },
  ...[false, true].map((carriesOn) => ({ ...tries, state: "paused" as const, carriesOn })),
  ...(["killed", "failed", "succeeded", "forced_success", "skipped", "disabled"] as const).map((state) => ({
    ...tries,
    state,
  })),
];

const taskEvents: readonly TaskEvent[] = [
  ...(["due", "pause", "stop", "resume", "rerun", "forceSuccess"] as const).map((kind) => ({ kind })),
  { kind: "assigned", worker },
  { kind: "began", atMs: 0 },
  { kind: "refused", reason: "" },
  ...(["held", "timedOut", "returned"] as const).map((kind) => ({ kind, attempt: 1 })),
  { kind: "started", attempt: 1, atMs: 0 },
  ...(["succeeded", "failed", "killed", "lost"] as const).map((outcome) => ({
    kind: "ended" as const,
    attempt: 1,
    atMs: 0,
    outcome,
  })),
];

/** Every way in which rules differ that makes a difference. */
const taskRules: readonly TaskRules[] = (["running", "pausing", "stopping", "ending"] as const).flatMap(
  (mode: InstanceMode) =>
    [0, 1].flatMap((retries) =>
      [0, 1000].flatMap((retryIntervalMs) =>
        [1, 3].map((lostLimit) => ({
          task: { retries, retryIntervalMs, timeout: { afterMs: 1, action: "fail" as const } },
          mode,
          nowMs: 0,
          lostLimit,
        })),
      ),
    ),
);

const nameOf = (event: TaskEvent): string => (event.kind === "ended" ? `ended ${event.outcome}` : event.kind);

function taskArrows(): readonly Arrow[] {
  const births = [false, true].flatMap((flag) =>
    (["running", "pausing"] as const).flatMap((mode) =>
      [0, 1].flatMap((delayMs) =>
        [false, true].flatMap((dryRun) =>
          [false, true].map((branchSkipped) => {
            const options = { mode, dryRun, nowMs: 0, lastAttempt: 0, branchSkipped };
            return { from: "[*]", to: born({ enabled: flag, delayMs }, options).state, event: "ready" };
          }),
        ),
      ),
    ),
  );
  const changes = taskLives.flatMap((life) =>
    taskEvents.flatMap((event) =>
      taskRules.flatMap((rules) => {
        const after = nextTask(life, event, rules);
        return after === life ? [] : [{ from: life.state, to: after.state, event: nameOf(event) }];
      }),
    ),
  );
  return [...births, ...changes];
}

function attemptArrows(): readonly Arrow[] {
  return taskLives.flatMap((life) =>
    taskEvents.flatMap((event) =>
      taskRules.flatMap((rules) => {
        const after = nextTask(life, event, rules);
        const isOpen = life.state === "dispatched" || life.state === "running";
        const before = isOpen
          ? {
              attempt: 1,
              state: life.state,
              worker: life.worker,
              dispatchedAtMs: 0,
              startedAtMs: null,
              endedAtMs: null,
              exitCode: null,
              reason: null,
              submission: null,
              job: null,
            }
          : undefined;
        const record = after === life ? undefined : nextAttempt(before, event, after, { nowMs: 0 });
        return record ? [{ from: before?.state ?? "[*]", to: record.state, event: nameOf(event) }] : [];
      }),
    ),
  );
}

function backfillArrows(): readonly Arrow[] {
  const states: readonly BackfillState[] = ["running", "paused", "cancelled", "succeeded", "failed"];
  const found = states.flatMap((from) =>
    (["stop", "continue"] as const).flatMap((onFailure) =>
      [0, 1].flatMap((running) =>
        [0, 1].flatMap((failed) =>
          [0, 1].flatMap((left) => {
            const { state: to } = nextOfBackfill({ state: from, lanes: 1, onFailure }, { running, failed, left });
            return to === from ? [] : [{ from, to, event: "nothing left to start, nothing runs" }];
          }),
        ),
      ),
    ),
  );
  return [
    ...found,
    { from: "running", to: "paused", event: "pause" },
    { from: "paused", to: "running", event: "resume" },
    ...["running", "paused"].map((from) => ({ from, to: "cancelled", event: "cancel" })),
  ];
}

/** Arrows between the same two states are one, with all its events. */
function diagram(arrows: readonly Arrow[], first: string | undefined, isFinal: (state: never) => boolean): string {
  const between = Map.groupBy(arrows, ({ from, to }) => `${from} --> ${to}`);
  const lines = [...between].map(([way, list]) => {
    const events = [...new Set(list.map(({ event }) => event))];
    return `  ${way}: ${events.join(", ")}`;
  });
  const targets = [...new Set(arrows.map(({ to }) => to))];
  const ends = targets.filter((state) => isFinal(state as never)).map((state) => `  ${state} --> [*]`); // the states of its life
  const start = first === undefined ? [] : [`  [*] --> ${first}`];
  return ["```mermaid", "stateDiagram-v2", ...start, ...lines, ...ends, "```"].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(livesPath, livesPage());
