// Tasks up- and downstream, with the places that say so.

import type { Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { edgePlace } from "../edges.ts";
import { shifted } from "./place.ts";

export interface TaskItem {
  readonly name: string;
  readonly type: string;
  readonly range: Range;
  readonly selection: Range;
}

export interface Neighbour {
  readonly task: TaskItem;
  /** Where the edge is said. */
  readonly places: readonly Range[];
}

export function taskItem(document: FlowDocument, name: string): TaskItem | undefined {
  const { tasks, taskIndex } = document.names();
  const index = tasks[taskIndex.get(name) ?? -1];
  const block = index === undefined ? undefined : document.blocks()[index];
  if (index === undefined || !block?.summary.name) return undefined;
  const start = document.starts()[index] ?? 0;
  const selection = shifted(block.summary.name.range, start);
  const end = { line: start + block.lines.length - 1, character: (block.lines[block.lines.length - 1] ?? "").length };
  return {
    name,
    type: block.summary.type?.text ?? "",
    range: { start: { line: start, character: 0 }, end },
    selection,
  };
}

/** `before`: the tasks that come directly before; `after`: those that come directly after. */
export function neighbours(document: FlowDocument, name: string, direction: "before" | "after"): readonly Neighbour[] {
  const { edges, taskIndex, tasks } = document.names();
  const own = taskIndex.get(name);
  if (own === undefined) return [];
  const [mine, theirs] = direction === "before" ? [edges.to, edges.from] : [edges.from, edges.to];
  const places = new Map<number, Range[]>();
  for (let edge = 0; edge < edges.count; edge += 1) {
    if (mine[edge] !== own) continue;
    const other = theirs[edge] ?? 0;
    const range = rangeOf(document, edge);
    places.set(other, [...(places.get(other) ?? []), ...(range ? [range] : [])]);
  }
  return [...places].flatMap(([task, ranges]): readonly Neighbour[] => {
    const found = taskItem(document, document.blocks()[tasks[task] ?? -1]?.summary.name?.text ?? "");
    return found ? [{ task: found, places: ranges }] : [];
  });
}

function rangeOf(document: FlowDocument, edge: number): Range | undefined {
  const place = edgePlace(document.names().edges, edge);
  const summary = document.blocks()[place.block]?.summary;
  const name = summary && place.pick?.(summary);
  return name && shifted(name.range, document.starts()[place.block] ?? 0);
}
