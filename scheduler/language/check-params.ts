// Workflow params that refer to each other in a circle.

import type { ParamDefinition } from "../model/definition.ts";
import { cycles, type Edge, graph } from "../model/graph.ts";
import { placeholders } from "../model/substitute.ts";
import type { ReadParams } from "./read-params.ts";
import type { Reader } from "./reader.ts";

export function checkParamCycles({ definitions, names }: ReadParams, reader: Reader): void {
  const index = new Map(definitions.map((param, at) => [param.name, at]));
  const edges: Edge[] = definitions.flatMap((param, from) =>
    references(param).flatMap((name): Edge[] => {
      const to = index.get(name);
      return to === undefined ? [] : [[from, to]];
    }),
  );
  const rangeOf = (at: number) => names.find((name) => name.text === definitions[at]?.name)?.range;
  const selfEdges = edges.filter(([from, to]) => from === to).map(([from]) => [from]);
  for (const cycle of [...selfEdges, ...cycles(graph(definitions.length, edges))]) {
    const [first = 0] = cycle;
    const range = rangeOf(first);
    if (!range) continue;
    const path = [...cycle, first].map((at) => definitions[at]?.name).join(" → ");
    const related = cycle.slice(1).flatMap((at) => {
      const place = rangeOf(at);
      return place ? [{ message: "part of the circle", range: place }] : [];
    });
    reader.error("param/cycle", range, `params refer to each other in a circle: ${path}`, related);
  }
}

const references = (param: ParamDefinition): readonly string[] =>
  placeholders(param.value ?? "", "text").flatMap((found) => (found.kind === "name" ? [found.name] : []));
