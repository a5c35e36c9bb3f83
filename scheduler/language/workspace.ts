// A file among others: which project it belongs to, what its workflow is called, which workflows it runs and waits for.

import type { Range } from "../model/problem.ts";
import { defaultProject, type Settings } from "./assemble.ts";
import type { FlowDocument } from "./document.ts";
import { folderOf, foldersAround } from "./paths.ts";
import type { WorkflowUse } from "./summary.ts";

/** A workflow as other files see it. */
export interface Header extends OwnHeader {
  readonly path: string;
  readonly project: string;
}

/** What a document itself says of its workflow. */
export interface OwnHeader {
  readonly project?: string;
  readonly name: string;
  readonly range: Range;
  readonly uses: readonly HeaderUse[];
  readonly hasTask: (name: string) => boolean;
  /** In the order of the file; computed when it is asked for. */
  readonly tasks: () => readonly HeaderTask[];
}

export interface HeaderTask {
  readonly name: string;
  readonly range: Range;
}

/** Another workflow that a task runs or waits for. */
export interface HeaderUse {
  readonly kind: WorkflowUse["kind"];
  /** Absent: that of the file. */
  readonly project?: string;
  readonly workflow: string;
  readonly task?: string;
  /** From the project to the task, as far as they are written. */
  readonly range: Range;
  readonly workflowRange: Range;
  readonly taskRange?: Range;
}

/** The settings that hold in a folder: those of the nearest `porpoise.json`, in it or around it. */
export function settingsFor(path: string, known: ReadonlyMap<string, Settings>): Settings | undefined {
  for (const folder of foldersAround(folderOf(path))) {
    const settings = known.get(folder);
    if (settings) return settings;
  }
  return undefined;
}

/** Undefined where the document has no workflow with a name. */
export function ownHeader(document: FlowDocument): OwnHeader | undefined {
  const { workflow: block } = document.names();
  const summary = block === undefined ? undefined : document.blocks()[block]?.summary;
  if (block === undefined || !summary?.name) return undefined;
  const range = moved(summary.name.range, document.starts()[block] ?? 0);
  const hasTask = (name: string) => document.names().taskIndex.has(name);
  return {
    ...(summary.project && { project: summary.project.text }),
    name: summary.name.text,
    range,
    uses: usesOf(document),
    hasTask,
    tasks: () => tasksOf(document),
  };
}

/** The same without the document behind it: for files that are not open. */
export function detached(header: OwnHeader, document: FlowDocument): OwnHeader {
  const tasks = tasksOf(document);
  const names = new Set(tasks.map(({ name }) => name));
  return { ...header, hasTask: (name) => names.has(name), tasks: () => tasks };
}

const tasksOf = (document: FlowDocument): readonly HeaderTask[] =>
  document.names().tasks.flatMap((block): readonly HeaderTask[] => {
    const name = document.blocks()[block]?.summary.name;
    return name ? [{ name: name.text, range: moved(name.range, document.starts()[block] ?? 0) }] : [];
  });

function usesOf(document: FlowDocument): readonly HeaderUse[] {
  const uses: HeaderUse[] = [];
  const blocks = document.blocks();
  for (let index = 0; index < blocks.length; index += 1)
    for (const use of blocks[index]?.summary.workflows ?? []) uses.push(headerUse(use, document.starts()[index] ?? 0));
  return uses;
}

function headerUse({ kind, project, workflow, task }: WorkflowUse, start: number): HeaderUse {
  const range = { start: (project ?? workflow).range.start, end: (task ?? workflow).range.end };
  return {
    kind,
    ...(project && { project: project.text }),
    workflow: workflow.text,
    ...(task && { task: task.text }),
    range: moved(range, start),
    workflowRange: moved(workflow.range, start),
    ...(task && { taskRange: moved(task.range, start) }),
  };
}

/** The header with the project that holds for the file. */
export const headerIn = (path: string, own: OwnHeader, settings: Settings | undefined): Header => ({
  ...own,
  path,
  project: own.project ?? settings?.project ?? defaultProject,
});

export function headerOf(path: string, document: FlowDocument, settings: Settings | undefined): Header | undefined {
  const own = ownHeader(document);
  return own && headerIn(path, own, settings);
}

export const moved = ({ start, end }: Range, by: number): Range => ({
  start: { line: start.line + by, character: start.character },
  end: { line: end.line + by, character: end.character },
});
