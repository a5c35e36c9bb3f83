// Rewrites that change how a thing is said, not what it means: `after` and edges, a literal and a param, a script's indent.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is a notation of the language.

import type { Position, Range } from "../../model/problem.ts";
import { isParamName } from "../../model/substitute.ts";
import { findTaskType } from "../../tasks/task-types.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { Name } from "../nodes.ts";
import { parseBlock } from "../parse.ts";
import { isPunctuation } from "../parser.ts";
import type { TextEdit } from "../text-edit.ts";
import { tokenize, tokenRange } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import { newParam } from "./fix-names.ts";
import { lineEndOf } from "./fix-text.ts";
import { attributesIn } from "./hover.ts";
import { indentScript } from "./indent-script.ts";
import { contains, type PlaceInBlock, placeAt, shifted, surroundings } from "./place.ts";

export interface Refactoring {
  readonly title: string;
  readonly kind: "rewrite" | "extract";
  readonly edits: readonly TextEdit[];
}

export function refactoringsAt(document: FlowDocument, position: Position): readonly Refactoring[] {
  const place = placeAt(document, position);
  if (!place) return [];
  return [
    ...afterToEdges(document, place),
    ...edgesToAfter(document, place),
    ...extractParam(document, place),
    ...indent(document, position),
  ];
}

function indent(document: FlowDocument, position: Position): readonly Refactoring[] {
  const edit = indentScript(document, position);
  return edit ? [{ title: "Indent the script", kind: "rewrite", edits: [edit] }] : [];
}

/** `after = [a, b]` under the cursor becomes `[a, b] >> task` below the task. */
function afterToEdges(document: FlowDocument, place: PlaceInBlock): readonly Refactoring[] {
  const { lines, line, start, block } = place;
  const { node } = parseBlock(lines);
  if (node.kind !== "task" || !node.name || block.summary.after.length === 0) return [];
  const after = node.lines.find((one) => one.kind === "attribute" && one.key.text === "after");
  if (after?.kind !== "attribute" || !after.value) return [];
  const [from, to] = [after.key.range.start.line, after.value.range.end.line];
  if (line < from || line > to || (lines[from] ?? "").slice(0, after.key.range.start.character).trim() !== "")
    return [];
  const close = tokenize(lines).findLast((token) => isPunctuation(token, "}"));
  if (!close) return [];
  const lineEnd = lineEndOf(document);
  const edge = `${groupText(block.summary.after)} >> ${writtenName(node.name.text)}`;
  const end = { line: close.line, character: (lines[close.line] ?? "").length };
  const edits = [
    { range: { start: { line: from, character: 0 }, end: { line: to + 1, character: 0 } }, text: "" },
    { range: { start: end, end }, text: `${lineEnd}${lineEnd}${edge}` },
  ];
  return [{ title: "Write `after` as an edge", kind: "rewrite", edits: edits.map((edit) => moved(edit, start)) }];
}

const moved = ({ range, text }: TextEdit, by: number): TextEdit => ({ range: shifted(range, by), text });

function groupText(names: readonly Name[]): string {
  const texts = names.map((name) => writtenName(name.text));
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}

/** The edge line under the cursor goes into the `after` of each task that it leads to. */
function edgesToAfter(document: FlowDocument, place: PlaceInBlock): readonly Refactoring[] {
  const { block, start } = place;
  const { groups } = block.summary;
  if (block.summary.kind !== "edge" || groups.length < 2 || block.problems.length > 0) return [];
  const sources = new Map<string, string[]>();
  for (let group = 1; group < groups.length; group += 1)
    for (const target of groups[group] ?? [])
      sources.set(target.text, [
        ...(sources.get(target.text) ?? []),
        ...(groups[group - 1] ?? []).map(({ text }) => text),
      ]);
  const edits: TextEdit[] = [];
  for (const [target, names] of sources) {
    const edit = addAfter(document, target, names);
    if (!edit) return [];
    edits.push(edit);
  }
  const last = block.lines.findLastIndex((one) => lineContent(one).trim() !== "");
  edits.push({
    range: { start: { line: start, character: 0 }, end: { line: start + last + 1, character: 0 } },
    text: "",
  });
  return [{ title: "Write the edge as `after`", kind: "rewrite", edits }];
}

