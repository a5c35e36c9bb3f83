// Names under the cursor: what they are, where they are defined, where they are used.

import type { ParamType } from "../../model/definition.ts";
import { reachable } from "../../model/graph.ts";
import type { Position, Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import type { Name } from "../nodes.ts";
import { outcomeTasks, type Summary, type TypedName } from "../summary.ts";
import { contains, type PlaceInBlock, placeAt, shifted } from "./place.ts";

export type Found =
  | { readonly kind: "task"; readonly name: string; readonly range: Range }
  | { readonly kind: "workflow"; readonly name: string; readonly range: Range }
  /** A param, `in`, `out` or built-in; `block` is where it is named. */
  | { readonly kind: "param"; readonly name: string; readonly range: Range; readonly block: number };

export function nameAt(document: FlowDocument, position: Position): Found | undefined {
  const place = placeAt(document, position);
  if (!place) return undefined;
  const { summary } = place.block;
  const under = (names: readonly Name[]) => names.find((name) => contains(name.range, place.line, place.character));
  const found = (name: Name) => ({ name: name.text, range: shifted(name.range, place.start) });
  const own = summary.name && under([summary.name]);
  if (own && summary.kind === "workflow") return { kind: "workflow", ...found(own) };
  const task = own ?? under(taskReferences(summary));
  if (task) return { kind: "task", ...found(task) };
  const param = under([...summary.params, ...summary.ins, ...summary.outs, ...summary.uses]);
  return param && { kind: "param", ...found(param), block: place.index };
}

/** Where the name is defined; several where more than one task sets it. */
export function definitionsOf(document: FlowDocument, found: Found): readonly Range[] {
  const names = document.names();
  const at = (block: number, pick: (summary: Summary) => readonly Name[]): readonly Range[] =>
    rangesIn(document, block, (summary) => pick(summary).filter((name) => name.text === found.name));
  if (found.kind === "workflow") return [found.range];
  if (found.kind === "task") {
    const block = names.tasks[names.taskIndex.get(found.name) ?? -1];
    return block === undefined ? [] : at(block, (summary) => (summary.name ? [summary.name] : []));
  }
  const own = at(found.block, (summary) => [...summary.ins, ...summary.params]);
  if (own.length > 0) return own;
  const task = names.tasks.indexOf(found.block);
  const before = task < 0 ? [] : [...reachable(names.graph().predecessors, [task])];
  const produced = before.flatMap((index) => at(names.tasks[index] ?? -1, (summary) => summary.outs));
  if (produced.length > 0) return produced;
  const inWorkflow = names.workflow === undefined ? [] : at(names.workflow, (summary) => summary.params);
  return inWorkflow.length > 0 ? inWorkflow : at(found.block, (summary) => summary.outs);
}

/** Every place that means the same, the definition among them. */
export function referencesOf(document: FlowDocument, found: Found): readonly Range[] {
  const blocks = document.blocks();
  const everywhere = (pick: (summary: Summary, block: number) => readonly Name[]): readonly Range[] =>
    blocks.flatMap((_, block) =>
      rangesIn(document, block, (summary) => pick(summary, block).filter((name) => name.text === found.name)),
    );
  if (found.kind === "workflow") return [found.range];
  if (found.kind === "task")
    return everywhere((summary) =>
      summary.kind === "task" && summary.name ? [summary.name, ...taskReferences(summary)] : taskReferences(summary),
    );
  const isOwn = blocks[found.block]?.summary.ins.some((name) => name.text === found.name) ?? false;
  if (isOwn)
    return rangesIn(document, found.block, (summary) =>
      namesOfParam(summary).filter((name) => name.text === found.name),
    );
  return everywhere((summary) => (summary.ins.some((name) => name.text === found.name) ? [] : namesOfParam(summary)));
}

const taskReferences = (summary: Summary): readonly Name[] => [
  ...summary.after,
  ...summary.branches,
  ...outcomeTasks(summary),
  ...summary.groups.flat(),
];

const namesOfParam = (summary: Summary): readonly Name[] => [
  ...summary.params,
  ...summary.ins,
  ...summary.outs,
  ...summary.uses.filter((use) => use.mode !== "environment"),
];

function rangesIn(
  document: FlowDocument,
  block: number,
  pick: (summary: Summary) => readonly Name[],
): readonly Range[] {
  const found = document.blocks()[block];
  const start = document.starts()[block] ?? 0;
  return found ? pick(found.summary).map((name) => shifted(name.range, start)) : [];
}

/** Names that a task sees, with where each comes from. */
export interface InScope {
  readonly name: string;
  readonly from: "param" | "in" | "out";
  /** The task that sets it. */
  readonly task?: string;
  readonly type?: ParamType;
}

export function namesInScope(document: FlowDocument, place: PlaceInBlock): readonly InScope[] {
  const { tasks, graph, workflow } = document.names();
  const blocks = document.blocks();
  const scope = new Map<string, InScope>();
  const params = workflow === undefined ? [] : (blocks[workflow]?.summary.params ?? []);
  for (const param of params) scope.set(param.text, { name: param.text, from: "param", ...typed(param) });
  const task = tasks.indexOf(place.index);
  for (const before of task < 0 ? [] : reachable(graph().predecessors, [task])) {
    const summary = blocks[tasks[before] ?? -1]?.summary;
    for (const out of summary?.outs ?? [])
      scope.set(out.text, { name: out.text, from: "out", task: summary?.name?.text ?? "", ...typed(out) });
  }
  for (const input of place.block.summary.ins) scope.set(input.text, { name: input.text, from: "in", ...typed(input) });
  return [...scope.values()];
}

const typed = ({ type }: TypedName): Pick<InScope, "type"> => (type ? { type } : {});
