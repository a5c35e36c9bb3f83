// A file's edges: names resolved to tasks, unknown names, self edges and repetitions reported.

import { conditions } from "../tasks/conditions.ts";
import { switchType } from "../tasks/switch.ts";
import { addEdge, arrange, type EdgeTable } from "./edge-table.ts";
import { didYouMean } from "./nearest.ts";
import type { Name } from "./nodes.ts";
import type { NameProblem, Place } from "./places.ts";
import type { Summary } from "./summary.ts";

/** Lists of a block that are no group of an edge line. */
export const afterList = -1;
export const branchList = -2;

/** More edges than a master could go through in time. */
const mostEdges = 1_000_000;

/** Suggestions look at every task: only the first few unknown names get one. */
const suggestionLimit = 20;

/** Fills the table with the edges between tasks that exist; the other names are told to `missing`. */
export function resolveEdges(
  summaries: readonly Summary[],
  taskIndex: ReadonlyMap<string, number>,
  table: EdgeTable,
  problems: NameProblem[],
  missing: NameProblem[],
): void {
  table.count = 0;
  const leadsOnByBranches = branchingTasks(summaries, taskIndex);
  let unknown = 0;
  let tooManyAt: number | undefined;

  function add(source: number | undefined, target: number | undefined, at: number, list: number, item: number): void {
    if (source === undefined || target === undefined) return;
    if (list !== branchList && leadsOnByBranches.has(source))
      problems.push(strayEdge(placeOf(at, list, item), leadsOnByBranches.get(source) ?? ""));
    if (table.count < mostEdges) addEdge(table, source, target, at, list, item);
    else tooManyAt ??= at;
  }
  function indexOf(name: Name, at: number, inList: number, index: number): number | undefined {
    const found = taskIndex.get(name.text);
    if (found !== undefined) return found;
    unknown += 1;
    const hint = unknown <= suggestionLimit ? didYouMean(name.text, taskIndex.keys()) : "";
    const message = `there is no task "${name.text}"${hint}`;
    missing.push({ code: "name/unknown-task", severity: "error", message, at: placeOf(at, inList, index) });
    return undefined;
  }
  function addNames(names: readonly Name[], own: number | undefined, at: number, inList: number): void {
    for (let index = 0; index < names.length; index += 1) {
      const other = indexOf(names[index] as Name, at, inList, index); // in bounds
      if (inList === afterList) add(other, own, at, inList, index);
      else add(own, other, at, inList, index);
    }
  }
  /** `[a, b] >> c >> d`: every name of a group before every name of the next one. */
  function addChain(groups: Summary["groups"], at: number): void {
    let before: number[] = [];
    for (let group = 0; group < groups.length; group += 1) {
      const indexes: number[] = [];
      for (const [index, name] of (groups[group] ?? []).entries()) {
        const target = indexOf(name, at, group, index);
        if (target === undefined) continue;
        indexes.push(target);
        // `[…] >> […]` multiplies: what is too much anyway is not gone through.
        for (const source of tooManyAt === undefined ? before : []) add(source, target, at, group, index);
      }
      before = indexes;
    }
  }

  for (let at = 0; at < summaries.length; at += 1) {
    const summary = summaries[at];
    if (summary?.kind === "edge") addChain(summary.groups, at);
    if (summary?.kind !== "task" || summary.after.length + summary.branches.length === 0) continue;
    const own = taskIndex.get(summary.name?.text ?? "");
    addNames(summary.after, own, at, afterList);
    addNames(summary.branches, own, at, branchList);
  }
  if (tooManyAt !== undefined) {
    const message = `the file has more than ${mostEdges} edges: split the workflow, or put a task between the groups`;
    problems.push({ code: "syntax/too-large", severity: "error", message, at: { block: tooManyAt } });
  }
  arrange(table, taskIndex.size, (edge, first) => {
    const isSelf = first < 0;
    // Two branches may lead to the same task; any other edge behind such a task is reported already.
    if (isSelf || !leadsOnByBranches.has(table.from[edge] ?? -1)) problems.push(oddEdge(table, edge, first));
  });
}

/** Numbers of the `switch` and `conditions` tasks, with their types. */
function branchingTasks(
  summaries: readonly Summary[],
  taskIndex: ReadonlyMap<string, number>,
): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { kind, name, type } of summaries) {
    if (kind !== "task" || !type || (type.text !== switchType.name && type.text !== conditions.name)) continue;
    const task = taskIndex.get(name?.text ?? "");
    if (task !== undefined) found.set(task, type.text);
  }
  return found;
}

const strayEdge = (at: Place, type: string): NameProblem => ({
  code: "graph/branch-edge",
  severity: "error",
  message: `a ${type} task leads on through its branches alone: write \`when … >> task\` or \`else >> task\` in it, and remove this edge`,
  at,
});

function oddEdge(table: EdgeTable, edge: number, first: number): NameProblem {
  const at = edgePlace(table, edge);
  if (first < 0) {
    const message = "a task cannot come after itself: remove the edge";
    return { code: "graph/self-edge", severity: "error", message, at };
  }
  const message = "this edge is said twice: one of them can go";
  const related = [{ message: "said first here", at: edgePlace(table, first) }];
  return { code: "graph/duplicate-edge", severity: "hint", message, at, related };
}

/** Where an edge is said: at the name behind `>>`, or in `after`. */
export const edgePlace = (edges: EdgeTable, edge: number): Place =>
  placeOf(edges.block[edge] ?? 0, edges.list[edge] ?? 0, edges.item[edge] ?? 0);

function placeOf(block: number, list: number, item: number): Place {
  if (list === afterList) return { block, pick: (summary) => summary.after[item] };
  if (list === branchList) return { block, pick: (summary) => summary.branches[item] };
  return { block, pick: (summary) => summary.groups[list]?.[item] };
}
