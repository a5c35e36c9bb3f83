// Workflows of the workspace and of the server, and their tasks, as values; windows of time; things that a server has.

import { windows } from "../../model/time/windows.ts";
import type { ServerThing } from "../../tasks/attribute.ts";
import { type ServerNames, serverNamesOf } from "../check-workspace.ts";
import { writtenName } from "../written-name.ts";
import type { Completion } from "./completion-item.ts";

/** What is there beyond the file itself; what is not known is not offered. */
export interface CompletionContext {
  /** The project of the file. */
  readonly project?: string;
  /** Of the workspace's other files: `project/workflow`, and the names of the tasks if they are asked for. */
  readonly workflows: readonly {
    readonly project: string;
    readonly name: string;
    readonly tasks: () => readonly string[];
  }[];
  readonly known: ServerNames;
}

export const noContext: CompletionContext = { workflows: [], known: {} };

const mostTasks = 100;

/** `typed`: the path before the cursor, `crm/orders.lo`. */
export function workflowItems(
  { project, workflows, known }: CompletionContext,
  typed: string,
  withTasks: boolean,
): readonly Completion[] {
  const own = workflows.map((one) => ({ path: pathOf(one.project, one.name, project), where: "workspace", ...one }));
  const seen = new Set(workflows.map((one) => `${one.project}/${one.name}`));
  const server = (known.workflows ?? [])
    .filter((one) => !seen.has(one))
    .map((one): Completion => {
      const [of = "", name = ""] = one.split("/");
      const path = pathOf(of, name, project);
      return { label: path, kind: "name", detail: "server", insert: path, rank: 1 };
    });
  const items = own.map(
    ({ path, where }): Completion => ({ label: path, kind: "name", detail: where, insert: path, rank: 0 }),
  );
  const whole = withTasks ? own.find(({ path }) => typed.startsWith(`${path}.`)) : undefined;
  const tasks = (whole?.tasks() ?? []).slice(0, mostTasks).map((name): Completion => {
    const path = `${whole?.path}.${writtenName(name)}`;
    return { label: path, kind: "task", insert: path, rank: 0 };
  });
  return [...tasks, ...items, ...server];
}

/** As it would be written in a file of the own project. */
const pathOf = (project: string, name: string, own: string | undefined): string =>
  project === own ? writtenName(name) : `${writtenName(project)}/${writtenName(name)}`;

export const windowItems = (): readonly Completion[] =>
  windows.map(({ name, doc }, rank): Completion => ({ label: name, kind: "value", detail: doc, insert: name, rank }));

export const treeItems: readonly Completion[] = ["all", "any"].map(
  (word): Completion => ({
    label: `${word}(…)`,
    kind: "snippet",
    detail: word === "all" ? "every one of them" : "one of them is enough",
    insert: `${word}($1)`,
    isSnippet: true,
    rank: 2,
  }),
);

export const resourceItems = (thing: ServerThing, known: ServerNames): readonly Completion[] =>
  (serverNamesOf(thing, known) ?? []).map(
    (name): Completion => ({ label: name, kind: "name", detail: "server", insert: writtenName(name), rank: 0 }),
  );
