// Which names a task sees and with what value. Lowest first: built-in, project, workflow, upstream outputs, the task's `in`, start parameters.

import type { ParamDefinition, ParamType, TaskDefinition, WorkflowDefinition } from "./definition.ts";
import { type Substitution, substituteText } from "./substitute.ts";

export type Values = { readonly [name: string]: string };

export interface RunFacts {
  readonly definition: Pick<WorkflowDefinition, "project" | "name" | "zone" | "params">;
  readonly workflowInstance: string;
  /** The schedule time, else the start: epoch milliseconds. */
  readonly baseTimeMs: number;
  readonly startParams: Values;
  /** Of a child: what its parent sees; stands in for the values of the child's own params of those names. */
  readonly inherited?: Values;
  /** For params without a value of their own. */
  readonly projectParams?: Values;
}

/** What every task of an instance sees: built-ins and the workflow's params, their values final. */
export function workflowValues(run: RunFacts): { readonly system: Values; readonly params: Values } {
  const system = systemValues(run);
  const given = new Map<string, string>();
  const { inherited = {}, projectParams = {} } = run;
  for (const { name, value = projectParams[name] } of run.definition.params) {
    if (value !== undefined) given.set(name, value);
  }
  for (const [name, value] of Object.entries(run.startParams)) given.set(name, value);

  // What a parent hands down is final: nothing in it is substituted again.
  const handedDown = run.definition.params.filter(
    ({ name }) => Object.hasOwn(inherited, name) && !Object.hasOwn(run.startParams, name),
  );
  const params: Record<string, string> = Object.fromEntries(
    handedDown.map(({ name }) => [name, inherited[name] ?? ""]),
  );
  const open = new Set<string>();
  // A param may use others: each is resolved where it is first needed. A circle is refused at deploy; here it reads as empty.
  const resolve = (name: string): string | undefined => {
    const known = params[name] ?? system[name];
    if (known !== undefined) return known;
    const text = given.get(name);
    if (text === undefined || open.has(name)) return undefined;
    open.add(name);
    const value = substituteText(text, { ...placeAndTime(run), values: lookup(resolve) }).text;
    open.delete(name);
    params[name] = value;
    return value;
  };
  for (const name of given.keys()) resolve(name);
  return { system, params };
}

const placeAndTime = (run: RunFacts): Omit<Substitution, "values"> => ({
  baseTimeMs: run.baseTimeMs,
  zone: run.definition.zone,
});

/** Values that are computed when they are asked for. */
const lookup = (resolve: (name: string) => string | undefined): Values =>
  new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => (typeof name === "string" ? resolve(name) : undefined),
      has: (_, name) => typeof name === "string" && resolve(name) !== undefined,
      getOwnPropertyDescriptor: (_, name) => {
        const value = typeof name === "string" ? resolve(name) : undefined;
        return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: false };
      },
    },
  );

/** The built-in names that every task of a run sees. */
export function systemValues(run: RunFacts): Values {
  const time = (pattern: string): string => substituteText(`$[${pattern}]`, { ...placeAndTime(run), values: {} }).text;
  return {
    "system.biz.date": time("yyyyMMdd-1"),
    "system.biz.curdate": time("yyyyMMdd"),
    "system.datetime": time("yyyyMMddHHmmss"),
    "system.workflow.instance.id": run.workflowInstance,
    "system.workflow.definition.name": run.definition.name,
    "system.project.name": run.definition.project,
  };
}

/** What one task sees; `system.task.execute.path` is added by the worker that runs it. */
export function taskValues(
  run: RunFacts,
  shared: { readonly system: Values; readonly params: Values },
  task: Pick<TaskDefinition, "name" | "inputs">,
  taskInstance: string,
  upstream: Values,
): Values {
  const values: Record<string, string> = {
    ...shared.system,
    "system.task.instance.id": taskInstance,
    "system.task.definition.name": task.name,
    ...shared.params,
    ...upstream,
  };
  for (const name of Object.keys(run.startParams))
    if (shared.params[name] !== undefined) values[name] = shared.params[name];
  const outer = { ...values };
  for (const input of task.inputs) {
    if (Object.hasOwn(run.startParams, input.name)) continue;
    const value = substituteText(input.value ?? "", { ...placeAndTime(run), values: outer }).text;
    if (value !== "" || values[input.name] === undefined) values[input.name] = value;
  }
  return values;
}

/**
 * The outputs that reach the successors of a task: those of its predecessors, overlaid by its own. Of two predecessors
 * that bring the same name, one with a value wins over an empty one, then the one that ended first.
 */
export function outputsAfter(
  predecessors: readonly { readonly outputs: Values; readonly endedAtMs: number }[],
  own: Values,
): Values {
  const [first, second] = predecessors;
  // Nothing is added: the same pool serves, however long the chain.
  if (Object.keys(own).length === 0 && second === undefined) return first?.outputs ?? {};
  const merged: Record<string, string> = {};
  for (const { outputs } of predecessors.toSorted((a, b) => a.endedAtMs - b.endedAtMs)) {
    for (const [name, value] of Object.entries(outputs)) if (!merged[name]) merged[name] = value;
  }
  return { ...merged, ...own };
}

const shapes: { readonly [type in ParamType]: { readonly pattern: RegExp; readonly expected: string } } = {
  string: { pattern: /^/, expected: "text" },
  file: { pattern: /^/, expected: "a path" },
  list: { pattern: /^/, expected: "a list" },
  integer: { pattern: /^[+-]?\d+$/, expected: "a whole number" },
  float: { pattern: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, expected: "a number" },
  boolean: { pattern: /^(true|false)$/, expected: "true or false" },
  date: { pattern: /^\d{4}-?\d{2}-?\d{2}$/, expected: "a date like 2026-01-31" },
  datetime: {
    pattern: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/,
    expected: "a date and time like 2026-01-31T02:00:00",
  },
};

/** What is wrong with a value given for a param at the start, or undefined. Values with placeholders are judged when they are resolved. */
export function wrongParamValue(param: ParamDefinition, value: string): string | undefined {
  if (value.includes("$[") || value.includes("${")) return undefined;
  const { pattern, expected } = shapes[param.type];
  return pattern.test(value) ? undefined : `param "${param.name}" is "${value}", must be ${expected}`;
}
