// Conditions together with the rest of the file: which tasks come directly before, and whether the sides of an expression fit.

import type { Graph } from "../model/graph.ts";
import type { EdgeTable } from "./edge-table.ts";
import { nodesIn } from "./expression-nodes.ts";
import { type Mismatch, typeCondition, typeOfParam } from "./expression-types.ts";
import { didYouMean } from "./nearest.ts";
import type { ExpressionNode } from "./nodes.ts";
import type { NameProblem, Place } from "./places.ts";
import { scopeTypes } from "./scope-types.ts";
import type { Summary } from "./summary.ts";

interface Names {
  readonly summaries: readonly Summary[];
  readonly tasks: readonly number[];
  readonly taskIndex: ReadonlyMap<string, number>;
  readonly edges: EdgeTable;
  readonly graph: () => Graph;
  readonly workflow?: number;
}

/** Tasks that seem not to come before are told to `missing`. */
export function checkConditions(names: Names, problems: NameProblem[], missing: NameProblem[]): void {
  const { summaries, tasks } = names;
  const has = ({ conditions, uses }: Summary) => conditions.length > 0 || uses.some((use) => use.mode === "list");
  const asking = tasks.flatMap((block, task) => {
    const summary = summaries[block];
    return summary?.type && has(summary) ? [{ block, task, summary }] : [];
  });
  if (asking.length === 0) return;
  const typeOf = scopeTypes(names);
  for (const { block, task, summary } of asking) {
    const typed = (name: string) => typeOf(task, name);
    for (const [index, condition] of summary.conditions.entries()) {
      const tell = (found: readonly Found[], list: NameProblem[]) => {
        for (const { node, ...problem } of found)
          list.push({ ...problem, severity: "error", at: nodePlace(block, index, condition, node) });
      };
      tell(outcomeProblems(names, task, condition), missing);
      tell(typeProblems(condition, typed), problems);
    }
    for (const [index, use] of summary.uses.entries()) {
      const type = use.mode === "list" ? typed(use.text) : undefined;
      if (type === undefined || type === "list") continue;
      const message = `"${use.text}" is of type ${type}, for_each needs a list: declare it as \`${use.text}: list\``;
      problems.push({ code: "value/type", severity: "error", message, at: { block, pick: (now) => now.uses[index] } });
    }
  }
}

type Found = Pick<NameProblem, "code" | "message"> & { readonly node: ExpressionNode };

const typeProblems = (
  condition: ExpressionNode,
  typed: (name: string) => Parameters<typeof typeOfParam>[0] | undefined,
): readonly Found[] =>
  typeCondition(condition, (name) => typeOfParam(typed(name))).map(
    ({ node, message }: Mismatch): Found => ({ code: "expr/type", message, node }),
  );

/** `a is succeeded` asks for a task that comes directly before. */
function outcomeProblems(names: Names, task: number, condition: ExpressionNode): readonly Found[] {
  const { taskIndex, edges } = names;
  return nodesIn(condition).flatMap((node): readonly Found[] => {
    if (node.kind !== "outcome") return [];
    const { text } = node.task;
    const other = taskIndex.get(text);
    if (other === undefined) {
      const message = `there is no task "${text}"${didYouMean(text, taskIndex.keys())}`;
      return [{ code: "name/unknown-task", message, node }];
    }
    const { starts, items } = edges.predecessors;
    const isBefore = items.subarray(starts[task] ?? 0, starts[task + 1] ?? 0).includes(other);
    if (isBefore) return [];
    const message = `"${text}" does not come directly before this task: add \`after = ${text}\`, only such tasks can be asked for`;
    return [{ code: "name/unknown-task", message, node }];
  });
}

/** Stays right while the condition keeps its form: the number of the node among those inside. */
function nodePlace(block: number, condition: number, root: ExpressionNode, node: ExpressionNode): Place {
  const at = nodesIn(root).indexOf(node);
  return {
    block,
    pick: (summary) => {
      const now = summary.conditions[condition];
      const found = now && nodesIn(now)[at];
      return found && { text: "", range: found.kind === "outcome" ? found.task.range : found.range };
    },
  };
}
