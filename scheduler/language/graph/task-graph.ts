// A file's tasks and edges as plain data, also of a file with errors: what pictures are made from.

import { draftOf, type FlowDocument } from "../document.ts";
import { branchList } from "../edges.ts";

export interface TaskGraph {
  readonly workflow?: string;
  readonly nodes: readonly TaskNode[];
  readonly edges: readonly TaskEdge[];
}

export interface TaskNode {
  readonly name: string;
  readonly type: string;
  readonly doc?: string;
}

export interface TaskEdge {
  readonly from: string;
  readonly to: string;
  /** Said by a `when` or `else`. */
  readonly isBranch: boolean;
}

export function taskGraph(document: FlowDocument): TaskGraph {
  const { tasks, edges, graph, workflow } = document.names();
  const blocks = document.blocks();
  const nameOf = (task: number): string => blocks[tasks[task] ?? -1]?.summary.name?.text ?? "";
  const branches = new Set<string>();
  for (let edge = 0; edge < edges.count; edge += 1)
    if (edges.list[edge] === branchList) branches.add(`${edges.from[edge]} ${edges.to[edge]}`);
  const name = workflow === undefined ? undefined : blocks[workflow]?.summary.name?.text;
  return {
    ...(name !== undefined && { workflow: name }),
    nodes: tasks.flatMap((block): readonly TaskNode[] => {
      const found = blocks[block];
      const draft = found && draftOf(found);
      if (!found?.summary.name || draft?.kind !== "task") return [];
      const { doc } = draft;
      return [
        { name: found.summary.name.text, type: found.summary.type?.text ?? "", ...(doc !== undefined && { doc }) },
      ];
    }),
    edges: graph().successors.flatMap((list, from) =>
      list.map((to) => ({ from: nameOf(from), to: nameOf(to), isBranch: branches.has(`${from} ${to}`) })),
    ),
  };
}
