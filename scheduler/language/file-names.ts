// All of a file's tasks, edges and names together: what refers to what, and what refers to nothing.

import { type Edge, type Graph, graph } from "../model/graph.ts";
import { reportCycles } from "./check-graph.ts";
import { checkScopes } from "./check-scopes.ts";
import { didYouMean } from "./nearest.ts";
import type { BlockProblem, Name } from "./nodes.ts";
import type { Summary } from "./summary.ts";

/** A place that stays right when its block is read again without a change of names. */
export interface Place {
  readonly block: number;
  /** Absent: the block's first line. */
  readonly pick?: (summary: Summary) => Name | undefined;
}

/** A problem that needs more than one block to see. */
export interface NameProblem extends Pick<BlockProblem, "code" | "severity" | "message"> {
  readonly at: Place;
  readonly related?: readonly { readonly message: string; readonly at: Place }[];
}

export interface PlacedEdge {
  readonly from: number;
  readonly to: number;
  readonly at: Place;
}

export interface FileNames {
  /** Block number of each task, in the order of the file; a task whose name was taken before is not among them. */
  readonly tasks: readonly number[];
  readonly taskIndex: ReadonlyMap<string, number>;
  /** Block number of the first workflow header. */
  readonly workflow?: number;
  /** Each once, sorted; self edges left out. */
  readonly edges: readonly Edge[];
  readonly graph: Graph;
  readonly problems: readonly NameProblem[];
}

export function fileNames(summaries: readonly Summary[]): FileNames {
  const problems: NameProblem[] = [];
  const workflow = findWorkflow(summaries, problems);
  const { tasks, taskIndex } = indexTasks(summaries, problems);
  const placed = resolveEdges(summaries, taskIndex, problems);
  const unique = uniqueEdges(placed, tasks.length, problems);
  const edges = unique.map(({ from, to }): Edge => [from, to]).sort(([a, b], [c, d]) => a - c || b - d);
  const found = graph(tasks.length, edges);
  const nameOf = (task: number) => summaries[tasks[task] ?? -1]?.name?.text ?? "";
  reportCycles(found, unique, nameOf, problems);
  checkScopes({ summaries, tasks, graph: found, ...(workflow !== undefined && { workflow }) }, problems);
  return { tasks, taskIndex, ...(workflow !== undefined && { workflow }), edges, graph: found, problems };
}

const byName = (summary: Summary): Name | undefined => summary.name;

function findWorkflow(summaries: readonly Summary[], problems: NameProblem[]): number | undefined {
  let first: number | undefined;
  for (const [block, summary] of summaries.entries()) {
    if (summary.kind !== "workflow") continue;
    if (first === undefined) first = block;
    else
      problems.push({
        code: "name/duplicate",
        severity: "error",
        message: "a file holds one workflow, this is the second: move it to a file of its own",
        at: { block, pick: byName },
        related: [{ message: "the first workflow", at: { block: first, pick: byName } }],
      });
  }
  if (first === undefined) {
    const message = "the file has no workflow header: begin it with `workflow name {` … `}`";
    problems.push({ code: "syntax/unexpected", severity: "error", message, at: { block: 0 } });
  }
  return first;
}

function indexTasks(summaries: readonly Summary[], problems: NameProblem[]): Pick<FileNames, "tasks" | "taskIndex"> {
  const tasks: number[] = [];
  const taskIndex = new Map<string, number>();
  for (const [block, summary] of summaries.entries()) {
    if (summary.kind !== "task" || !summary.name) continue;
    const first = taskIndex.get(summary.name.text);
    if (first === undefined) {
      taskIndex.set(summary.name.text, tasks.length);
      tasks.push(block);
      continue;
    }
    problems.push({
      code: "name/duplicate",
      severity: "error",
      message: `there are two tasks named "${summary.name.text}": rename one of them`,
      at: { block, pick: byName },
      related: [{ message: "the first one", at: { block: tasks[first] ?? 0, pick: byName } }],
    });
  }
  return { tasks, taskIndex };
}

/** Suggestions look at every task: only the first few unknown names get one. */
const suggestionLimit = 20;

function resolveEdges(
  summaries: readonly Summary[],
  taskIndex: ReadonlyMap<string, number>,
  problems: NameProblem[],
): readonly PlacedEdge[] {
  const edges: PlacedEdge[] = [];
  let suggestions = 0;
  const indexOf = (name: Name, at: Place): number | undefined => {
    const index = taskIndex.get(name.text);
    if (index !== undefined) return index;
    suggestions += 1;
    const hint = suggestions <= suggestionLimit ? didYouMean(name.text, taskIndex.keys()) : "";
    problems.push({
      code: "name/unknown-task",
      severity: "error",
      message: `there is no task "${name.text}"${hint}`,
      at,
    });
    return undefined;
  };
  for (const [block, summary] of summaries.entries()) {
    if (summary.kind === "task") addTaskEdges(block, summary, taskIndex, indexOf, edges);
    else if (summary.kind === "edge") addChain(block, summary, indexOf, edges);
  }
  return edges;
}

type IndexOf = (name: Name, at: Place) => number | undefined;

function addTaskEdges(
  block: number,
  summary: Summary,
  taskIndex: ReadonlyMap<string, number>,
  indexOf: IndexOf,
  edges: PlacedEdge[],
): void {
  const own = taskIndex.get(summary.name?.text ?? "");
  for (const [index, name] of summary.after.entries()) {
    const at: Place = { block, pick: (now) => now.after[index] };
    const from = indexOf(name, at);
    if (from !== undefined && own !== undefined) edges.push({ from, to: own, at });
  }
  for (const [index, name] of summary.branches.entries()) {
    const at: Place = { block, pick: (now) => now.branches[index] };
    const to = indexOf(name, at);
    if (to !== undefined && own !== undefined) edges.push({ from: own, to, at });
  }
}

/** `[a, b] >> c >> d`: every name of a group before every name of the next one. */
function addChain(block: number, summary: Summary, indexOf: IndexOf, edges: PlacedEdge[]): void {
  let before: readonly (number | undefined)[] = [];
  for (const [group, names] of summary.groups.entries()) {
    const places = names.map((_, index): Place => ({ block, pick: (now) => now.groups[group]?.[index] }));
    const indexes = names.map((name, index) => indexOf(name, places[index] ?? { block }));
    for (const from of before)
      for (const [index, to] of indexes.entries())
        if (from !== undefined && to !== undefined) edges.push({ from, to, at: places[index] ?? { block } });
    before = indexes;
  }
}

function uniqueEdges(edges: readonly PlacedEdge[], size: number, problems: NameProblem[]): readonly PlacedEdge[] {
  const first = new Map<number, PlacedEdge>();
  for (const edge of edges) {
    if (edge.from === edge.to) {
      const message = "a task cannot come after itself: remove the edge";
      problems.push({ code: "graph/self-edge", severity: "error", message, at: edge.at });
      continue;
    }
    const key = edge.from * size + edge.to;
    const known = first.get(key);
    if (!known) first.set(key, edge);
    else
      problems.push({
        code: "graph/duplicate-edge",
        severity: "hint",
        message: "this edge is said twice: one of them can go",
        at: edge.at,
        related: [{ message: "said first here", at: known.at }],
      });
  }
  return [...first.values()];
}
