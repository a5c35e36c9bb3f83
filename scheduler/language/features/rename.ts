// Rename of tasks and params within a file, refused wherever it would change what a run does.

import type { Position, Range } from "../../model/problem.ts";
import { isParamName } from "../../model/substitute.ts";
import { builtInNames } from "../../tasks/built-ins.ts";
import type { FlowDocument } from "../document.ts";
import type { Use } from "../summary.ts";
import type { TextEdit } from "../text-edit.ts";
import { isOwnIn, isShared, type NamedThing, type Occurrence, occurrencesOf, seesShared } from "./occurrences.ts";
import { contains, placeAt } from "./place.ts";
import { nameAt } from "./references.ts";

/** Why there is nothing to rename, or not to this name. */
export interface Refusal {
  readonly refusal: string;
}

export interface Renameable {
  /** Of the name alone, without `${` and quotes where it has them. */
  readonly range: Range;
  readonly name: string;
}

export function prepareRename(document: FlowDocument, position: Position): Renameable | Refusal {
  const thing = thingAt(document, position);
  if ("refusal" in thing) return thing;
  const at = occurrencesOf(document, thing).find(({ range }) => contains(range, position.line, position.character));
  if (!at) return { refusal: `"${thing.name}" here is not replaced in a run: it is the script's own` };
  return { range: withoutSigns(at, thing), name: thing.name };
}

export function rename(document: FlowDocument, position: Position, name: string): readonly TextEdit[] | Refusal {
  const ready = prepareRename(document, position);
  if ("refusal" in ready) return ready;
  const thing = thingAt(document, position);
  if ("refusal" in thing) return thing;
  if (name === thing.name) return [];
  const occurrences = occurrencesOf(document, thing);
  const refusal = thing.kind === "task" ? refuseTask(document, name) : refuseParam(document, thing, name, occurrences);
  if (refusal !== undefined) return { refusal };
  return occurrences.map(({ range, write }) => ({ range, text: write(name) }));
}

export function thingAt(document: FlowDocument, position: Position): NamedThing | Refusal {
  const found = nameAt(document, position);
  const place = placeAt(document, position);
  if (!found || !place) return { refusal: "there is no task or param here: put the cursor on the name of one" };
  if (found.kind === "workflow")
    return {
      refusal: "a workflow is known by its name on the server and in its runs: deploy it under a new name instead",
    };
  if (found.kind === "task") return taskNamed(document, found.name);
  return paramNamed(document, found.name, place.index, position);
}

function taskNamed(document: FlowDocument, name: string): NamedThing | Refusal {
  const count = document
    .blocks()
    .filter(({ summary }) => summary.kind === "task" && summary.name?.text === name).length;
  if (count === 0) return { refusal: `there is no task "${name}" in this file` };
  if (count > 1) return { refusal: `there are ${count} tasks named "${name}": change the name of one by hand first` };
  return { kind: "task", name };
}

function paramNamed(document: FlowDocument, written: string, block: number, position: Position): NamedThing | Refusal {
  const place = placeAt(document, position);
  const summary = place?.block.summary;
  const use = summary?.uses.find(({ range }) => contains(range, place?.line ?? 0, place?.character ?? 0));
  const isOutput = summary?.outs.some(({ range }) => contains(range, place?.line ?? 0, place?.character ?? 0)) ?? false;
  // The environment's names are in capitals: the param is the one that gives such a name.
  const name = use?.mode === "environment" ? nameInEnvironment(document, written) : written;
  if (builtInNames.includes(name)) return { refusal: `"${name}" is built in: only names of this file can be changed` };
  if (use?.mode !== "input" && !isOutput && isOwnIn(document, block, name)) return { kind: "in", name, block };
  if (isShared(document, name)) return { kind: "shared", name };
  return { refusal: `"${name}" is not declared in this file: there is no param, in or out of that name` };
}

function nameInEnvironment(document: FlowDocument, written: string): string {
  for (const { summary } of document.blocks())
    for (const one of [...summary.params, ...summary.ins, ...summary.outs])
      if (one.text.toUpperCase() === written) return one.text;
  return written;
}

function withoutSigns({ range, write }: Occurrence, { name }: NamedThing): Range {
  const text = write(name);
  if (!text.startsWith("${")) return range;
  const { start, end } = range;
  return {
    start: { line: start.line, character: start.character + 2 },
    end: { line: end.line, character: end.character - 1 },
  };
}

function refuseTask(document: FlowDocument, name: string): string | undefined {
  if (name === "" || name.trim() !== name || /\p{Cc}/u.test(name) || name.length > 200)
    return "a name has 1 to 200 visible characters, without spaces at its ends";
  if (/[/\\]/.test(name)) return `"${name}" holds a slash, which a name must not`;
  const isTaken = document.blocks().some(({ summary }) => summary.kind === "task" && summary.name?.text === name);
  return isTaken ? `there already is a task "${name}": choose another name` : undefined;
}

function refuseParam(
  document: FlowDocument,
  thing: Exclude<NamedThing, { kind: "task" }>,
  name: string,
  occurrences: readonly Occurrence[],
): string | undefined {
  if (!isParamName(name)) return `"${name}" is no name of a parameter: letters, digits and _ only, a letter or _ first`;
  // Names that differ in capitals only are one in the environment.
  const isSame = (other: string) => other !== thing.name && other.toUpperCase() === name.toUpperCase();
  const places = new Set(occurrences.map(({ block }) => block));
  const isSeen = thing.kind === "shared" ? seesShared(document, thing.name) : () => false;
  for (const [index, { summary }] of document.blocks().entries()) {
    const isNear = places.has(index) || isSeen(index);
    const shared = [...summary.params, ...summary.outs].find((one) => isSame(one.text));
    if (shared && (thing.kind === "shared" || isNear)) return taken(shared.text);
    if (!isNear) continue;
    const own = summary.ins.find((one) => isSame(one.text));
    if (own) return taken(own.text);
    // A script's own variable of the new name would be replaced from now on; a reference to another thing would change its meaning.
    const isOwnVariable = (use: Use) => use.mode === "environment" && use.text === thing.name.toUpperCase();
    const use = summary.uses.find((one) => isSame(one.text) && !isOwnVariable(one));
    const task = summary.name?.text ?? "";
    if (use) return `"${use.text}" is already used in "${task}" for something else: choose another name`;
  }
  return undefined;
}

const taken = (name: string): string => `there already is a param, in or out "${name}": choose another name`;
