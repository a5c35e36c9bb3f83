// Cycles of a file's graph, each with its whole path.

import { cycles, type Graph } from "../model/graph.ts";
import type { EdgeTable } from "./edge-table.ts";
import { edgePlace } from "./edges.ts";
import type { NameProblem } from "./places.ts";

/** Longer paths are cut in the message; the related locations show the rest. */
const longestPath = 12;
const mostRelated = 50;

export function reportCycles(
  found: Graph,
  edges: EdgeTable,
  nameOf: (task: number) => string,
  problems: NameProblem[],
): void {
  const all = cycles(found);
  if (all.length === 0) return;
  const blockOf = (edge: number) => edges.block[edge] ?? 0;
  for (const cycle of all) {
    const steps = cycle.map((from, index) => edgeOf(edges, from, cycle[(index + 1) % cycle.length] ?? from));
    // The edge that stands last in the text is shown as the problem: most cycles are closed by the latest line.
    const last = steps.reduce((best, step) => (blockOf(best) > blockOf(step) ? best : step), steps[0] ?? 0);
    problems.push({
      code: "graph/cycle",
      severity: "error",
      message: `tasks wait for each other in a circle: ${pathText(cycle.map(nameOf))}: remove one of these edges`,
      at: edgePlace(edges, last),
      related: steps
        .filter((step) => step !== last)
        .slice(0, mostRelated)
        .map((step) => ({
          message: `${nameOf(edges.from[step] ?? 0)} → ${nameOf(edges.to[step] ?? 0)}`,
          at: edgePlace(edges, step),
        })),
    });
  }
}

/** The edge that says it first. */
function edgeOf({ successors, firstEdge }: EdgeTable, from: number, to: number): number {
  const start = successors.starts[from] ?? 0;
  const at = successors.items.indexOf(to, start);
  return firstEdge[at] ?? 0;
}

function pathText(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length <= longestPath) return [...names, first].join(" → ");
  const half = longestPath / 2;
  return [...names.slice(0, half), `… ${names.length - longestPath} more …`, ...names.slice(-half), first].join(" → ");
}
