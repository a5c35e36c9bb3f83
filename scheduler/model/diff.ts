// What changes between two versions of a workflow, in the words of its author: params, attributes, tasks, edges.

import type { TaskDefinition, WorkflowDefinition } from "./definition.ts";

export interface Change {
  readonly kind: "workflow" | "param" | "task" | "attribute" | "edge" | "file";
  /** `task` or `task.attribute` or `from >> to`. */
  readonly name: string;
  /** Absent: it is new. */
  readonly from?: string;
  /** Absent: it is gone. */
  readonly to?: string;
}

/** `before` undefined: everything is new, told as one change. */
export function changesBetween(before: WorkflowDefinition | undefined, after: WorkflowDefinition): readonly Change[] {
  if (!before) return [{ kind: "workflow", name: after.name, to: `${after.tasks.length} tasks` }];
  return [
    ...fieldChanges("workflow", "", fieldsOfWorkflow(before), fieldsOfWorkflow(after)),
    ...fieldChanges("param", "", paramsOf(before), paramsOf(after)),
    ...taskChanges(before, after),
    ...edgeChanges(before, after),
  ];
}

type Fields = { readonly [name: string]: string | undefined };

function fieldChanges(kind: Change["kind"], prefix: string, before: Fields, after: Fields): readonly Change[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (from === to) return [];
    return [
      {
        kind,
        name: `${prefix}${name}`,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
    ];
  });
}

const text = (value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
};

function fieldsOfWorkflow({ tasks: _, edges: __, params: ___, ...fields }: WorkflowDefinition): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, text(value)]));
}

const paramsOf = ({ params }: WorkflowDefinition): Fields =>
  Object.fromEntries(params.map((param) => [param.name, `${param.type} = ${param.value ?? ""}`]));

function fieldsOfTask({ name: _, attributes, script, ...fields }: TaskDefinition): Fields {
  const all = { ...fields, ...attributes, script: script?.text, language: script?.language, raw: script?.raw };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, text(value)]));
}

function taskChanges(before: WorkflowDefinition, after: WorkflowDefinition): readonly Change[] {
  const old = new Map(before.tasks.map((task) => [task.name, task]));
  const fresh = new Map(after.tasks.map((task) => [task.name, task]));
  const gone = before.tasks.filter((task) => !fresh.has(task.name));
  return [
    ...after.tasks.flatMap((task): readonly Change[] => {
      const known = old.get(task.name);
      if (!known) return [{ kind: "task", name: task.name, to: task.type }];
      return fieldChanges("attribute", `${task.name}.`, fieldsOfTask(known), fieldsOfTask(task));
    }),
    ...gone.map((task): Change => ({ kind: "task", name: task.name, from: task.type })),
  ];
}

function edgeChanges(before: WorkflowDefinition, after: WorkflowDefinition): readonly Change[] {
  const names = ({ tasks, edges }: WorkflowDefinition): ReadonlySet<string> =>
    new Set(edges.map(([from, to]) => `${tasks[from]?.name} >> ${tasks[to]?.name}`));
  const [old, fresh] = [names(before), names(after)];
  return [
    ...[...fresh].filter((edge) => !old.has(edge)).map((name): Change => ({ kind: "edge", name, to: "added" })),
    ...[...old].filter((edge) => !fresh.has(edge)).map((name): Change => ({ kind: "edge", name, from: "removed" })),
  ];
}
