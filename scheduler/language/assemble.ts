// The pieces of a file's blocks → one definition, with every default filled in.

import {
  type CatchUp,
  type Concurrency,
  type FailureStrategy,
  type JsonValue,
  type Priority,
  priorities,
  type ScheduleDefinition,
  type TaskDefinition,
  type TimeoutAction,
  type WorkflowDefinition,
} from "../model/definition.ts";
import { minute } from "../tasks/attribute.ts";
import { findTaskType } from "../tasks/task-types.ts";
import { asRecord } from "./check-schedule.ts";
import type { Draft, TaskDraft, WorkflowDraft } from "./drafts.ts";
import type { FileNames } from "./file-names.ts";
import type { Values } from "./read-lines.ts";

/** What a folder's `porpoise.json` says. */
export interface Settings {
  readonly project?: string;
  readonly defaults: Values;
}

export const defaultProject = "default";

/** Undefined where the file has no workflow or a task that cannot be named: both are problems. */
export function assemble(
  names: FileNames,
  drafts: readonly Draft[],
  settings?: Settings,
): WorkflowDefinition | undefined {
  const workflow = names.workflow === undefined ? undefined : drafts[names.workflow];
  if (workflow?.kind !== "workflow" || workflow.name === undefined) return undefined;
  const defaults = { ...settings?.defaults, ...workflow.defaults };
  const tasks = names.tasks.flatMap((block) => {
    const draft = drafts[block];
    return draft?.kind === "task" ? [assembleTask(draft, defaults)] : [];
  });
  const { values } = workflow;
  const schedule = assembleSchedule(values);
  const title = workflow.title;
  return {
    project: workflow.project ?? settings?.project ?? defaultProject,
    name: workflow.name,
    ...(title !== undefined && { title }),
    ...(workflow.doc !== undefined && { doc: workflow.doc }),
    ...(schedule && { schedule }),
    zone: schedule?.zone ?? "UTC",
    concurrency: word<Concurrency>(values["concurrency"], [
      "parallel",
      "serial_wait",
      "serial_discard",
      "serial_priority",
    ]),
    onFailure: word<FailureStrategy>(values["on_failure"], ["continue", "end"]),
    priority: priority(values["priority"]),
    workerGroup: text(values["worker_group"]) ?? "default",
    params: workflow.params,
    tasks,
    edges: names
      .graph()
      .successors.flatMap((list, from) => list.toSorted((a, b) => a - b).map((to) => [from, to] as const)),
  };
}

function assembleSchedule(values: WorkflowDraft["values"]): ScheduleDefinition | undefined {
  const schedule = asRecord(values["schedule"]);
  const cron = text(schedule?.["cron"]);
  if (cron === undefined) return undefined;
  const active = asRecord(values["active"]);
  const activeFrom = text(active?.["from"]);
  const activeUntil = text(active?.["to"]);
  const online = values["online"];
  return {
    cron,
    zone: text(schedule?.["zone"]) ?? "UTC",
    ...(activeFrom !== undefined && { activeFrom }),
    ...(activeUntil !== undefined && { activeUntil }),
    catchUp: word<CatchUp>(values["catchup"], ["last", "none", "all"]),
    ...(typeof online === "boolean" && { online }),
  };
}

function assembleTask(draft: TaskDraft, defaults: Values): TaskDefinition {
  const values: Values = { ...defaults, ...draft.values };
  const retries = asRecord(values["retries"]);
  const timeout = asRecord(values["timeout"]);
  const afterMs = number(timeout?.["after"]);
  const workerGroup = text(values["worker_group"]);
  const description = text(values["description"]);
  const own = findTaskType(draft.type ?? "")?.attributes ?? [];
  const attributes = own.flatMap(({ name }) => (values[name] === undefined ? [] : [[name, values[name]] as const]));
  const files = values["files"];
  return {
    name: draft.name ?? "",
    type: draft.type ?? "",
    ...(draft.doc !== undefined && { doc: draft.doc }),
    ...(description !== undefined && { description }),
    enabled: values["enabled"] !== false,
    retries: number(retries?.["count"]) ?? 0,
    retryIntervalMs: number(retries?.["every"]) ?? minute,
    ...(afterMs !== undefined && {
      timeout: { afterMs, action: word<TimeoutAction>(timeout?.["action"], ["fail", "warn", "warn_and_fail"]) },
    }),
    delayMs: number(values["delay"]) ?? 0,
    priority: priority(values["priority"]),
    ...(workerGroup !== undefined && { workerGroup }),
    files: Array.isArray(files) ? files.filter((file) => typeof file === "string") : [],
    inputs: draft.inputs,
    outputs: draft.outputs,
    ...(draft.script && { script: draft.script }),
    attributes: Object.fromEntries(attributes),
  };
}

const text = (value: JsonValue | undefined): string | undefined => (typeof value === "string" ? value : undefined);
const number = (value: JsonValue | undefined): number | undefined => (typeof value === "number" ? value : undefined);

/** The word if it is one of these, else the first of them: the default. */
function word<W extends string>(value: JsonValue | undefined, words: readonly [W, ...W[]]): W {
  return words.find((one) => one === value) ?? words[0];
}

const priority = (value: JsonValue | undefined): Priority => priorities.find((one) => one === value) ?? "medium";