function addAfter(document: FlowDocument, target: string, names: readonly string[]): TextEdit | undefined {
  const { tasks, taskIndex } = document.names();
  const index = tasks[taskIndex.get(target) ?? -1];
  const block = index === undefined ? undefined : document.blocks()[index];
  if (index === undefined || !block) return undefined;
  const lines = block.lines.map(lineContent);
  const start = document.starts()[index] ?? 0;
  const { node } = parseBlock(lines);
  if (node.kind !== "task") return undefined;
  const all = [...new Set([...block.summary.after.map(({ text }) => text), ...names])].map(writtenName);
  const text = all.length === 1 ? (all[0] ?? "") : `[${all.join(", ")}]`;
  const after = node.lines.find((one) => one.kind === "attribute" && one.key.text === "after");
  if (after?.kind === "attribute") return after.value && { range: shifted(after.value.range, start), text };
  const brace = tokenize(lines).find((token) => isPunctuation(token, "{"));
  if (!brace) return undefined;
  const at = shifted(tokenRange(brace), start).end;
  const rest = (lines[brace.line] ?? "").slice(brace.end).trim();
  const isFree = rest === "" || rest.startsWith("//");
  const lineEnd = lineEndOf(document);
  const end = isFree ? { line: at.line, character: (lines[brace.line] ?? "").length } : at;
  return { range: { start: end, end }, text: `${lineEnd}  after = ${text}${isFree ? "" : lineEnd}` };
}

/** A string, number or date of a value that is substituted becomes a param of the workflow. */
function extractParam(document: FlowDocument, place: PlaceInBlock): readonly Refactoring[] {
  const { lines, line, character, start, block } = place;
  const around = surroundings(place);
  if (block.summary.kind !== "task" || around.fence) return [];
  const tokens = tokenize([lines[line] ?? ""]);
  const token = tokens.find(
    (one) => (one.kind === "string" || one.kind === "literal") && contains(tokenRange(one), 0, character),
  );
  if (!token || (token.kind === "string" && (!token.isClosed || token.raw === ""))) return [];
  const [first, second] = tokens;
  const key = first?.kind === "word" ? first.text : "";
  const isInput = key === "in" && second?.kind === "word";
  const type = findTaskType(block.summary.type?.text ?? "");
  const attribute = attributesIn("task", type?.name, around.bodies).find((one) => one.name === key);
  const isMap =
    around.bodies.length === 1 &&
    type?.attributes.some((one) => one.name === around.bodies[0] && one.type.kind === "map");
  const isText =
    attribute?.type.kind === "text" || (attribute?.type.kind === "list" && attribute.type.of.kind === "text");
  if (!isInput && !isText && !isMap) return [];
  const written = (lines[line] ?? "").slice(token.start, token.end);
  const name = freeName(document, isInput && second.kind === "word" ? second.text : key);
  const typeWord =
    token.kind === "string" ? "string" : /^\d{4}-/.test(written) ? "date" : /\./.test(written) ? "float" : "integer";
  const declared = newParam(document, name, typeWord, written);
  if (!declared) return [];
  const range: Range = shifted({ start: { line, character: token.start }, end: { line, character: token.end } }, start);
  const edits = [declared, { range, text: `"\${${name}}"` }];
  return [{ title: `Extract into the param ${name}`, kind: "extract", edits }];
}

function freeName(document: FlowDocument, wish: string): string {
  const base = isParamName(wish) ? wish : "value";
  const taken = new Set(
    document
      .blocks()
      .flatMap(({ summary }) => [...summary.params, ...summary.ins, ...summary.outs, ...summary.uses])
      .map(({ text }) => text),
  );
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  return name;
}
