// What masters and apis read and write: records of instances, tasks, attempts and events, and how they stand in rows.

import type { JsonValue } from "../model/definition.ts";
import {
  type BackfillId,
  backfillId,
  type Incarnation,
  knownIncarnation,
  type WorkflowInstanceId,
  workflowInstanceId,
} from "../model/ids.ts";
import type { AttemptLife } from "../model/life/attempt.ts";
import { type RunPlan, type StartScope, wholeRun } from "../model/life/run-plan.ts";
import { isOverState, type TaskLife } from "../model/life/task.ts";
import type { AttemptState, TaskInstanceState, Trigger, WorkflowInstanceState } from "../model/states.ts";

/** A row as the driver gives it: BIGINT as text (MySQL) or number (SQLite). */
export type Row = { readonly [column: string]: string | number | null | undefined };

export interface StartOptions {
  /** As given, before substitution. */
  readonly params: { readonly [name: string]: string };
  readonly from?: readonly string[];
  readonly scope?: StartScope;
  readonly failureStrategy?: "continue" | "end";
  readonly workerGroup?: string;
  readonly environment?: string;
  /** Hears of this run instead of the workflow's own alert group. */
  readonly alertGroup?: string;
  readonly note?: string;
  /** What a child sees of its parent: stands in for the values of its own params. */
  readonly inherited?: { readonly [name: string]: string };
  /** How many parents stand above a child. */
  readonly depth?: number;
}

/** The task whose attempt an instance is. */
export interface ParentRef {
  readonly instance: WorkflowInstanceId;
  readonly taskIndex: number;
  readonly attempt: number;
}

export interface InstanceRecord {
  readonly id: WorkflowInstanceId;
  readonly workflowId: string;
  readonly version: number;
  readonly state: WorkflowInstanceState;
  readonly trigger: Trigger;
  readonly scheduleTimeMs: number | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly runTimes: number;
  readonly dryRun: boolean;
  /** Index into `priorities`. */
  readonly priority: number;
  readonly options: StartOptions;
  /** Resolved values of the workflow's params; empty until it has started. */
  readonly params: { readonly [name: string]: string };
  readonly owner: Incarnation | null;
  readonly ownerEpoch: number;
  readonly givenUp: number;
  readonly eventSeq: number;
  readonly backfill: BackfillId | null;
  readonly parent: ParentRef | null;
  /** Null: not planned yet, the start options say it. */
  readonly plan: RunPlan | null;
  /** When its time is up; null: never, or it was told already. */
  readonly timeoutAtMs: number | null;
}

