// A file's outline: symbols, folds, and the header that code lenses stand on.

import type { Range } from "../../model/problem.ts";
import { defaultProject, type Settings } from "../assemble.ts";
import type { Block, FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { Name } from "../nodes.ts";
import { tokenize } from "../tokens.ts";
import { shifted } from "./place.ts";

export interface OutlineSymbol {
  readonly name: string;
  readonly kind: "workflow" | "task" | "param" | "output";
  readonly detail: string;
  readonly range: Range;
  readonly selection: Range;
  readonly children: readonly OutlineSymbol[];
}

/** More than an editor's outline can show. */
const mostSymbols = 5000;

export function outline(document: FlowDocument): readonly OutlineSymbol[] {
  const symbols: OutlineSymbol[] = [];
  for (const [index, block] of document.blocks().entries()) {
    if (symbols.length >= mostSymbols) break;
    const symbol = symbolOf(block, document.starts()[index] ?? 0);
    if (symbol) symbols.push(symbol);
  }
  return symbols;
}

function symbolOf(block: Block, start: number): OutlineSymbol | undefined {
  const { kind, name, type, params, ins, outs } = block.summary;
  if (!name || (kind !== "workflow" && kind !== "task")) return undefined;
  const child = (kind: OutlineSymbol["kind"], detail: string) => (one: Name) => {
    const range = shifted(one.range, start);
    return { name: one.text, kind, detail, range, selection: range, children: [] };
  };
  return {
    name: name.text,
    kind,
    detail: type?.text ?? "",
    range: { start: { line: start, character: 0 }, end: endOf(block, start) },
    selection: shifted(name.range, start),
    children: [
      ...params.map(child("param", "param")),
      ...ins.map(child("param", "in")),
      ...outs.map(child("output", "out")),
    ],
  };
}

/** The block's last line that is not blank. */
function endOf(block: Block, start: number): Range["end"] {
  let last = block.lines.length - 1;
  while (last > 0 && lineContent(block.lines[last] ?? "").trim() === "") last -= 1;
  return { line: start + last, character: lineContent(block.lines[last] ?? "").length };
}

export interface Fold {
  readonly from: number;
  readonly to: number;
}

/** Blocks and scripts of more than one line. */
export function folds(document: FlowDocument): readonly Fold[] {
  const found: Fold[] = [];
  for (const [index, block] of document.blocks().entries()) {
    const { kind, name } = block.summary;
    if (block.lines.length < 3 || (kind !== "workflow" && kind !== "task")) continue;
    const start = document.starts()[index] ?? 0;
    const header = name?.range.start.line ?? 0;
    found.push({ from: start + header, to: endOf(block, start).line });
    for (const token of tokenize(block.lines.map(lineContent)))
      if (token.kind === "fence" && token.to > token.from)
        found.push({ from: start + token.line, to: start + token.to });
  }
  return found;
}

export interface LensHeader {
  readonly range: Range;
  readonly project: string;
  readonly workflow: string;
}

/** The workflow's header line, where it has a name to run by. */
export function lensHeader(document: FlowDocument, settings: Settings | undefined): LensHeader | undefined {
  const { workflow: block } = document.names();
  const summary = block === undefined ? undefined : document.blocks()[block]?.summary;
  if (block === undefined || !summary?.name) return undefined;
  const project = summary.project?.text ?? settings?.project ?? defaultProject;
  return { range: shifted(summary.name.range, document.starts()[block] ?? 0), project, workflow: summary.name.text };
}
