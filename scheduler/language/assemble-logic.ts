// What a task's own type says, in the form that definitions hold: branches, what is waited for, what is run; else plain attributes.

import type { Dependency, JsonValue, SubWorkflow, TaskDefinition, WaitTree } from "../model/definition.ts";
import { second, type TaskType } from "../tasks/attribute.ts";
import { dependent } from "../tasks/dependent.ts";
import { subWorkflow } from "../tasks/sub-workflow.ts";
import { asRecord } from "./check-schedule.ts";
import type { DraftBranches, TaskDraft } from "./drafts.ts";
import { type NameResolver, toExpression } from "./expression-nodes.ts";
import type { Values } from "./read-lines.ts";

export interface Around {
  /** The workflow's, which is also that of workflows named without one. */
  readonly project: string;
  readonly resolver: NameResolver;
}

type Logic = Pick<TaskDefinition, "branches" | "dependency" | "subWorkflow" | "attributes">;

export function assembleLogic(type: TaskType | undefined, draft: TaskDraft, values: Values, around: Around): Logic {
  switch (type?.name) {
    case dependent.name: {
      const dependency = assembleDependency(values, around);
      return { ...(dependency && { dependency }), attributes: {} };
    }
    case subWorkflow.name: {
      const run = assembleSubWorkflow(values, around);
      return { ...(run && { subWorkflow: run }), attributes: {} };
    }
    default: {
      const own = type?.attributes ?? [];
      const attributes = own.flatMap(({ name }) => (values[name] === undefined ? [] : [[name, values[name]] as const]));
      const branches = type?.branches && draft.branches ? { branches: assembleBranches(draft.branches, around) } : {};
      return { ...branches, attributes: Object.fromEntries(attributes) };
    }
  }
}

function assembleBranches({ whens, otherwise }: DraftBranches, { resolver }: Around): NonNullable<Logic["branches"]> {
  // A name that is not known is an error, and there is no definition then.
  const tasks = (names: readonly string[]) => [...new Set(names.map(resolver.task))];
  return {
    whens: whens.map(({ condition, to }) => ({ condition: toExpression(condition, resolver), to: tasks(to) })),
    otherwise: tasks(otherwise),
  };
}

function assembleDependency(values: Values, around: Around): Dependency | undefined {
  const waitFor = waitTree(values["wait_for"], around.project);
  const onFailed = asRecord(values["on_failed"]);
  return (
    waitFor && {
      waitFor,
      checkEveryMs: number(values["check_every"]) ?? 10 * second,
      failedWaitMs: onFailed?.["action"] === "wait" ? (number(onFailed["for"]) ?? 0) : 0,
    }
  );
}

function waitTree(value: JsonValue | undefined, project: string): WaitTree | undefined {
  const { kind, of, project: own, workflow, task, window } = asRecord(value) ?? {};
  if ((kind === "all" || kind === "any") && Array.isArray(of))
    return { kind, of: of.flatMap((one: JsonValue) => waitTree(one, project) ?? []) };
  const [name, word] = [text(workflow), text(window)];
  if (name === undefined || word === undefined) return undefined;
  const ofTask = text(task);
  return {
    kind: "one",
    project: text(own) ?? project,
    workflow: name,
    ...(ofTask !== undefined && { task: ofTask }),
    window: word,
  };
}

function assembleSubWorkflow(values: Values, around: Around): SubWorkflow | undefined {
  const run = asRecord(values["workflow"]);
  const workflow = text(run?.["workflow"]);
  if (workflow === undefined) return undefined;
  const each = asRecord(values["for_each"]);
  const param = text(each?.["list"]);
  const forEach = param !== undefined && {
    param,
    as: text(each?.["as"]) ?? "item",
    parallelism: number(values["parallelism"]) ?? 1,
    maxInstances: number(values["max_instances"]) ?? 1000,
  };
  return { project: text(run?.["project"]) ?? around.project, workflow, ...(forEach && { forEach }) };
}

export const text = (value: JsonValue | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;
export const number = (value: JsonValue | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;
