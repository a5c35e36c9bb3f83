// Cycles of a file's graph, each with its whole path.

import { cycles, type Graph } from "../model/graph.ts";
import type { NameProblem, PlacedEdge } from "./file-names.ts";

/** Longer paths are cut in the message; the related locations show the rest. */
const longestPath = 12;
const mostRelated = 50;

export function reportCycles(
  found: Graph,
  edges: readonly PlacedEdge[],
  nameOf: (task: number) => string,
  problems: NameProblem[],
): void {
  const all = cycles(found);
  if (all.length === 0) return;
  const placeOf = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  for (const cycle of all) {
    const steps = cycle.flatMap((from, index) => placeOf.get(`${from} ${cycle[(index + 1) % cycle.length]}`) ?? []);
    // The edge that stands last in the text is shown as the problem: most cycles are closed by the latest line.
    const last = steps.reduce<PlacedEdge | undefined>(
      (best, step) => (best && best.at.block > step.at.block ? best : step),
      undefined,
    );
    if (!last) continue;
    problems.push({
      code: "graph/cycle",
      severity: "error",
      message: `tasks wait for each other in a circle: ${pathText(cycle.map(nameOf))}: remove one of these edges`,
      at: last.at,
      related: steps
        .filter((step) => step !== last)
        .slice(0, mostRelated)
        .map((step) => ({ message: `${nameOf(step.from)} → ${nameOf(step.to)}`, at: step.at })),
    });
  }
}

function pathText(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length <= longestPath) return [...names, first].join(" → ");
  const half = longestPath / 2;
  return [...names.slice(0, half), `… ${names.length - longestPath} more …`, ...names.slice(-half), first].join(" → ");
}
