// A workflow's shape from words: `a>b, b>c`.

import type { WorkflowDefinition } from "../../scheduler/model/definition.ts";

export function shapeOf(words: string): {
  readonly definition: Pick<WorkflowDefinition, "tasks" | "edges">;
  readonly names: readonly string[];
} {
  const pairs = words.split(", ").map((pair) => pair.split(">"));
  const names = [...new Set(pairs.flat())].sort();
  const tasks = names.map((name) => ({ name }) as WorkflowDefinition["tasks"][number]); // the graph is all that is asked about
  const edges = pairs.map(([from = "", to = ""]) => [names.indexOf(from), names.indexOf(to)] as const);
  return { definition: { tasks, edges }, names };
}
