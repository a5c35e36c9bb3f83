// `switch` and `conditions`: the first branch whose condition is true. Decided at once, within the turn that makes the task ready.

import type { Branches } from "../../model/definition.ts";
import { evaluateCondition } from "../../model/evaluate.ts";
import type { TaskLife } from "../../model/life/task.ts";
import type { Values } from "../../model/params.ts";

export type Decision =
  | { readonly ok: true; readonly branch: readonly number[] }
  | { readonly ok: false; readonly reason: string };

export function decideBranch(
  { whens, otherwise }: Branches,
  values: Values,
  lifeOf: (task: number) => TaskLife | undefined,
): Decision {
  const facts = {
    param: (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined),
    outcome: (task: number) => outcomeOf(lifeOf(task)),
  };
  for (const { condition, to } of whens) {
    const result = evaluateCondition(condition, facts);
    if (!result.ok) return { ok: false, reason: result.problem };
    if (result.value) return { ok: true, branch: to };
  }
  return { ok: true, branch: otherwise };
}

function outcomeOf(life: TaskLife | undefined): "succeeded" | "failed" | undefined {
  switch (life?.state) {
    case "succeeded":
    case "forced_success":
      return "succeeded";
    case "failed":
      return "failed";
    case "killed":
    case "paused":
    case "skipped":
    case "disabled":
    case "submitted":
    case "delayed":
    case "dispatched":
    case "running":
    case "retry_wait":
    case undefined:
      return undefined;
  }
}
