// A layout for graphs that are too large for dagre (a thousand tasks took it half a minute): tasks in columns by how far they are from
// the beginning, ordered in each so that edges cross little, edges straight.

import { type Edge, graph, topologicalOrder } from "../../model/graph.ts";
import type { Laid, LayoutInput } from "./layout.ts";

const columnGap = 48;
const rowGap = 18;
const sweeps = 8;

/** Edges that close a circle count as if they were not there. */
export function layered({ widths, height, edges, margin }: LayoutInput): Laid {
  const ahead = graph(widths.length, edges);
  const ranks = ranksOf(widths.length, edges);
  const columns: number[][] = [];
  for (const [node, rank] of ranks.entries()) {
    columns[rank] ??= [];
    columns[rank].push(node);
  }
  const place = new Float64Array(widths.length);
  for (const column of columns) settle(column ?? [], place);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const neighbours = isForward ? ahead.predecessors : ahead.successors;
    for (const column of isForward ? columns : columns.toReversed()) {
      const weight = (node: number) => average(neighbours[node] ?? [], place) ?? place[node] ?? 0;
      const weights = new Map(column.map((node) => [node, weight(node)]));
      column.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
      settle(column, place);
    }
  }
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const points: { x: number; y: number }[] = widths.map(() => ({ x: 0, y: 0 }));
  let left = margin;
  for (const column of columns) {
    const widest = column.reduce((most, node) => Math.max(most, widths[node] ?? 0), 0);
    const top = margin + ((tallest - column.length) * (height + rowGap)) / 2;
    for (const [row, node] of column.entries())
      points[node] = { x: left + widest / 2, y: top + row * (height + rowGap) + height / 2 };
    left += widest + columnGap;
  }
  return {
    width: Math.max(2 * margin, left - columnGap + margin),
    height: Math.max(2 * margin, 2 * margin + tallest * (height + rowGap) - rowGap),
    nodes: points,
    edges: edges.map(([from, to]) => {
      const [start, end] = [points[from], points[to]];
      if (!start || !end) return [];
      const isBack = end.x <= start.x;
      const side = (node: number, sign: number) => (sign * (widths[node] ?? 0)) / 2;
      return [
        { x: start.x + side(from, isBack ? -1 : 1), y: start.y },
        { x: end.x + side(to, isBack ? 1 : -1), y: end.y },
      ];
    }),
  };
}

/** The longest way from the beginning. */
function ranksOf(size: number, edges: readonly Edge[]): readonly number[] {
  const acyclic = topologicalOrder(graph(size, edges)) ? edges : edges.filter(([from, to]) => from < to);
  const { successors } = graph(size, acyclic);
  const ranks = new Array<number>(size).fill(0);
  for (const node of topologicalOrder(graph(size, acyclic)) ?? [])
    for (const next of successors[node] ?? []) ranks[next] = Math.max(ranks[next] ?? 0, (ranks[node] ?? 0) + 1);
  return ranks;
}

/** Rows of a column, told from its middle. */
function settle(column: readonly number[], place: Float64Array): void {
  for (const [row, node] of column.entries()) place[node] = row - column.length / 2;
}

function average(nodes: readonly number[], place: Float64Array): number | undefined {
  if (nodes.length === 0) return undefined;
  return nodes.reduce((sum, node) => sum + (place[node] ?? 0), 0) / nodes.length;
}
