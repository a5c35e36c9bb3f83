// All of a file's tasks, edges and names together: what refers to what, and what refers to nothing.

import type { Graph } from "../model/graph.ts";
import { checkConditions } from "./check-conditions.ts";
import { reportCycles } from "./check-graph.ts";
import { checkScopes } from "./check-scopes.ts";
import { type EdgeTable, edgeTable, hasCycle, toGraph } from "./edge-table.ts";
import { resolveEdges } from "./edges.ts";
import type { Name } from "./nodes.ts";
import type { NameProblem } from "./places.ts";
import type { Summary } from "./summary.ts";

export interface FileNames {
  /** Block number of each task, in the order of the file; a task whose name was taken before is not among them. */
  readonly tasks: readonly number[];
  readonly taskIndex: ReadonlyMap<string, number>;
  /** Block number of the first workflow header. */
  readonly workflow?: number;
  readonly edges: EdgeTable;
  /** Between task numbers; each edge once, no self edges. Valid until the next edit. */
  readonly graph: () => Graph;
  readonly problems: readonly NameProblem[];
  /** Those of the headers alone. */
  readonly headerProblems: readonly NameProblem[];
}

/**
 * `before` gives its table to be filled again. `isOnlyEdges`: all headers are as they were then, so that they need not be gone
 * through again.
 */
export function fileNames(summaries: readonly Summary[], before?: FileNames, isOnlyEdges = false): FileNames {
  const headers = before && isOnlyEdges ? before : readHeaders(summaries);
  const { workflow, tasks, taskIndex, headerProblems } = headers;
  const edges = before?.edges ?? edgeTable();
  const problems = [...headerProblems];
  const unknown: NameProblem[] = [];
  resolveEdges(summaries, taskIndex, edges, problems, unknown);
  let lists: Graph | undefined;
  const graph = (): Graph => {
    lists ??= toGraph(edges, tasks.length);
    return lists;
  };
  const nameOf = (task: number) => summaries[tasks[task] ?? -1]?.name?.text ?? "";
  if (hasCycle(edges, tasks.length)) reportCycles(graph(), edges, nameOf, problems);
  const known = { tasks, taskIndex, ...(workflow !== undefined && { workflow }), edges, graph };
  const missing: NameProblem[] = [];
  checkScopes({ summaries, ...known }, missing);
  checkConditions({ summaries, ...known }, problems, missing);
  // While a line cannot be read, nobody knows what it would have declared: half of a line is no reason to mark half of the file.
  const isSure = summaries.every((summary) => !summary.isUnsure);
  if (isSure) for (const problem of [...unknown, ...missing.filter(isKnownWithout(unknown))]) problems.push(problem);
  return { ...known, problems, headerProblems };
}

function readHeaders(summaries: readonly Summary[]): Omit<FileNames, "graph" | "edges" | "problems"> {
  const headerProblems: NameProblem[] = [];
  const workflow = findWorkflow(summaries, headerProblems);
  const { tasks, taskIndex } = indexTasks(summaries, headerProblems);
  return { tasks, taskIndex, ...(workflow !== undefined && { workflow }), headerProblems };
}

/** An edge whose end is not known is not there: what only it would bring is not missed as well. */
const isKnownWithout =
  (unknown: readonly NameProblem[]) =>
  ({ code }: NameProblem): boolean =>
    unknown.length === 0 || (code !== "param/not-produced" && code !== "name/unknown-task");

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
