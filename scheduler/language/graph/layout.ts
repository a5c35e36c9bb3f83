// Where the boxes of a graph and the bends of its edges are.

import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import type { Edge } from "../../model/graph.ts";
import { layered } from "./layered.ts";

export interface LayoutInput {
  /** Of each box. */
  readonly widths: readonly number[];
  readonly height: number;
  readonly edges: readonly Edge[];
  readonly margin: number;
}

export interface Laid {
  readonly width: number;
  readonly height: number;
  /** Middles of the boxes. */
  readonly nodes: readonly Point[];
  /** From the first box's side to the second one's, in the order of the edges. */
  readonly edges: readonly (readonly Point[])[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Above this dagre's careful layout takes longer than anyone waits. */
const mostForDagre = 150;

export function layout(input: LayoutInput): Laid {
  const { widths, height, edges, margin } = input;
  if (widths.length === 0 || widths.length > mostForDagre || edges.length > 3 * mostForDagre) return layered(input);
  const laid = new Graph();
  laid.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 48, marginx: margin, marginy: margin });
  laid.setDefaultEdgeLabel(() => ({}));
  for (const [node, width] of widths.entries()) laid.setNode(String(node), { width, height });
  for (const [from, to] of edges) laid.setEdge(String(from), String(to));
  dagreLayout(laid);
  const { width = 0, height: tall = 0 } = laid.graph();
  const origin = { x: 0, y: 0 };
  return {
    width,
    height: tall,
    nodes: widths.map((_, node) => laid.node(String(node)) ?? origin),
    edges: edges.map(([from, to]) => laid.edge(String(from), String(to))?.points ?? []),
  };
}
