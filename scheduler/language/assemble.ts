// The pieces of a file's blocks → one definition, with every default filled in.

import {
  type AlertRule,
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
import { minute, type TaskType } from "../tasks/attribute.ts";
import { findTaskType } from "../tasks/task-types.ts";
import { type Around, assembleLogic, number, text } from "./assemble-logic.ts";
import { asRecord } from "./check-schedule.ts";
import type { Draft, TaskDraft, WorkflowDraft } from "./drafts.ts";
import type { NameResolver } from "./expression-nodes.ts";
import type { FileNames } from "./file-names.ts";
import type { Values } from "./read-lines.ts";
import { scopeTypes } from "./scope-types.ts";
import type { Severities } from "./severities.ts";
import type { Summary } from "./summary.ts";

/** What a folder's `porpoise.json` says. */
export interface Settings {
  readonly project?: string;
  readonly defaults: Values;
  /** How bad problems are in this folder. */
  readonly severities?: Severities;
}

export const defaultProject = "default";

/** Undefined where the file has no workflow or a task that cannot be named: both are problems. */
export function assemble(
  names: FileNames,
  summaries: readonly Summary[],
  drafts: readonly Draft[],
  settings?: Settings,
): WorkflowDefinition | undefined {
  const workflow = names.workflow === undefined ? undefined : drafts[names.workflow];
  if (workflow?.kind !== "workflow" || workflow.name === undefined) return undefined;
  const defaults = { ...settings?.defaults, ...workflow.defaults };
  const project = workflow.project ?? settings?.project ?? defaultProject;
  const typeOf = scopeTypes({ summaries, ...names });
  const tasks = names.tasks.flatMap((block, task) => {
    const draft = drafts[block];
    const resolver: NameResolver = {
      param: (name) => ({ kind: "param", name, type: typeOf(task, name) ?? "string" }),
      task: (name) => names.taskIndex.get(name) ?? -1,
    };
    return draft?.kind === "task" ? [assembleTask(draft, defaults, { project, resolver })] : [];
  });
  const { values } = workflow;
  const timeoutMs = number(values["timeout"]);
  const environment = text(values["environment"]);
  const alert = assembleAlert(values["alert"]);
  const schedule = assembleSchedule(values);
  const title = workflow.title;
  return {
    project,
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
    ...(timeoutMs !== undefined && { timeoutMs }),
    priority: priority(values["priority"]),
    workerGroup: text(values["worker_group"]) ?? "default",
    ...(environment !== undefined && { environment }),
    ...(alert && { alert }),
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

function assembleTask(draft: TaskDraft, defaults: Values, around: Around): TaskDefinition {
  const values: Values = { ...defaults, ...draft.values };
  const type = findTaskType(draft.type ?? "");
  const retries = asRecord(values["retries"]);
  const timeout = asRecord(values["timeout"]);
  const afterMs = number(timeout?.["after"]);
  const workerGroup = text(values["worker_group"]);
  const description = text(values["description"]);
  const environment = text(values["environment"]);
  const dispatchTimeoutMs = number(values["dispatch_timeout"]);
  const taskGroup = asRecord(values["task_group"]);
  const taskGroupName = text(taskGroup?.["name"]);
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
    ...(environment !== undefined && { environment }),
    ...(taskGroupName !== undefined && {
      taskGroup: { name: taskGroupName, priority: number(taskGroup?.["priority"]) ?? 0 },
    }),
    ...(dispatchTimeoutMs !== undefined && { dispatchTimeoutMs }),
    files: filesOf(type, values),
    inputs: draft.inputs,
    outputs: draft.outputs,
    ...(draft.script && { script: draft.script }),
    ...assembleLogic(type, draft, values, around),
  };
}

/** What is deployed with the task: its `files`, and those that its type's own attributes name. */
function filesOf(type: TaskType | undefined, values: Values): readonly string[] {
  const own = type?.attributes.flatMap((one) => (one.type.kind === "file" ? [values[one.name]] : [])) ?? [];
  const all = [values["files"] ?? [], own].flat(2);
  return [...new Set(all.filter((file) => typeof file === "string"))];
}

function assembleAlert(value: JsonValue | undefined): AlertRule | undefined {
  const { on, group } = asRecord(value) ?? {};
  if (typeof group !== "string" || (on !== "success" && on !== "failure" && on !== "all")) return undefined;
  return { on, group };
}

/** The word if it is one of these, else the first of them: the default. */
function word<W extends string>(value: JsonValue | undefined, words: readonly [W, ...W[]]): W {
  return words.find((one) => one === value) ?? words[0];
}

const priority = (value: JsonValue | undefined): Priority => priorities.find((one) => one === value) ?? "medium";
