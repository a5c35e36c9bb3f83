// Cycles of a file's graph, each with its whole path.

import { cycles, type Graph } from "../model/graph.ts";
import { edgePlace, type PlacedEdges } from "./edges.ts";
import type { NameProblem } from "./places.ts";

/** Longer paths are cut in the message; the related locations show the rest. */
const longestPath = 12;
const mostRelated = 50;

export function reportCycles(
  found: Graph,
  edges: PlacedEdges,
  unique: readonly number[],
  nameOf: (task: number) => string,
  problems: NameProblem[],
): void {
  const all = cycles(found);
  if (all.length === 0) return;
  const edgeOf = new Map(unique.map((edge) => [`${edges.from[edge]} ${edges.to[edge]}`, edge]));
  const blockOf = (edge: number) => edges.block[edge] ?? 0;
  for (const cycle of all) {
    const steps = cycle.flatMap((from, index) => edgeOf.get(`${from} ${cycle[(index + 1) % cycle.length]}`) ?? []);
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

function pathText(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length <= longestPath) return [...names, first].join(" → ");
  const half = longestPath / 2;
  return [...names.slice(0, half), `… ${names.length - longestPath} more …`, ...names.slice(-half), first].join(" → ");
}
