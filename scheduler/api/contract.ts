// The shapes of the REST interface: one schema each for validation, types and OpenAPI. Fields are added, never renamed.

import { z } from "zod";
import { priorities } from "../model/definition.ts";
import { attemptStates, taskInstanceStates, triggers, workflowInstanceStates } from "../model/states.ts";

/** ISO 8601 with offset. */
const time = z.string();
const text = z.string();

const position = z.object({ line: z.int().min(0), character: z.int().min(0) });
const range = z.object({ start: position, end: position });

export const problemSchema = z.object({
  path: text,
  code: text,
  severity: z.enum(["error", "warning", "information", "hint"]),
  message: text,
  /** Zero-based, UTF-16, as in the LSP. */
  range,
  related: z.array(z.object({ path: text, message: text, range })).optional(),
});
export type ProblemShape = z.infer<typeof problemSchema>;

export const errorSchema = z.object({ code: text, message: text, problems: z.array(problemSchema).optional() });
export type ErrorShape = z.infer<typeof errorSchema>;

export const attemptSchema = z.object({
  attempt: z.int(),
  state: z.enum(attemptStates),
  worker: text.nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  exitCode: z.int().optional(),
  reason: text.optional(),
  /** What another system calls the job that it began or took over there. */
  job: text.optional(),
});
export type AttemptShape = z.infer<typeof attemptSchema>;

export const waitingReasons = [
  "upstream",
  "delay",
  "retry",
  "pool",
  "group",
  "serial",
  "dispatch",
  "dependent",
] as const;
export const waitingSchema = z.object({ reason: z.enum(waitingReasons), text });
export type WaitingShape = z.infer<typeof waitingSchema>;

