// A graph as an SVG picture that stands alone, readable on light and dark pages.

import { layout, type Point } from "./layout.ts";
import type { TaskGraph, TaskNode } from "./task-graph.ts";

const height = 44;
const margin = 16;
const longestName = 40;

export function svg(graph: TaskGraph): string {
  const index = new Map(graph.nodes.map(({ name }, at) => [name, at]));
  const widths = graph.nodes.map(widthOf);
  const edges = graph.edges.map(({ from, to }) => [index.get(from) ?? 0, index.get(to) ?? 0] as const);
  const laid = layout({ widths, height, edges, margin });
  const [wide, high] = [laid.width, laid.height].map((one) => Math.max(Math.ceil(one), 2 * margin));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" font-family="system-ui, sans-serif">`,
    `<title>${escaped(graph.workflow ?? "workflow")}</title>`,
    style,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ...graph.edges.map(({ isBranch }, at) => edgeShape(laid.edges[at] ?? [], isBranch)),
    ...graph.nodes.map((node, at) => nodeShape(node, laid.nodes[at] ?? { x: 0, y: 0 }, widths[at] ?? 0)),
    "</svg>",
    "",
  ].join("\n");
}

const style = `<style>
.box{fill:#f6f8fa;stroke:#57606a}.logic{fill:#ddf4ff;stroke:#0969da}.name{fill:#1f2328;font-size:13px}.type{fill:#57606a;font-size:10px}
.edge{fill:none;stroke:#57606a;stroke-width:1.3}.branch{stroke-dasharray:5 3}.head{fill:#57606a}
@media (prefers-color-scheme:dark){.box{fill:#161b22;stroke:#8b949e}.logic{fill:#0c2d6b;stroke:#58a6ff}.name{fill:#e6edf3}.type,.head{fill:#8b949e}.edge{stroke:#8b949e}}
</style>`;

const logic: readonly string[] = ["switch", "conditions", "dependent", "sub_workflow"];

function nodeShape(node: TaskNode, at: Point, width: number): string {
  const left = at.x - width / 2;
  const top = at.y - height / 2;
  const kind = logic.includes(node.type) ? "box logic" : "box";
  return [
    `<g><title>${escaped(node.doc ?? node.name)}</title>`,
    `<rect class="${kind}" x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${height}" rx="6"/>`,
    `<text class="name" x="${round(at.x)}" y="${round(at.y - 2)}" text-anchor="middle">${escaped(shortened(node.name))}</text>`,
    `<text class="type" x="${round(at.x)}" y="${round(at.y + 13)}" text-anchor="middle">${escaped(node.type)}</text></g>`,
  ].join("");
}

function edgeShape(points: readonly Point[], isBranch: boolean): string {
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  return `<path class="${isBranch ? "edge branch" : "edge"}" marker-end="url(#arrow)" d="${path}"/>`;
}

/** Wide letters (CJK) take the room of two. */
function widthOf({ name, type }: TaskNode): number {
  const letters = (text: string) => [...text].reduce((sum, one) => sum + (one > "\u2e7f" ? 13 : 7.6), 0);
  return Math.max(90, letters(shortened(name)) + 28, letters(type) + 20);
}

const shortened = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name);
const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
