// Quick fixes of edges and branches: taking one out, or adding the one that is missing.

import { cycles } from "../../model/graph.ts";
import type { Problem, Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { edgePlace } from "../edges.ts";
import { writtenName } from "../written-name.ts";
import type { Fix } from "./fix.ts";
import { isSameRange, removeLine } from "./fix-text.ts";
import { placeAt, shifted } from "./place.ts";
import { removeEdge } from "./remove-edge.ts";

/** More edges in one cycle than anyone chooses from. */
const mostEdges = 12;

/** Edges said here that were said before, or that lead from a task to itself. */
export function oddEdges(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { edges } = document.names();
  const isSelf = problem.code === "graph/self-edge";
  const odd = edgesAt(document, problem.range).filter((edge) => {
    const [from, to] = [edges.from[edge], edges.to[edge]];
    if (isSelf || from === to) return isSelf && from === to;
    for (let other = 0; other < edge; other += 1) if (edges.from[other] === from && edges.to[other] === to) return true;
    return false;
  });
  return odd.slice(0, 1).flatMap((edge) => removal(document, problem, edge, true));
}

/** One fix for each edge of the circle: which of them is wrong, only the author knows. */
export function cycleEdges(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { edges, graph } = document.names();
  const here = new Set(edgesAt(document, problem.range));
  const steps = cycles(graph()).map((cycle) =>
    cycle.flatMap((from, index) => {
      const to = cycle[(index + 1) % cycle.length];
      for (let edge = 0; edge < edges.count; edge += 1)
        if (edges.from[edge] === from && edges.to[edge] === to) return [edge];
      return [];
    }),
  );
  const shown = steps.find((cycle) => cycle.some((edge) => here.has(edge))) ?? [];
  return shown
    .toSorted((a, b) => Number(here.has(b)) - Number(here.has(a)))
    .slice(0, mostEdges)
    .flatMap((edge) => removal(document, problem, edge, false));
}

function removal(document: FlowDocument, problem: Problem, edge: number, isPreferred: boolean): readonly Fix[] {
  const { edges, tasks } = document.names();
  const edit = removeEdge(document, edge);
  const nameOf = (task: number | undefined) => document.blocks()[tasks[task ?? 0] ?? 0]?.summary.name?.text ?? "";
  const title = `Remove the edge ${nameOf(edges.from[edge])} → ${nameOf(edges.to[edge])}`;
  return edit ? [{ title, problem, edit, isPreferred }] : [];
}

/** Numbers of the edges that are said at exactly this place. */
function edgesAt(document: FlowDocument, range: Range): readonly number[] {
  const { edges } = document.names();
  const index = document.blockAt(range.start.line);
  const block = document.blocks()[index];
  const start = document.starts()[index] ?? 0;
  const found: number[] = [];
  for (let edge = 0; edge < edges.count; edge += 1) {
    if (!block || edges.block[edge] !== index) continue;
    const name = edgePlace(edges, edge).pick?.(block.summary);
    if (name && isSameRange(shifted(name.range, start), range)) found.push(edge);
  }
  return found;
}

/** The edge that leads on outside the branches. */
export const strayEdge = (document: FlowDocument, problem: Problem): readonly Fix[] =>
  edgesAt(document, problem.range)
    .slice(0, 1)
    .flatMap((edge) => removal(document, problem, edge, true));

export const neverTaken = (problem: Problem): readonly Fix[] => [
  { title: "Remove the branch", problem, edit: removeLine(problem.range.start.line), isPreferred: true },
];

/** A task that sets the name used here: an edge from it. */
export function addProducer(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { tasks } = document.names();
  const place = placeAt(document, problem.range.start);
  const own = place?.block.summary;
  const name = /^"([^"]+)" is set by/.exec(problem.message)?.[1];
  if (!own?.name || name === undefined) return [];
  const target = own.name.text;
  return tasks.flatMap((block): readonly Fix[] => {
    const summary = document.blocks()[block]?.summary;
    const source = summary?.name?.text;
    if (source === undefined || !summary?.outs.some((out) => out.text === name)) return [];
    const end = endOf(document);
    const text = `${end.isLineOpen ? "\n" : ""}${writtenName(source)} >> ${writtenName(target)}\n`;
    const edit = { range: { start: end.at, end: end.at }, text };
    return [{ title: `Add the edge ${source} → ${target}`, problem, edit, isPreferred: false }];
  });
}

function endOf(document: FlowDocument): { readonly at: Range["start"]; readonly isLineOpen: boolean } {
  const starts = document.starts();
  const last = document.blocks()[starts.length - 1];
  const lines = last?.lines ?? [""];
  const text = lines[lines.length - 1] ?? "";
  return {
    at: { line: (starts[starts.length - 1] ?? 0) + lines.length - 1, character: text.length },
    isLineOpen: text !== "",
  };
}
