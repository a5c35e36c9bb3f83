// Quick fixes: for problems where it is known what would mend them.

import { cycles } from "../../model/graph.ts";
import type { Problem, Range } from "../../model/problem.ts";
import { attributesOf, findTaskType } from "../../tasks/task-types.ts";
import type { FlowDocument } from "../document.ts";
import { edgePlace } from "../edges.ts";
import { lineContent } from "../lines.ts";
import { nearest, suggestionIn } from "../nearest.ts";
import { isPunctuation } from "../parser.ts";
import type { TextEdit } from "../text-edit.ts";
import { tokenize } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import { placeAt, shifted } from "./place.ts";
import { namesInScope } from "./references.ts";
import { removeEdge } from "./remove-edge.ts";

export interface Fix {
  readonly title: string;
  readonly problem: Problem;
  readonly edit: TextEdit;
  /** The only thing that is likely meant. */
  readonly isPreferred: boolean;
}

/** More problems in one place, or edges in one cycle, than anyone chooses from. */
const mostProblems = 20;
const mostEdges = 12;

export function fixesAt(document: FlowDocument, range: Range): readonly Fix[] {
  return document
    .problems()
    .filter((problem) => touches(problem.range, range))
    .slice(0, mostProblems)
    .flatMap((problem) => fixesOf(document, problem));
}

function fixesOf(document: FlowDocument, problem: Problem): readonly Fix[] {
  switch (problem.code) {
    case "attribute/missing":
      return missingAttribute(document, problem);
    case "graph/duplicate-edge":
    case "graph/self-edge":
      return oddEdges(document, problem);
    case "graph/cycle":
      return cycleEdges(document, problem);
    default:
      return suggestion(document, problem);
  }
}

/** Did you mean? */
function suggestion(document: FlowDocument, problem: Problem): readonly Fix[] {
  const old = textIn(document, problem.range);
  const isTask = problem.code === "name/unknown-task";
  const name = suggestionIn(problem.message) ?? (isTask ? nearestTask(document, problem.range) : undefined);
  if (name === undefined) return [];
  const text = isTask
    ? writtenName(name)
    : old.startsWith("${")
      ? `\${${name}}`
      : old.startsWith('"')
        ? JSON.stringify(name)
        : name;
  return [{ title: `Change to ${text}`, problem, edit: { range: problem.range, text }, isPreferred: true }];
}

/** Messages suggest only for the first few unknown names of a file. */
function nearestTask(document: FlowDocument, range: Range): string | undefined {
  const index = document.blockAt(range.start.line);
  const summary = document.blocks()[index]?.summary;
  const start = document.starts()[index] ?? 0;
  const names = [...(summary?.after ?? []), ...(summary?.branches ?? []), ...(summary?.groups.flat() ?? [])];
  const name = names.find((one) => isSame(shifted(one.range, start), range));
  return name && nearest(name.text, document.names().taskIndex.keys());
}

/** The attribute's example, as the first line of the body. */
function missingAttribute(document: FlowDocument, problem: Problem): readonly Fix[] {
  const index = document.blockAt(problem.range.start.line);
  const block = document.blocks()[index];
  const type = findTaskType(block?.summary.type?.text ?? "");
  const attribute = type && attributesOf(type).find((one) => problem.message.includes(` needs ${one.name}: `));
  const lines = block?.lines.map(lineContent) ?? [];
  const brace = tokenize(lines).find((token) => isPunctuation(token, "{"));
  if (!attribute || !block || !brace) return [];
  const header = block.lines[brace.line] ?? "";
  const lineEnd = header.endsWith("\r\n") ? "\r\n" : "\n";
  const behind = (lines[brace.line] ?? "").slice(brace.end).trim();
  const isFree = behind === "" || behind.startsWith("//");
  const at = { line: brace.line, character: isFree ? (lines[brace.line] ?? "").length : brace.end };
  const example = withKnownNames(document, problem.range, attribute.example)
    .split("\n")
    .map((line) => `${lineEnd}  ${line}`);
  const edit = {
    range: shifted({ start: at, end: at }, document.starts()[index] ?? 0),
    text: example.join("") + (isFree ? "" : lineEnd),
  };
  return [{ title: `Add ${attribute.name}`, problem, edit, isPreferred: true }];
}

