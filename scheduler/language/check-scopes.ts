// Which `${name}` a task sees: its own `in`, the workflow's params, outputs of the tasks before it, built-ins.

import type { Graph } from "../model/graph.ts";
import { reachable } from "../model/graph.ts";
import { builtInNames, workflowBuiltInNames } from "../tasks/built-ins.ts";
import type { EdgeTable, Rows } from "./edge-table.ts";
import { didYouMean, nearest } from "./nearest.ts";
import type { NameProblem, Place } from "./places.ts";
import type { Summary, Use } from "./summary.ts";

interface Names {
  readonly summaries: readonly Summary[];
  readonly tasks: readonly number[];
  readonly edges: EdgeTable;
  readonly graph: () => Graph;
  readonly workflow?: number;
}

export function checkScopes(names: Names, problems: NameProblem[]): void {
  const { summaries, tasks, workflow } = names;
  const params = new Set(workflow === undefined ? [] : summaries[workflow]?.params.map((name) => name.text));
  const isProducedBefore = producers(names);
  for (let task = 0; task < tasks.length; task += 1) {
    const block = tasks[task] ?? 0;
    const summary = summaries[block];
    for (let index = 0; index < (summary?.uses.length ?? 0); index += 1) {
      const use = summary?.uses[index];
      if (!summary || !use || use.mode === "other" || use.mode === "environment") continue;
      if (params.has(use.text) || builtInNames.includes(use.text)) continue;
      if (use.mode !== "input" && summary.ins.some((name) => name.text === use.text)) continue;
      const at: Place = { block, pick: (now) => now.uses[index] };
      const produced = isProducedBefore(use.text, task);
      if (produced === "yes") continue;
      const known = () => [
        ...params,
        ...(use.mode === "input" ? [] : summary.ins.map((name) => name.text)),
        ...builtInNames,
        ...upstreamOutputs(names, task),
      ];
      report(use, at, produced, summary, known, problems);
    }
  }
  if (workflow !== undefined) checkWorkflow(summaries[workflow], workflow, params, problems);
  reportUnused(names, problems);
}

function report(
  use: Use,
  at: Place,
  produced: "no" | "elsewhere",
  summary: Summary,
  known: () => readonly string[],
  problems: NameProblem[],
): void {
  const isScript = use.mode === "script";
  const isBare = use.mode === "condition" || use.mode === "list";
  // A script may set a variable of the name of its own output.
  if (isScript && summary.outs.some((name) => name.text === use.text)) return;
  if (produced === "elsewhere") {
    const message = `"${use.text}" is set by a task that does not come before this one: add an edge, or ${isBare ? "it has no value here" : "the name is not replaced"}`;
    problems.push({ code: "param/not-produced", severity: isScript ? "warning" : "error", message, at });
  } else if (isBare) {
    const meant = didYouMean(use.text, known());
    const isJoined = use.text.includes("-");
    const advice = isJoined ? ": write spaces around a minus" : meant || ": declare it with param, in or out";
    problems.push({
      code: "name/unknown-param",
      severity: "error",
      message: `there is no param "${use.text}" here${advice}`,
      at,
    });
  } else if (!isScript) {
    const message = `there is no "${use.text}" here${didYouMean(use.text, known())}`;
    const advice = message.endsWith("?") ? "" : ": declare it with param or in, or write \\$ for a plain dollar";
    problems.push({ code: "script/unknown-placeholder", severity: "error", message: message + advice, at });
  } else {
    const meant = nearest(use.text, known());
    if (meant === undefined) return;
    const message = `"${use.text}" is not replaced: did you mean "${meant}"?`;
    problems.push({ code: "script/unknown-placeholder", severity: "hint", message, at });
  }
}

function checkWorkflow(
  summary: Summary | undefined,
  block: number,
  params: ReadonlySet<string>,
  problems: NameProblem[],
): void {
  for (const [index, use] of (summary?.uses ?? []).entries()) {
    if (use.mode !== "text" || params.has(use.text) || workflowBuiltInNames.includes(use.text)) continue;
    const at: Place = { block, pick: (now) => now.uses[index] };
    const message = `there is no param "${use.text}"${didYouMean(use.text, [...params, ...workflowBuiltInNames])}`;
    problems.push({ code: "script/unknown-placeholder", severity: "error", message, at });
  }
}

/** Looking backwards from a task is short where the producer is near; names that are not found soon are looked up from their producers. */
const nearby = 200;

function producers({
  summaries,
  tasks,
  edges,
  graph,
}: Names): (name: string, task: number) => "yes" | "elsewhere" | "no" {
  const tasksByOutput = new Map<string, number[]>();
  for (let task = 0; task < tasks.length; task += 1)
    for (const output of summaries[tasks[task] ?? 0]?.outs ?? []) {
      const list = tasksByOutput.get(output.text);
      if (list) list.push(task);
      else tasksByOutput.set(output.text, [task]);
    }
  const after = new Map<string, ReadonlySet<number>>();
  return (name, task) => {
    const sources = tasksByOutput.get(name);
    if (!sources) return "no";
    const sourceSet = new Set(sources);
    const near = searchBack(edges.predecessors, task, sourceSet);
    if (near !== undefined) return near ? "yes" : "elsewhere";
    const reached = after.get(name) ?? reachable(graph().successors, sources);
    after.set(name, reached);
    return reached.has(task) ? "yes" : "elsewhere";
  };
}

/** Whether one of the wanted tasks comes before; undefined where that is not clear after some steps. */
function searchBack({ starts, items }: Rows, task: number, wanted: ReadonlySet<number>): boolean | undefined {
  const seen = new Set<number>([task]);
  const queue = [task];
  for (let at = 0; at < queue.length; at += 1) {
    const row = queue[at] ?? task;
    for (let next = starts[row] ?? 0; next < (starts[row + 1] ?? 0); next += 1) {
      const before = items[next] ?? 0;
      if (wanted.has(before)) return true;
      if (seen.has(before)) continue;
      if (seen.size > nearby) return undefined;
      seen.add(before);
      queue.push(before);
    }
  }
  return false;
}

function upstreamOutputs({ summaries, tasks, graph }: Names, task: number): readonly string[] {
  const before = [...reachable(graph().predecessors, [task])].slice(0, 1000);
  return before.flatMap((index) => summaries[tasks[index] ?? -1]?.outs.map((name) => name.text) ?? []);
}

/** A param that nothing in the file uses; files beside it could use it through the environment. */
function reportUnused({ summaries, workflow }: Names, problems: NameProblem[]): void {
  const params = workflow === undefined ? [] : (summaries[workflow]?.params ?? []);
  if (workflow === undefined || params.length === 0 || summaries.some((summary) => summary.files.length > 0)) return;
  const open = new Set(params.map((param) => param.text));
  for (let block = 0; block < summaries.length && open.size > 0; block += 1)
    for (const use of summaries[block]?.uses ?? [])
      if (use.mode !== "environment") open.delete(use.text);
      else for (const name of open) if (name.toUpperCase() === use.text.toUpperCase()) open.delete(name);
  for (const [index, param] of params.entries()) {
    if (!open.has(param.text)) continue;
    const at: Place = { block: workflow, pick: (now) => now.params[index] };
    problems.push({
      code: "name/unused-param",
      severity: "hint",
      message: `nothing here uses the param "${param.text}"`,
      at,
    });
  }
}
