// Names of tasks that may be typed: those that close no cycle.

import type { FlowDocument } from "../document.ts";
import { type Completion, mostItems } from "./completion-item.ts";
import { describeTask } from "./hover.ts";
import type { PlaceInBlock } from "./place.ts";

export function taskItems(document: FlowDocument, indexes: readonly number[]): readonly Completion[] {
  const { tasks } = document.names();
  const many = indexes.length > mostItems;
  return indexes.flatMap((index): Completion[] => {
    const summary = document.blocks()[tasks[index] ?? -1]?.summary;
    if (!summary?.name) return [];
    const { text } = summary.name;
    const insert = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(text) ? text : JSON.stringify(text);
    const markdown = many ? undefined : describeTask(document, text);
    const detail = summary.type?.text ?? "";
    return [{ label: text, kind: "task", detail, insert, rank: 2, ...(markdown !== undefined && { markdown }) }];
  });
}

/** Tasks that may stand behind the last `>>`: those that do not come before the ones in front of it. */
export function edgeTargets(document: FlowDocument, place: PlaceInBlock, before: string): readonly number[] {
  const { taskIndex, tasks } = document.names();
  const group = before.slice(0, before.lastIndexOf(">>")).split(">>").pop() ?? "";
  const sources = group.split(/[\s,[\]]+/).flatMap((name) => taskIndex.get(name) ?? []);
  const closing = reach(document, place, sources, "before");
  return tasks.flatMap((_, index) => (closing.has(index) || sources.includes(index) ? [] : [index]));
}

/** Tasks that this one may come after: those that do not come after it. */
export function possiblePredecessors(document: FlowDocument, place: PlaceInBlock): readonly number[] {
  const { tasks } = document.names();
  const own = tasks.indexOf(place.index);
  const closing = own < 0 ? new Set<number>() : reach(document, place, [own], "after");
  return tasks.flatMap((_, index) => (index === own || closing.has(index) ? [] : [index]));
}

/** Tasks that a branch of this one may lead to: those that do not come before it. */
export function possibleSuccessors(document: FlowDocument, place: PlaceInBlock): readonly number[] {
  const { tasks } = document.names();
  const own = tasks.indexOf(place.index);
  const closing = own < 0 ? new Set<number>() : reach(document, place, [own], "before", "branches");
  return tasks.flatMap((_, index) => (index === own || closing.has(index) ? [] : [index]));
}

/** All tasks before or after these, not counting the edges that the cursor's own line may say: those are being changed. */
function reach(
  document: FlowDocument,
  place: PlaceInBlock,
  starts: readonly number[],
  direction: "before" | "after",
  changing: "after" | "branches" = "after",
): ReadonlySet<number> {
  const { edges } = document.names();
  const own = ownEdges(document, place, changing);
  const { starts: rows, items } = direction === "before" ? edges.predecessors : edges.successors;
  const seen = new Set<number>();
  const open = [...starts];
  for (let task = open.pop(); task !== undefined; task = open.pop())
    for (let at = rows[task] ?? 0; at < (rows[task + 1] ?? 0); at += 1) {
      const next = items[at] ?? 0;
      const key = direction === "before" ? `${next} ${task}` : `${task} ${next}`;
      if (seen.has(next) || (own.size > 0 && own.has(key))) continue;
      seen.add(next);
      open.push(next);
    }
  return seen;
}

function ownEdges(document: FlowDocument, place: PlaceInBlock, changing: "after" | "branches"): ReadonlySet<string> {
  const { taskIndex } = document.names();
  const { groups, after, branches, name } = place.block.summary;
  const own = new Set<string>();
  const add = (from: string, to: string) => own.add(`${taskIndex.get(from)} ${taskIndex.get(to)}`);
  for (const [index, group] of groups.entries())
    for (const to of groups[index + 1] ?? []) for (const from of group) add(from.text, to.text);
  if (changing === "after") for (const from of after) add(from.text, name?.text ?? "");
  else for (const to of branches) add(name?.text ?? "", to.text);
  return own;
}
