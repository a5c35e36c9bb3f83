// What the rest of a file needs to know of one block: names and references, each with its place.

import type { ParamType } from "../model/definition.ts";
import type { ServerThing } from "../tasks/attribute.ts";
import { conditionText, nodesIn } from "./expression-nodes.ts";
import type { ExpressionNode, Name } from "./nodes.ts";

/**
 * How a name is used: in a script's `${…}`, a string's `${…}`, the value of an `in` (which does not see the other `in`s), a
 * condition, as a list (`for_each`), in a process's environment, or some way that is not checked.
 */
export type UseMode = "script" | "text" | "input" | "condition" | "list" | "environment" | "other";

export interface Use extends Name {
  readonly mode: UseMode;
}

export interface TypedName extends Name {
  /** Absent where the type is missing or wrong. */
  readonly type?: ParamType;
}

/** Another workflow that a task runs or waits for; without a project it is one of this workflow's. */
export interface WorkflowUse {
  readonly kind: "runs" | "waits";
  readonly project?: Name;
  readonly workflow: Name;
  readonly task?: Name;
}

/** Something that only a server knows. */
export interface ResourceUse extends Name {
  readonly of: ServerThing;
}

export interface Summary {
  readonly kind: "workflow" | "task" | "edge" | "nothing";
  readonly name?: Name;
  /** A workflow's. */
  readonly project?: Name;
  /** A task's. */
  readonly type?: Name;
  readonly params: readonly TypedName[];
  readonly ins: readonly TypedName[];
  readonly outs: readonly TypedName[];
  readonly after: readonly Name[];
  /** Tasks that a branch leads to. */
  readonly branches: readonly Name[];
  readonly conditions: readonly ExpressionNode[];
  /** `[a, b] >> c`. */
  readonly groups: readonly (readonly Name[])[];
  readonly uses: readonly Use[];
  readonly files: readonly Name[];
  readonly workflows: readonly WorkflowUse[];
  readonly resources: readonly ResourceUse[];
  /** Something in it cannot be read that may declare a name or an edge: what seems to be missing elsewhere may be there. */
  readonly isUnsure?: true;
}

/** Equal where the summaries are equal but for places: rules about names then need not run again. */
export function fingerprint(summary: Summary): string {
  const list = (names: readonly Name[]) => names.map((name) => name.text);
  const typed = (names: readonly TypedName[]) => names.flatMap((name) => [name.text, name.type ?? null]);
  const { kind, name, project, type, params, ins, outs, after, branches, conditions, groups, uses } = summary;
  const unsure = summary.isUnsure ? "?" : "";
  if (kind === "edge") return unsure + JSON.stringify(groups.map(list));
  return JSON.stringify([
    unsure,
    kind,
    name?.text ?? null,
    project?.text ?? null,
    type?.text ?? null,
    typed(params),
    typed(ins),
    typed(outs),
    list(after),
    list(branches),
    conditions.map(conditionText),
    uses.map((use) => `${use.mode} ${use.text}`),
  ]);
}

/** `a is succeeded`: the names of tasks in conditions. */
export const outcomeTasks = ({ conditions }: Summary): readonly Name[] =>
  conditions.flatMap(nodesIn).flatMap((node) => (node.kind === "outcome" ? [node.task] : []));
