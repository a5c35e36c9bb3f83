// Names of workflows and their tasks across files: what stands under the cursor, where it is defined, where it is used.

import type { Position, Range } from "../../model/problem.ts";
import { targetOf } from "../check-workspace.ts";
import type { FlowDocument } from "../document.ts";
import type { Header, HeaderUse } from "../workspace.ts";
import { definitionsOf, referencesOf } from "./references.ts";

/** A workflow of the workspace, or a task of it, as any file may mean it. */
export interface WorldName {
  readonly project: string;
  readonly workflow: string;
  /** Absent: the workflow itself. */
  readonly task?: string;
}

export interface Place {
  readonly path: string;
  readonly range: Range;
}

export interface World {
  readonly headers: readonly Header[];
  /** A file of the workspace; undefined where it cannot be read. */
  readonly document: (path: string) => FlowDocument | undefined;
}

/** The workflow or task of another workflow that a file names at a position, or its own workflow in its header. */
export function worldNameAt(
  header: Header | undefined,
  at: Position,
): (WorldName & { readonly range: Range }) | undefined {
  if (!header) return undefined;
  const own = { project: header.project, workflow: header.name };
  if (contains(header.range, at)) return { ...own, range: header.range };
  for (const use of header.uses) {
    const target = { project: use.project ?? header.project, workflow: use.workflow };
    if (contains(use.workflowRange, at)) return { ...target, range: use.workflowRange };
    if (use.task !== undefined && use.taskRange && contains(use.taskRange, at))
      return { ...target, task: use.task, range: use.taskRange };
  }
  return undefined;
}

export function worldDefinitions(world: World, name: WorldName): readonly Place[] {
  return headersOf(world, name).flatMap((header): readonly Place[] => {
    if (name.task === undefined) return [{ path: header.path, range: header.range }];
    const document = world.document(header.path);
    const ranges = document ? definitionsOf(document, { kind: "task", name: name.task, range: header.range }) : [];
    return ranges.map((range) => ({ path: header.path, range }));
  });
}

/** Everywhere it is named, its definition among the places. */
export function worldReferences(world: World, name: WorldName): readonly Place[] {
  const defined = headersOf(world, name).flatMap((header): readonly Place[] => {
    if (name.task === undefined) return [{ path: header.path, range: header.range }];
    const document = world.document(header.path);
    const ranges = document ? referencesOf(document, { kind: "task", name: name.task, range: header.range }) : [];
    return ranges.map((range) => ({ path: header.path, range }));
  });
  return [...defined, ...usesOf(world, name)];
}

/** Where other files name it. */
export function usesOf(world: World, name: WorldName): readonly Place[] {
  const wanted = `${name.project}/${name.workflow}`;
  return world.headers.flatMap((header) =>
    header.uses.flatMap((use): readonly Place[] => {
      if (targetOf(header, use) !== wanted || (name.task !== undefined && use.task !== name.task)) return [];
      const range = rangeIn(use, name);
      return range ? [{ path: header.path, range }] : [];
    }),
  );
}

const rangeIn = (use: HeaderUse, name: WorldName): Range | undefined =>
  name.task === undefined ? use.workflowRange : use.taskRange;

const headersOf = ({ headers }: World, { project, workflow }: WorldName): readonly Header[] =>
  headers.filter((one) => one.project === project && one.name === workflow);

const contains = ({ start, end }: Range, at: Position): boolean =>
  start.line === at.line && start.character <= at.character && at.character <= end.character;
