// Which alerts an instance raises, to whom, and in what words. They are saved with the state that raises them.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { TaskLife } from "../model/life/task.ts";
import type { WorkflowInstanceState } from "../model/states.ts";
import type { RaisedAlert } from "../store/raised-alerts.ts";
import type { InstanceRecord } from "../store/records.ts";

export interface AlertFacts {
  readonly definition: Pick<WorkflowDefinition, "project" | "name" | "tasks" | "alert" | "timeoutMs">;
  readonly record: Pick<InstanceRecord, "id" | "options">;
  readonly runTimes: number;
  readonly nowMs: number;
}

/** The instance is over; undefined where nobody asked to hear of such an outcome. */
export function outcomeAlert(
  facts: AlertFacts,
  state: WorkflowInstanceState,
  lives: readonly (TaskLife | undefined)[],
): RaisedAlert | undefined {
  const { definition, record } = facts;
  const group = groupOf(facts);
  // Who names a group for one run wants to hear of it, whatever the workflow says.
  const on = definition.alert?.on ?? "all";
  const isHeard =
    on === "all" || (on === "failure" && state === "failed") || (on === "success" && state === "succeeded");
  if (group === undefined || !isHeard) return undefined;
  const bad = lives.flatMap((life, task) => {
    if (life?.state !== "failed" && life?.state !== "killed") return [];
    return [`task ${definition.tasks[task]?.name ?? task} ${life.state}${life.reason ? `: ${life.reason}` : ""}`];
  });
  return {
    ...common(facts, group),
    origin: `${record.id}:${facts.runTimes}:${state}`,
    kind: "outcome",
    taskIndex: null,
    title: `${nameOf(facts)} ${state}`,
    body: [`Instance ${record.id} of ${nameOf(facts)} ${state}.`, ...bad.slice(0, mostTasks)].join("\n"),
  };
}

/** An attempt runs longer than it should, and is only warned of. */
export function taskTimeoutAlert(facts: AlertFacts, task: number, attempt: number): RaisedAlert | undefined {
  const { definition, record } = facts;
  const group = groupOf(facts);
  const found = definition.tasks[task];
  if (group === undefined || !found) return undefined;
  const seconds = (found.timeout?.afterMs ?? 0) / 1000;
  return {
    ...common(facts, group),
    origin: `${record.id}.${task}#${attempt}:timeout`,
    kind: "task_timeout",
    taskIndex: task,
    title: `${nameOf(facts)}: task ${found.name} has run for more than ${seconds} s`,
    body: `Attempt ${attempt} of task ${found.name} (instance ${record.id}) has run for more than ${seconds} s.`,
  };
}

export function workflowTimeoutAlert(facts: AlertFacts): RaisedAlert | undefined {
  const { definition, record } = facts;
  const group = groupOf(facts);
  if (group === undefined) return undefined;
  const seconds = (definition.timeoutMs ?? 0) / 1000;
  return {
    ...common(facts, group),
    origin: `${record.id}:${facts.runTimes}:timeout`,
    kind: "workflow_timeout",
    taskIndex: null,
    title: `${nameOf(facts)} has run for more than ${seconds} s`,
    body: `Instance ${record.id} of ${nameOf(facts)} has run for more than ${seconds} s.`,
  };
}

const mostTasks = 50;

const groupOf = ({ definition, record }: AlertFacts): string | undefined =>
  record.options.alertGroup ?? definition.alert?.group;

const nameOf = ({ definition }: AlertFacts): string => `${definition.project}/${definition.name}`;

const common = ({ record, nowMs }: AlertFacts, group: string) => ({ instance: record.id, group, atMs: nowMs });
