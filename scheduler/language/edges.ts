// A file's edges, resolved to task numbers: ten thousand of them are gone through at a keystroke, so they lie in flat arrays.

import type { Graph } from "../model/graph.ts";
import { didYouMean } from "./nearest.ts";
import type { Name } from "./nodes.ts";
import type { NameProblem, Place } from "./places.ts";
import type { Summary } from "./summary.ts";

/** Parallel arrays, in the order of the text. `list` says which names of the block's summary `item` counts in. */
export interface PlacedEdges {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly block: readonly number[];
  readonly list: readonly number[];
  readonly item: readonly number[];
}

const afterList = -1;
const branchList = -2;

/** Suggestions look at every task: only the first few unknown names get one. */
const suggestionLimit = 20;

/** Edges between tasks that exist; the other names are reported. */
export function resolveEdges(
  summaries: readonly Summary[],
  taskIndex: ReadonlyMap<string, number>,
  problems: NameProblem[],
): PlacedEdges {
  const from: number[] = [];
  const to: number[] = [];
  const block: number[] = [];
  const list: number[] = [];
  const item: number[] = [];
  let unknown = 0;

  function add(
    source: number | undefined,
    target: number | undefined,
    at: number,
    inList: number,
    index: number,
  ): void {
    if (source === undefined || target === undefined) return;
    from.push(source);
    to.push(target);
    block.push(at);
    list.push(inList);
    item.push(index);
  }
  function indexOf(name: Name, at: number, inList: number, index: number): number | undefined {
    const found = taskIndex.get(name.text);
    if (found !== undefined) return found;
    unknown += 1;
    const hint = unknown <= suggestionLimit ? didYouMean(name.text, taskIndex.keys()) : "";
    const message = `there is no task "${name.text}"${hint}`;
    problems.push({ code: "name/unknown-task", severity: "error", message, at: placeOf(at, inList, index) });
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
    let before: (number | undefined)[] = [];
    for (let group = 0; group < groups.length; group += 1) {
      const indexes: (number | undefined)[] = [];
      for (const [index, name] of (groups[group] ?? []).entries()) {
        const target = indexOf(name, at, group, index);
        indexes.push(target);
        for (const source of before) add(source, target, at, group, index);
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
  return { from, to, block, list, item };
}

/** Where an edge is said: at the name behind `>>`, or in `after`. */
export const edgePlace = (edges: PlacedEdges, edge: number): Place =>
  placeOf(edges.block[edge] ?? 0, edges.list[edge] ?? 0, edges.item[edge] ?? 0);

function placeOf(block: number, list: number, item: number): Place {
  if (list === afterList) return { block, pick: (summary) => summary.after[item] };
  if (list === branchList) return { block, pick: (summary) => summary.branches[item] };
  return { block, pick: (summary) => summary.groups[list]?.[item] };
}

/** The edges that say something new, and the graph they make; self edges and repetitions are reported. */
export function uniqueEdges(
  edges: PlacedEdges,
  size: number,
  problems: NameProblem[],
): { readonly unique: readonly number[]; readonly graph: Graph } {
  const unique: number[] = [];
  const successors: number[][] = Array.from({ length: size }, () => []);
  const predecessors: number[][] = Array.from({ length: size }, () => []);
  const wide = new Map<number, Set<number>>();
  let repetitions = 0;
  for (let edge = 0; edge < edges.from.length; edge += 1) {
    const from = edges.from[edge] ?? 0;
    const to = edges.to[edge] ?? 0;
    const known = successors[from] ?? [];
    if (from === to) {
      const message = "a task cannot come after itself: remove the edge";
      problems.push({ code: "graph/self-edge", severity: "error", message, at: edgePlace(edges, edge) });
    } else if (isKnown(known, from, to, wide)) {
      problems.push(repetition(edges, edge, repetitions < mostLookedUp));
      repetitions += 1;
    } else {
      unique.push(edge);
      known.push(to);
      predecessors[to]?.push(from);
      wide.get(from)?.add(to);
    }
  }
  return { unique, graph: { successors, predecessors } };
}

/** A short list is looked through; a long one gets a set beside it. */
function isKnown(known: readonly number[], from: number, to: number, wide: Map<number, Set<number>>): boolean {
  if (known.length < 32) return known.includes(to);
  const set = wide.get(from) ?? new Set(known);
  wide.set(from, set);
  return set.has(to);
}

/** Looking for the first saying goes through all edges: only so many repetitions get it. */
const mostLookedUp = 100;

function repetition(edges: PlacedEdges, edge: number, isLookedUp: boolean): NameProblem {
  const first = !isLookedUp
    ? -1
    : edges.from.findIndex((from, index) => from === edges.from[edge] && edges.to[index] === edges.to[edge]);
  return {
    code: "graph/duplicate-edge",
    severity: "hint",
    message: "this edge is said twice: one of them can go",
    at: edgePlace(edges, edge),
    ...(first >= 0 && { related: [{ message: "said first here", at: edgePlace(edges, first) }] }),
  };
}
