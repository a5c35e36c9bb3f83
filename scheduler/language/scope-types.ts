// The type that a name has where a task uses it: of its own `in`, else of an output before it, else of the workflow's param.

import type { ParamType } from "../model/definition.ts";
import { type Graph, reachable } from "../model/graph.ts";
import { builtInNames } from "../tasks/built-ins.ts";
import type { Summary, TypedName } from "./summary.ts";

interface Names {
  readonly summaries: readonly Summary[];
  readonly tasks: readonly number[];
  readonly graph: () => Graph;
  readonly workflow?: number;
}

export type TypeOf = (task: number, name: string) => ParamType | undefined;

/** Undefined where the name is not in scope, or its type is missing or wrong. */
export function scopeTypes({ summaries, tasks, graph, workflow }: Names): TypeOf {
  const params = workflow === undefined ? [] : (summaries[workflow]?.params ?? []);
  const outputs = new Map<string, number[]>();
  for (const [task, block] of tasks.entries())
    for (const out of summaries[block]?.outs ?? []) outputs.set(out.text, [...(outputs.get(out.text) ?? []), task]);
  const outOf = (task: number, name: string) => typeIn(summaries[tasks[task] ?? -1]?.outs ?? [], name);

  return (task, name) => {
    const own = summaries[tasks[task] ?? -1]?.ins ?? [];
    if (own.some((one) => one.text === name)) return typeIn(own, name);
    const producers = outputs.get(name) ?? [];
    const types = new Set(producers.map((one) => outOf(one, name)));
    // Only where tasks disagree it matters which of them comes before.
    const before = types.size > 1 ? reachable(graph().predecessors, [task]) : undefined;
    const producer = producers.find((one) => before === undefined || before.has(one));
    if (producer !== undefined) return outOf(producer, name);
    return builtInNames.includes(name) ? "string" : typeIn(params, name);
  };
}

const typeIn = (names: readonly TypedName[], name: string): ParamType | undefined =>
  names.find((one) => one.text === name)?.type;
