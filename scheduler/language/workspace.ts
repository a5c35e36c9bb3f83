// What only several files together show: which project a file belongs to, who else defines its workflow, which files are missing.

import type { Problem, Range } from "../model/problem.ts";
import { defaultProject, type Settings } from "./assemble.ts";
import type { FlowDocument } from "./document.ts";
import { folderOf, foldersAround, joinPath } from "./paths.ts";

/** A workflow's header as other files see it. */
export interface Header {
  readonly path: string;
  readonly project: string;
  readonly name: string;
  readonly range: Range;
}

/** The settings that hold in a folder: those of the nearest `porpoise.json`, in it or around it. */
export function settingsFor(path: string, known: ReadonlyMap<string, Settings>): Settings | undefined {
  for (const folder of foldersAround(folderOf(path))) {
    const settings = known.get(folder);
    if (settings) return settings;
  }
  return undefined;
}

/** What a document's own header says; undefined where it has no workflow with a name. */
export interface OwnHeader {
  readonly project?: string;
  readonly name: string;
  readonly range: Range;
}

export function ownHeader(document: FlowDocument): OwnHeader | undefined {
  const block = document.names().workflow;
  const summary = block === undefined ? undefined : document.blocks()[block]?.summary;
  if (block === undefined || !summary?.name) return undefined;
  const range = moved(summary.name.range, document.starts()[block] ?? 0);
  return { ...(summary.project && { project: summary.project.text }), name: summary.name.text, range };
}

/** The header with the project that holds for the file. */
export const headerIn = (path: string, own: OwnHeader, settings: Settings | undefined): Header => ({
  path,
  project: own.project ?? settings?.project ?? defaultProject,
  name: own.name,
  range: own.range,
});

export function headerOf(path: string, document: FlowDocument, settings: Settings | undefined): Header | undefined {
  const own = ownHeader(document);
  return own && headerIn(path, own, settings);
}

/** Workflows that another file defines as well: the later path has the problem, the earlier one is named. */
export function duplicateProblem(header: Header, all: readonly Header[]): Problem | undefined {
  const other = all.find((one) => one.project === header.project && one.name === header.name && one.path < header.path);
  if (!other) return undefined;
  return {
    code: "name/duplicate",
    severity: "error",
    message: `workflow ${header.project}/${header.name} is already defined in ${other.path}: rename one of them`,
    range: header.range,
    related: [{ message: "the first one", range: other.range, path: other.path }],
  };
}

/** Files named by tasks that are not there. */
export function missingFiles(
  path: string,
  document: FlowDocument,
  isMissing: (path: string) => boolean,
): readonly Problem[] {
  const folder = folderOf(path);
  const problems: Problem[] = [];
  for (const [index, block] of document.blocks().entries())
    for (const file of block.summary.files) {
      if (!isMissing(joinPath(folder, file.text))) continue;
      const message = `there is no file "${file.text}" beside the workflow: add it or correct the path`;
      const range = moved(file.range, document.starts()[index] ?? 0);
      problems.push({ code: "file/not-found", severity: "error", message, range });
    }
  return problems;
}

const moved = ({ start, end }: Range, by: number): Range => ({
  start: { line: start.line + by, character: start.character },
  end: { line: end.line + by, character: end.character },
});