export const taskInstanceSchema = z.object({
  id: text,
  name: text,
  type: text,
  state: z.enum(taskInstanceStates),
  /** When its predecessors were over; null: they are not. */
  submittedAt: time.nullable().optional(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  waiting: waitingSchema.optional(),
  attempts: z.array(attemptSchema),
  outputs: z.record(text, text),
  /** Why it did not succeed, or what is said of its state. */
  reason: text.optional(),
  /** Of a sub-workflow: its newest child; one that runs a child for each item has them all in `childInstances`. */
  childInstance: text.optional(),
  childInstances: z.array(text).optional(),
});
export type TaskInstanceShape = z.infer<typeof taskInstanceSchema>;

export const instanceSchema = z.object({
  id: text,
  project: text,
  workflow: text,
  version: z.int(),
  state: z.enum(workflowInstanceStates),
  trigger: z.enum(triggers),
  scheduleTime: time.nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  runTimes: z.int(),
  dryRun: z.boolean(),
  note: text.optional(),
  params: z.record(text, text),
  owner: text.nullable(),
  parent: z.object({ instance: text, taskInstance: text }).optional(),
  backfill: text.optional(),
  waiting: waitingSchema.optional(),
  tasks: z.array(taskInstanceSchema).optional(),
});
export type InstanceShape = z.infer<typeof instanceSchema>;

export const planEntrySchema = z.object({
  workflow: text,
  scheduleTime: time,
  action: z.enum(["create", "skip"]),
  why: text,
  instance: text.optional(),
  state: text.optional(),
});
export const backfillSchema = z.object({
  /** Empty for a plan that was only asked for. */
  id: text,
  project: text,
  workflow: text,
  state: z.enum(["running", "paused", "cancelled", "succeeded", "failed"]),
  plan: z.array(planEntrySchema),
});
export type BackfillShape = z.infer<typeof backfillSchema>;

export const changeSchema = z.object({ kind: text, name: text, from: text.optional(), to: text.optional() });
export const deploymentSchema = z.object({
  project: text,
  workflow: text,
  action: z.enum(["create", "update", "unchanged", "remove"]),
  version: z.int().optional(),
  changes: z.array(changeSchema),
});
export type DeploymentShape = z.infer<typeof deploymentSchema>;

export const deployRequestSchema = z.strictObject({
  /**
   * `.flow` files, `porpoise.json` files (the settings of their folder), and what `files = […]` names. `path` is relative, with
   * `/`. `encoding: "base64"` for content that is not UTF-8 text.
   */
  files: z.array(z.strictObject({ path: text, text, encoding: z.enum(["utf8", "base64"]).optional() })).min(1),
  prune: z.boolean().optional(),
  plan: z.boolean().optional(),
});
export type DeployRequest = z.infer<typeof deployRequestSchema>;
/** The answer of `POST /deployments`. `problems` holds warnings and hints; errors are a 422. */
export const deployResponseSchema = z.object({
  deployments: z.array(deploymentSchema),
  /** What the project's `porpoise.json` needs and the server did not have. */
  made: z.array(z.object({ kind: z.enum(["environment", "task_group"]), name: text })).optional(),
  problems: z.array(problemSchema),
});
export type DeployResponse = z.infer<typeof deployResponseSchema>;

export const startRequestSchema = z.strictObject({
  params: z.record(text, text).optional(),
  /** Names of tasks to start from. */
  from: z.array(text).optional(),
  scope: z.enum(["only", "with_upstream", "with_downstream"]).optional(),
  failureStrategy: z.enum(["continue", "end"]).optional(),
  priority: z.enum(priorities).optional(),
  workerGroup: text.optional(),
  environment: text.optional(),
  /** Hears of this run instead of the workflow's own alert group. */
  alertGroup: text.optional(),
  dryRun: z.boolean().optional(),
  note: text.optional(),
});
export type StartRequest = z.infer<typeof startRequestSchema>;

export const runTasksRequestSchema = z.strictObject({
  /** Names of tasks of the instance. */
  tasks: z.array(text).min(1),
  scope: z.enum(["only", "with_upstream", "with_downstream"]).optional(),
});
export type RunTasksRequest = z.infer<typeof runTasksRequestSchema>;

export const backfillRequestSchema = z.strictObject({
  /** Local dates or datetimes in the workflow's zone, both ends inclusive; or `dates`. */
  from: text.optional(),
  to: text.optional(),
  dates: z.array(text).optional(),
  /** How many instances at once; 1 = serial. */
  parallel: z.int().min(1).max(1000).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  reprocess: z.enum(["missing", "failed", "all"]).optional(),
  onFailure: z.enum(["stop", "continue"]).optional(),
  /** Also the workflows that wait for this one, those that wait for them, … so many steps far. */
  dependents: z.int().min(0).max(20).optional(),
  params: z.record(text, text).optional(),
  dryRun: z.boolean().optional(),
  /** True: only the plan, nothing is stored. */
  plan: z.boolean().optional(),
});
export type BackfillRequest = z.infer<typeof backfillRequestSchema>;

export const workflowSchema = z.object({
  project: text,
  workflow: text,
  title: text.nullable(),
  version: z.int(),
  path: text,
  online: z.boolean().nullable(),
  cron: text.nullable(),
  zone: text,
  nextFireAt: time.nullable(),
  lastInstance: instanceSchema.optional(),
});
export type WorkflowShape = z.infer<typeof workflowSchema>;

export const versionSchema = z.object({
  version: z.int(),
  deployedAt: time,
  deployedBy: text,
  path: text,
  /** In `GET …/versions/{v}`. */
  source: text.optional(),
});
export type VersionShape = z.infer<typeof versionSchema>;

export const logChunkSchema = z.object({ offset: z.int(), nextOffset: z.int(), text, ended: z.boolean() });
export type LogChunk = z.infer<typeof logChunkSchema>;

/** Data of one server-sent event of `GET /instances/{id}/events`; its `id` is the event's number. */
export const eventSchema = z.object({
  /** `attempt`: how one ended, where the state that its task is in then does not say it (it was lost, or is tried again). */
  kind: z.enum(["instance", "task", "attempt"]),
  at: time,
  instance: text,
  taskInstance: text.optional(),
  task: text.optional(),
  attempt: z.int().optional(),
  state: text,
  reason: text.optional(),
});
export type EventShape = z.infer<typeof eventSchema>;

export const memberSchema = z.object({
  kind: z.enum(["api", "master", "worker"]),
  incarnation: text,
  host: text,
  port: z.int(),
  pid: z.int(),
  startedAt: time,
  cpu: z.number(),
  memory: z.number(),
  slots: z.int(),
  slotsUsed: z.int(),
  status: text,
  groups: z.array(text),
  /** Where it answers `/healthz`, `/readyz` and `/metrics`; null: nowhere. */
  health: text.nullable(),
});
export const clusterSchema = z.object({ items: z.array(memberSchema) });
export type ClusterShape = z.infer<typeof clusterSchema>;

/** `{items, next}`: `next` is the cursor of the following page (`?cursor=`), null on the last. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: text.nullable() });
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
