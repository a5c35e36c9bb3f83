// Source files → definitions and problems: what the API stores by, `porpoise check` prints, and the editor shows.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { Problem } from "../model/problem.ts";
import type { Settings } from "./assemble.ts";
import { duplicateProblem, missingFiles, missingOnServer, type ServerNames, useProblems } from "./check-workspace.ts";
import { type FlowDocument, openDocument } from "./document.ts";
import { type Needs, withNeeds } from "./needs.ts";
import { fileNameOf, folderOf, foldersAround } from "./paths.ts";
import { readSettings, settingsFile } from "./settings.ts";
import { withSeverities } from "./severities.ts";
import { type Header, headerOf, settingsFor } from "./workspace.ts";

export interface SourceFile {
  /** With `/`; relative to whatever the others are relative to. */
  readonly path: string;
  readonly text: string;
}

export interface CompiledFile {
  readonly path: string;
  /** Present if and only if no problem of the file is an error; absent for a `porpoise.json`. */
  readonly definition?: WorkflowDefinition;
  /** Of a `porpoise.json`: what the server must have. */
  readonly needs?: Needs;
  readonly problems: readonly Problem[];
}

export interface CompileOptions {
  /** Whether a file that a task names is there; without it that is not checked. */
  readonly hasFile?: (path: string) => boolean;
  /**
   * Whether a folder is there at all; without it, one that holds any of the given files is. Files of a folder that is not there
   * are not missed: nothing is known about it, and a deploy says what it lacks.
   */
  readonly hasFolder?: (path: string) => boolean;
  /** A path as messages name it; as it is where that is not given. */
  readonly shownAs?: (path: string) => string;
  /** What the server has; what is not told of is not checked. */
  readonly known?: ServerNames;
}

/** Files other than `.flow` and `porpoise.json` are only there to be named; the answer has the others, in their order. */
export function compile(files: readonly SourceFile[], options: CompileOptions = {}): readonly CompiledFile[] {
  const settings = files.filter(isSettings).map((file) => ({ path: file.path, ...readSettings(file.text) }));
  const byFolder = new Map(settings.map((one) => [folderOf(one.path), one.settings]));
  const flows = files.filter(isFlow).map((file): OpenFile => {
    const document = openDocument(file.text.replace(/^\ufeff/, "")); // a byte order mark is no part of the text
    const own = settingsFor(file.path, byFolder);
    return { path: file.path, document, settings: own, header: headerOf(file.path, document, own) };
  });
  const headers = flows.flatMap(({ header }) => header ?? []);
  const compiled = new Map<string, CompiledFile>();
  for (const { path, needs, problems } of settings) compiled.set(path, { path, needs, problems });
  const hasFolder = options.hasFolder ?? foldersOf(files);
  const known =
    options.known &&
    withNeeds(
      options.known,
      settings.map((one) => one.needs),
    );
  const flowOptions = { hasFolder, ...options, ...(known && { known }) };
  for (const flow of flows) compiled.set(flow.path, compileFlow(flow, headers, flowOptions));
  return files.flatMap((file) => compiled.get(file.path) ?? []);
}

function foldersOf(files: readonly SourceFile[]): (path: string) => boolean {
  const folders = new Set(files.flatMap((file) => foldersAround(folderOf(file.path))));
  return (path) => folders.has(path);
}

export const isFlow = (file: { readonly path: string }): boolean => file.path.endsWith(".flow");
export const isSettings = (file: { readonly path: string }): boolean => fileNameOf(file.path) === settingsFile;

export interface OpenFile {
  readonly path: string;
  readonly document: FlowDocument;
  readonly settings: Settings | undefined;
  readonly header: Header | undefined;
}

/** Everything that is wrong in one of several files; the editor asks the same. */
export function problemsOf(file: OpenFile, headers: readonly Header[], options: CompileOptions): readonly Problem[] {
  const duplicate = file.header && duplicateProblem(file.header, headers, options.shownAs ?? ((path) => path));
  const { hasFile, hasFolder = () => true } = options;
  const isMissing = (path: string) => hasFile !== undefined && hasFolder(folderOf(path)) && !hasFile(path);
  const missing = hasFile ? missingFiles(file.path, file.document, isMissing) : [];
  const uses = file.header ? useProblems(file.header, headers, options.known) : [];
  const lacking = options.known ? missingOnServer(file.document, options.known) : [];
  const all = [...file.document.problems(), ...(duplicate ? [duplicate] : []), ...missing, ...uses, ...lacking];
  return withSeverities(all, file.settings?.severities);
}

function compileFlow(file: OpenFile, headers: readonly Header[], options: CompileOptions): CompiledFile {
  const problems = problemsOf(file, headers, options);
  const hasErrors = problems.some((problem) => problem.severity === "error");
  const definition = hasErrors ? undefined : file.document.definition(file.settings);
  return { path: file.path, ...(definition && { definition }), problems };
}
