// All of a file's tasks, edges and names together: what refers to what, and what refers to nothing.

import type { Graph } from "../model/graph.ts";
import { reportCycles } from "./check-graph.ts";
import { checkScopes } from "./check-scopes.ts";
import { resolveEdges, uniqueEdges } from "./edges.ts";
import type { Name } from "./nodes.ts";
import type { NameProblem } from "./places.ts";
import type { Summary } from "./summary.ts";

export interface FileNames {
  /** Block number of each task, in the order of the file; a task whose name was taken before is not among them. */
  readonly tasks: readonly number[];
  readonly taskIndex: ReadonlyMap<string, number>;
  /** Block number of the first workflow header. */
  readonly workflow?: number;
  /** Between task numbers; each edge once, no self edges. */
  readonly graph: Graph;
  readonly problems: readonly NameProblem[];
  /** Those of the headers alone. */
  readonly headerProblems: readonly NameProblem[];
}

/** `before`: what was found when all headers were as they are now, so that they need not be gone through again. */
export function fileNames(summaries: readonly Summary[], before?: FileNames): FileNames {
  const { workflow, tasks, taskIndex, headerProblems } = before ?? readHeaders(summaries);
  const problems = [...headerProblems];
  const edges = resolveEdges(summaries, taskIndex, problems);
  const { unique, graph: found } = uniqueEdges(edges, tasks.length, problems);
  const nameOf = (task: number) => summaries[tasks[task] ?? -1]?.name?.text ?? "";
  reportCycles(found, edges, unique, nameOf, problems);
  checkScopes({ summaries, tasks, graph: found, ...(workflow !== undefined && { workflow }) }, problems);
  return { tasks, taskIndex, ...(workflow !== undefined && { workflow }), graph: found, problems, headerProblems };
}

function readHeaders(summaries: readonly Summary[]): Omit<FileNames, "graph" | "problems"> {
  const headerProblems: NameProblem[] = [];
  const workflow = findWorkflow(summaries, headerProblems);
  const { tasks, taskIndex } = indexTasks(summaries, headerProblems);
  return { tasks, taskIndex, ...(workflow !== undefined && { workflow }), headerProblems };
}

const byName = (summary: Summary): Name | undefined => summary.name;

function findWorkflow(summaries: readonly Summary[], problems: NameProblem[]): number | undefined {
  const [first, ...others] = summaries.flatMap((summary, block) => (summary.kind === "workflow" ? [block] : []));
  for (const block of others)
    problems.push({
      code: "name/duplicate",
      severity: "error",
      message: "a file holds one workflow, this is the second: move it to a file of its own",
      at: { block, pick: byName },
      related: [{ message: "the first workflow", at: { block: first ?? 0, pick: byName } }],
    });
  if (first === undefined) {
    const message = "the file has no workflow header: begin it with `workflow name {` … `}`";
    problems.push({ code: "syntax/unexpected", severity: "error", message, at: { block: 0 } });
  }
  return first;
}

function indexTasks(summaries: readonly Summary[], problems: NameProblem[]): Pick<FileNames, "tasks" | "taskIndex"> {
  const tasks: number[] = [];
  const taskIndex = new Map<string, number>();
  for (let block = 0; block < summaries.length; block += 1) {
    const name = summaries[block]?.kind === "task" ? summaries[block]?.name : undefined;
    if (!name) continue;
    const first = taskIndex.get(name.text);
    if (first === undefined) {
      taskIndex.set(name.text, tasks.length);
      tasks.push(block);
      continue;
    }
    problems.push({
      code: "name/duplicate",
      severity: "error",
      message: `there are two tasks named "${name.text}": rename one of them`,
      at: { block, pick: byName },
      related: [{ message: "the first one", at: { block: tasks[first] ?? 0, pick: byName } }],
    });
  }
  return { tasks, taskIndex };
}
