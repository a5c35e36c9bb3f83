// Rename across files: workflows and tasks where other files name them, params in the scripts beside the workflow.

import type { Position, Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent, splitLines } from "../lines.ts";
import { folderOf, joinPath } from "../paths.ts";
import type { TextEdit } from "../text-edit.ts";
import type { Header } from "../workspace.ts";
import { writtenName } from "../written-name.ts";
import { type NamedThing, seesShared } from "./occurrences.ts";
import { nameAt } from "./references.ts";
import { prepareRename, type Refusal, type Renameable, rename, thingAt } from "./rename.ts";
import { usesOf, type World, type WorldName, worldDefinitions, worldNameAt } from "./workspace-names.ts";

export interface RenameWorld extends World {
  /** The text of any file beside the workflows; undefined where there is none, or none that can be read. */
  readonly text: (path: string) => string | undefined;
}

/** The file that the rename begins in. */
export interface Here {
  readonly path: string;
  readonly document: FlowDocument;
  readonly header: Header | undefined;
}

export type FileEdits = ReadonlyMap<string, readonly TextEdit[]>;

export function prepareWorldRename(here: Here, position: Position): Renameable | Refusal {
  const found = worldNameAt(here.header, position);
  if (!found) return prepareRename(here.document, position);
  return { range: found.range, name: found.task ?? found.workflow };
}

export function worldRename(world: RenameWorld, here: Here, position: Position, name: string): FileEdits | Refusal {
  const found = worldNameAt(here.header, position);
  if (found && found.task === undefined) return renameWorkflow(world, found, name);
  if (found) return renameTaskElsewhere(world, found, name);
  const own = rename(here.document, position, name);
  if ("refusal" in own) return own;
  const edits = new Map([[here.path, own]]);
  const thing = thingAt(here.document, position);
  const task = nameAt(here.document, position);
  if (task?.kind === "task" && here.header)
    addUses(world, { project: here.header.project, workflow: here.header.name, task: task.name }, name, edits);
  else if (!("refusal" in thing) && thing.kind !== "task") addScripts(world, here, thing, name, edits);
  return edits;
}

function renameWorkflow(world: RenameWorld, found: WorldName, name: string): FileEdits | Refusal {
  if (name === "" || name.trim() !== name || /\p{Cc}/u.test(name) || name.length > 200)
    return { refusal: "a name has 1 to 200 visible characters, without spaces at its ends" };
  if (/[/\\]/.test(name)) return { refusal: `"${name}" holds a slash: a workflow's project is changed by hand` };
  const isTaken = world.headers.some((one) => one.project === found.project && one.name === name);
  if (isTaken && name !== found.workflow)
    return { refusal: `there already is a workflow ${found.project}/${name}: choose another name` };
  const edits = new Map<string, readonly TextEdit[]>();
  for (const { path, range } of worldDefinitions(world, found)) add(edits, path, range, writtenName(name));
  if (edits.size === 0)
    return { refusal: `the workspace has no workflow ${found.project}/${found.workflow}: only its own can be renamed` };
  addUses(world, found, name, edits);
  return edits;
}

function renameTaskElsewhere(world: RenameWorld, found: WorldName, name: string): FileEdits | Refusal {
  const [definition] = worldDefinitions(world, found);
  const document = definition && world.document(definition.path);
  if (!definition || !document)
    return { refusal: `the workspace has no task ${found.workflow}.${found.task}: only its own can be renamed` };
  const own = rename(document, definition.range.start, name);
  if ("refusal" in own) return own;
  const edits = new Map([[definition.path, own]]);
  addUses(world, found, name, edits);
  return edits;
}

function addUses(world: World, found: WorldName, name: string, edits: Map<string, readonly TextEdit[]>): void {
  for (const { path, range } of usesOf(world, found)) add(edits, path, range, writtenName(name));
}

const add = (edits: Map<string, readonly TextEdit[]>, path: string, range: Range, text: string): void =>
  void edits.set(path, [...(edits.get(path) ?? []), { range, text }]);

/** `PORPOISE_NAME` in the files of tasks that see the param. */
function addScripts(
  world: RenameWorld,
  here: Here,
  thing: Exclude<NamedThing, { kind: "task" }>,
  name: string,
  edits: Map<string, readonly TextEdit[]>,
): void {
  const sees =
    thing.kind === "shared" ? seesShared(here.document, thing.name) : (block: number) => block === thing.block;
  const files = here.document.blocks().flatMap(({ summary }, index) => (sees(index) ? summary.files : []));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])PORPOISE_${thing.name.toUpperCase()}(?![\\p{L}\\p{N}_])`, "gu");
  for (const path of new Set(files.map((file) => joinPath(folderOf(here.path), file.text)))) {
    const lines = splitLines(world.text(path) ?? "").map(lineContent);
    for (const [line, text] of lines.entries())
      for (const match of text.matchAll(pattern)) {
        const range = {
          start: { line, character: match.index },
          end: { line, character: match.index + match[0].length },
        };
        add(edits, path, range, `PORPOISE_${name.toUpperCase()}`);
      }
  }
}