export interface TaskRecord {
  readonly taskIndex: number;
  readonly life: TaskLife;
  readonly outputs: { readonly [name: string]: string };
  readonly submittedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

export interface AttemptRecord extends AttemptLife {
  readonly taskIndex: number;
}

export interface EventRecord {
  readonly seq: number;
  readonly kind: "instance" | "task" | "attempt";
  readonly taskIndex: number | null;
  readonly attempt: number | null;
  readonly state: string;
  readonly reason: string | null;
  readonly atMs: number;
}

export const commandKinds = [
  "start",
  "recover_failover",
  "resume",
  "rerun",
  "recover_failed",
  "run_task",
  "force_success",
  "pause",
  "stop",
] as const;
export type CommandKind = (typeof commandKinds)[number];

export interface CommandRecord {
  readonly id: string;
  readonly kind: CommandKind;
  readonly instance: WorkflowInstanceId;
  readonly payload: { readonly [name: string]: JsonValue };
}

const numberOrNull = (value: string | number | null | undefined): number | null =>
  value == null ? null : Number(value);
const textOf = (value: string | number | null | undefined): string => String(value ?? "");

/** What this process wrote itself as JSON. */
const parsed = <T>(value: string | number | null | undefined, absent: T): T =>
  value == null ? absent : (JSON.parse(String(value)) as T);

export function instanceFromRow(row: Row): InstanceRecord {
  return {
    id: workflowInstanceId(textOf(row["id"])),
    workflowId: textOf(row["workflow_id"]),
    version: Number(row["version"]),
    state: row["state"] as WorkflowInstanceState, // only states are ever written there
    trigger: row["trigger_kind"] as Trigger, // likewise
    scheduleTimeMs: numberOrNull(row["schedule_time"]),
    createdAtMs: Number(row["created_at"]),
    startedAtMs: numberOrNull(row["started_at"]),
    endedAtMs: numberOrNull(row["ended_at"]),
    runTimes: Number(row["run_times"]),
    dryRun: Boolean(Number(row["dry_run"])),
    priority: Number(row["priority"]),
    options: parsed<StartOptions>(row["options"], { params: {} }),
    params: parsed(row["params"], {}),
    owner: row["owner"] == null ? null : knownIncarnation(textOf(row["owner"])),
    ownerEpoch: Number(row["owner_epoch"]),
    givenUp: Number(row["given_up"]),
    eventSeq: Number(row["event_seq"]),
    backfill: row["backfill_id"] == null ? null : backfillId(textOf(row["backfill_id"])),
    parent:
      row["parent_instance"] == null
        ? null
        : {
            instance: workflowInstanceId(textOf(row["parent_instance"])),
            taskIndex: Number(row["parent_task"]),
            attempt: Number(row["parent_attempt"]),
          },
    plan: row["run_plan"] == null ? null : parsed<RunPlan>(row["run_plan"], wholeRun),
    timeoutAtMs: numberOrNull(row["timeout_at"]),
  };
}

export function taskFromRow(row: Row): TaskRecord {
  return {
    taskIndex: Number(row["task_index"]),
    life: lifeFromRow(row),
    outputs: parsed(row["outputs"], {}),
    submittedAtMs: Number(row["submitted_at"]),
    startedAtMs: numberOrNull(row["started_at"]),
    endedAtMs: numberOrNull(row["ended_at"]),
  };
}

function lifeFromRow(row: Row): TaskLife {
  const state = row["state"] as TaskInstanceState; // only states are ever written there
  const tries = {
    attempt: Number(row["attempt"]),
    retriesUsed: Number(row["retries_used"]),
    lost: Number(row["lost"]),
  };
  const worker = knownIncarnation(textOf(row["worker"]));
  const carriesOn = Boolean(Number(row["carries_on"]));
  if (isOverState(state)) {
    const branch = row["branch"] == null ? {} : { branch: parsed<readonly number[]>(row["branch"], []) };
    return { ...tries, state, ...branch, ...(row["reason"] == null ? {} : { reason: textOf(row["reason"]) }) };
  }
  switch (state) {
    case "submitted":
      return { ...tries, state, sinceMs: Number(row["since_at"]), carriesOn };
    case "paused":
      return { ...tries, state, carriesOn };
    case "delayed":
    case "retry_wait":
      return { ...tries, state, untilMs: Number(row["until_at"]) };
    case "dispatched":
      return { ...tries, state, worker };
    case "running":
      return {
        ...tries,
        state,
        worker: row["worker"] == null ? null : worker,
        sinceMs: Number(row["since_at"]),
        timedOut: Boolean(Number(row["timed_out"])),
      };
  }
}

export function taskToRow(instance: WorkflowInstanceId, task: TaskRecord): readonly (string | number | null)[] {
  const { life } = task;
  return [
    instance,
    task.taskIndex,
    life.state,
    life.attempt,
    life.retriesUsed,
    life.lost,
    "worker" in life ? life.worker : null,
    "untilMs" in life ? life.untilMs : null,
    "sinceMs" in life ? life.sinceMs : null,
    "timedOut" in life && life.timedOut ? 1 : 0,
    "carriesOn" in life && life.carriesOn ? 1 : 0,
    "branch" in life && life.branch ? JSON.stringify(life.branch) : null,
    "reason" in life ? (life.reason ?? null) : null,
    JSON.stringify(task.outputs),
    task.submittedAtMs,
    task.startedAtMs,
    task.endedAtMs,
  ];
}

export const taskColumns = [
  "workflow_instance_id",
  "task_index",
  "state",
  "attempt",
  "retries_used",
  "lost",
  "worker",
  "until_at",
  "since_at",
  "timed_out",
  "carries_on",
  "branch",
  "reason",
  "outputs",
  "submitted_at",
  "started_at",
  "ended_at",
] as const;

export function attemptFromRow(row: Row): AttemptRecord {
  return {
    taskIndex: Number(row["task_index"]),
    attempt: Number(row["attempt"]),
    state: row["state"] as AttemptState, // only states are ever written there
    worker: row["worker"] == null ? null : knownIncarnation(textOf(row["worker"])),
    dispatchedAtMs: Number(row["dispatched_at"]),
    startedAtMs: numberOrNull(row["started_at"]),
    endedAtMs: numberOrNull(row["ended_at"]),
    exitCode: numberOrNull(row["exit_code"]),
    reason: row["reason"] == null ? null : textOf(row["reason"]),
    submission: numberOrNull(row["submission"]),
    job: row["job"] == null ? null : textOf(row["job"]),
  };
}

export function attemptToRow(instance: WorkflowInstanceId, a: AttemptRecord): readonly (string | number | null)[] {
  return [
    instance,
    a.taskIndex,
    a.attempt,
    a.state,
    a.worker,
    a.dispatchedAtMs,
    a.startedAtMs,
    a.endedAtMs,
    a.exitCode,
    a.reason,
    a.submission,
    a.job,
  ];
}

export const attemptColumns = [
  "workflow_instance_id",
  "task_index",
  "attempt",
  "state",
  "worker",
  "dispatched_at",
  "started_at",
  "ended_at",
  "exit_code",
  "reason",
  "submission",
  "job",
] as const;

export function eventFromRow(row: Row): EventRecord {
  return {
    seq: Number(row["seq"]),
    kind: row["kind"] as EventRecord["kind"], // only kinds are ever written there
    taskIndex: numberOrNull(row["task_index"]),
    attempt: numberOrNull(row["attempt"]),
    state: textOf(row["state"]),
    reason: row["reason"] == null ? null : textOf(row["reason"]),
    atMs: Number(row["at"]),
  };
}

export function commandFromRow(row: Row): CommandRecord {
  return {
    id: textOf(row["id"]),
    kind: row["kind"] as CommandKind, // only kinds are ever written there
    instance: workflowInstanceId(textOf(row["workflow_instance_id"])),
    payload: parsed(row["payload"], {}),
  };
}