/** An example may name a param that this file does not have: there it is plain text, to be written over. */
function withKnownNames(document: FlowDocument, { start }: Range, example: string): string {
  const place = placeAt(document, start);
  const known = place ? namesInScope(document, place).map(({ name }) => name) : [];
  return example.replaceAll(/\$\{([^}]*)\}/g, (all, name: string) => (known.includes(name) ? all : name));
}

/** Edges said here that were said before, or that lead from a task to itself. */
function oddEdges(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { edges } = document.names();
  const isSelf = problem.code === "graph/self-edge";
  const odd = edgesAt(document, problem.range).filter((edge) => {
    const [from, to] = [edges.from[edge], edges.to[edge]];
    if (isSelf || from === to) return isSelf && from === to;
    for (let other = 0; other < edge; other += 1) if (edges.from[other] === from && edges.to[other] === to) return true;
    return false;
  });
  return odd.slice(0, 1).flatMap((edge) => removal(document, problem, edge, true));
}

/** One fix for each edge of the circle: which of them is wrong, only the author knows. */
function cycleEdges(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { edges, graph } = document.names();
  const here = new Set(edgesAt(document, problem.range));
  const steps = cycles(graph()).map((cycle) =>
    cycle.flatMap((from, index) => {
      const to = cycle[(index + 1) % cycle.length];
      for (let edge = 0; edge < edges.count; edge += 1)
        if (edges.from[edge] === from && edges.to[edge] === to) return [edge];
      return [];
    }),
  );
  const shown = steps.find((cycle) => cycle.some((edge) => here.has(edge))) ?? [];
  return shown
    .toSorted((a, b) => Number(here.has(b)) - Number(here.has(a)))
    .slice(0, mostEdges)
    .flatMap((edge) => removal(document, problem, edge, false));
}

function removal(document: FlowDocument, problem: Problem, edge: number, isPreferred: boolean): readonly Fix[] {
  const { edges, tasks } = document.names();
  const edit = removeEdge(document, edge);
  const nameOf = (task: number | undefined) => document.blocks()[tasks[task ?? 0] ?? 0]?.summary.name?.text ?? "";
  const title = `Remove the edge ${nameOf(edges.from[edge])} → ${nameOf(edges.to[edge])}`;
  return edit ? [{ title, problem, edit, isPreferred }] : [];
}

/** Numbers of the edges that are said at exactly this place. */
function edgesAt(document: FlowDocument, range: Range): readonly number[] {
  const { edges } = document.names();
  const index = document.blockAt(range.start.line);
  const block = document.blocks()[index];
  const start = document.starts()[index] ?? 0;
  const found: number[] = [];
  for (let edge = 0; edge < edges.count; edge += 1) {
    if (!block || edges.block[edge] !== index) continue;
    const name = edgePlace(edges, edge).pick?.(block.summary);
    if (name && isSame(shifted(name.range, start), range)) found.push(edge);
  }
  return found;
}

function textIn(document: FlowDocument, { start, end }: Range): string {
  const index = document.blockAt(start.line);
  const line = document.blocks()[index]?.lines[start.line - (document.starts()[index] ?? 0)] ?? "";
  return line.slice(start.character, end.line === start.line ? end.character : undefined);
}

const isSame = (a: Range, b: Range): boolean =>
  a.start.line === b.start.line && a.start.character === b.start.character && a.end.character === b.end.character;

const touches = (a: Range, b: Range): boolean => !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
const isBefore = (a: Range["start"], b: Range["start"]): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);
