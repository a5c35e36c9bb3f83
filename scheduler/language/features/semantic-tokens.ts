// What names are, for editors that colour by meaning: tasks, params, workflows, attributes, placeholders. Everything else is the
// grammar's.

import type { Range } from "../../model/problem.ts";
import { placeholders } from "../../model/substitute.ts";
import type { Block, FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { Name } from "../nodes.ts";
import { isPunctuation } from "../parser.ts";
import { outcomeTasks } from "../summary.ts";
import { type FenceToken, type Token, tokenize } from "../tokens.ts";

export const semanticTypes = ["namespace", "type", "function", "parameter", "property", "macro", "enumMember"] as const;
export const semanticModifiers = ["declaration"] as const;
type SemanticType = (typeof semanticTypes)[number];

/** Five numbers a token, as in the LSP but with absolute lines and characters: line, character, length, type, modifiers. */
export type BlockTokens = Int32Array;

export interface SemanticTokens {
  /** Tokens of the whole document, or of the blocks that a range touches, in the LSP's relative form. */
  readonly encode: (document: FlowDocument, range?: Range) => number[];
}

/** Remembers each block's tokens as long as the block lives: an edit computes those of one block. */
export function semanticTokens(): SemanticTokens {
  const known = new WeakMap<Block, BlockTokens>();
  const tokensOf = (block: Block): BlockTokens => {
    const found = known.get(block) ?? tokensIn(block);
    known.set(block, found);
    return found;
  };
  function encode(document: FlowDocument, range?: Range): number[] {
    const data: number[] = [];
    const blocks = document.blocks();
    const starts = document.starts();
    const first = range ? document.blockAt(range.start.line) : 0;
    const last = range ? document.blockAt(range.end.line) : blocks.length - 1;
    let line = 0;
    let character = 0;
    for (let index = first; index <= last; index += 1) {
      const block = blocks[index];
      if (!block) continue;
      const tokens = tokensOf(block);
      const start = starts[index] ?? 0;
      for (let at = 0; at < tokens.length; at += 5) {
        const nextLine = start + (tokens[at] ?? 0);
        const nextCharacter = tokens[at + 1] ?? 0;
        const isSameLine = nextLine === line;
        data.push(nextLine - line, isSameLine ? nextCharacter - character : nextCharacter);
        data.push(tokens[at + 2] ?? 0, tokens[at + 3] ?? 0, tokens[at + 4] ?? 0);
        line = nextLine;
        character = nextCharacter;
      }
    }
    return data;
  }
  return { encode };
}

function tokensIn(block: Block): BlockTokens {
  const found: [line: number, character: number, length: number, type: number, modifiers: number][] = [];
  const seen = new Set<number>();
  const add = ({ start, end }: Range, type: SemanticType, isDeclaration = false) => {
    const key = start.line * 1_000_000 + start.character;
    if (start.line !== end.line || seen.has(key) || end.character <= start.character) return;
    seen.add(key);
    found.push([
      start.line,
      start.character,
      end.character - start.character,
      semanticTypes.indexOf(type),
      isDeclaration ? 1 : 0,
    ]);
  };
  addNames(block, add);
  const lines = block.lines.map(lineContent);
  const tokens = tokenize(lines);
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "fence") addTimes(lines, token, add);
    else if (token.kind === "string") addPlaceholders(lines[token.line] ?? "", token, add);
    else if (isKey(tokens, index)) add(lineRange(token.line, token.start, token.end), "property");
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return Int32Array.from(found.flat());
}

type Add = (range: Range, type: SemanticType, isDeclaration?: boolean) => void;

function addNames({ summary }: Block, add: Add): void {
  const all = (names: readonly Name[], type: SemanticType, isDeclaration = false) => {
    for (const name of names) add(name.range, type, isDeclaration);
  };
  const { kind, name, project, type, params, ins, outs, after, branches, groups, uses, workflows, resources } = summary;
  if (project) add(project.range, "namespace");
  if (name) add(name.range, kind === "workflow" ? "namespace" : "function", true);
  if (type) add(type.range, "type");
  all([...after, ...branches, ...groups.flat(), ...outcomeTasks(summary)], "function");
  all([...params, ...ins, ...outs], "parameter", true);
  for (const use of workflows) {
    all([...(use.project ? [use.project] : []), use.workflow], "namespace");
    if (use.task) add(use.task.range, "function");
  }
  all(resources, "enumMember");
  all(
    uses.filter((use) => use.mode !== "environment" && use.mode !== "other"),
    "parameter",
  );
}

/** The first word of a line in a body, before `=` or `{`. */
function isKey(tokens: readonly Token[], index: number): boolean {
  const [before, token, next] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (token?.kind !== "word" || token.start === 0 || !next) return false;
  const isFirst = before === undefined || before.kind === "newline" || isPunctuation(before, "{");
  return isFirst && (isPunctuation(next, "=") || isPunctuation(next, "{"));
}

function addTimes(lines: readonly string[], { from, to, fence }: FenceToken, add: Add): void {
  if (/\braw\b/.test(fence.info)) return;
  for (let line = from; line < to; line += 1) {
    const text = lines[line] ?? "";
    if (!text.includes("$[")) continue;
    for (const one of placeholders(text, "script"))
      if (one.kind === "time" && one.result.ok) add(lineRange(line, one.start, one.end), "macro");
  }
}

function addPlaceholders(text: string, { line, start, end }: Token, add: Add): void {
  const raw = text.slice(start + 1, end - 1);
  if (!raw.includes("$[")) return;
  for (const one of placeholders(raw, "text"))
    if (one.kind === "time" && one.result.ok) add(lineRange(line, start + 1 + one.start, start + 1 + one.end), "macro");
}

const lineRange = (line: number, start: number, end: number): Range => ({
  start: { line, character: start },
  end: { line, character: end },
});
