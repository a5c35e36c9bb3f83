// An open file: text in, edits in, problems and the definition out. An edit reads changed blocks again and nothing else; the result
// is the same as that of a fresh reading.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { Position, Problem, Range } from "../model/problem.ts";
import { assemble, type Settings } from "./assemble.ts";
import { blockScan } from "./blocks.ts";
import { type Draft, noDraft } from "./drafts.ts";
import { type FileNames, fileNames } from "./file-names.ts";
import { endsInLoneCr, lineContent, splitLines } from "./lines.ts";
import type { Place } from "./places.ts";
import { type ReadBlock, readBlock } from "./read-block.ts";
import { fingerprint, type Summary } from "./summary.ts";
import { hasStrangeCharacters, longestText, mostBlocks, refuseText, tooManyBlocks } from "./text-check.ts";

/** What is kept of a block. Its draft is not: it is most of what was read, and asked for rarely. */
export interface Block extends Omit<ReadBlock, "draft"> {
  /** With their ends. */
  readonly lines: readonly string[];
  readonly fingerprint: string;
}

/** What the block says, read again. */
export const draftOf = (block: Block): Draft => readBlock(block.lines.map(lineContent)).draft;

export interface FlowDocument {
  /** Replaces a part of the text, or all of it. Positions beyond a line's or the text's end mean that end. */
  readonly edit: (range: Range | undefined, text: string) => void;
  readonly text: () => string;
  /** Everything that is wrong in this file, in its order. */
  readonly problems: () => readonly Problem[];
  /** Present where no problem is an error. */
  readonly definition: (settings?: Settings) => WorkflowDefinition | undefined;
  readonly blocks: () => readonly Block[];
  /** First line of each block. */
  readonly starts: () => Readonly<Int32Array>;
  /** Number of the block that a line belongs to; the last one for lines beyond the end. */
  readonly blockAt: (line: number) => number;
  readonly names: () => FileNames;
}

/** Changed in place: copies of long lists at every keystroke would be most of the work, and of the memory. */
interface State {
  refused: Problem | undefined;
  /** Kept only for a text that is not read. */
  unread: string;
  blocks: Block[];
  /** One for each block. */
  summaries: Summary[];
  /** First line of each block; there may be more room than blocks. */
  starts: Int32Array;
  names: FileNames;
  lineCount: number;
  /** At least the text's length: what an edit would have to pass before the length is counted. */
  length: number;
  isStrange: boolean;
}

/** Longer insertions are read as a new text: they change most of it anyway. */
const longestInsertion = 50_000;

export function openDocument(text: string): FlowDocument {
  let state = read(text);

  function edit(range: Range | undefined, newText: string): void {
    const isWhole = range === undefined;
    const isShort = newText.length <= longestInsertion && state.length + newText.length <= longestText;
    const isSimple = !state.refused && !state.isStrange && isShort;
    if (isWhole) state = read(newText);
    else if (isSimple && !hasStrangeCharacters(newText)) readEdit(state, range, newText);
    else state = read(replaceIn(textOf(state), range, newText));
  }

  return {
    edit,
    text: () => textOf(state),
    problems: () => allProblems(state),
    definition: (settings) => definitionOf(state, settings),
    blocks: () => state.blocks,
    starts: () => state.starts.subarray(0, state.blocks.length),
    blockAt: (line) => blockAt(state, line),
    names: () => state.names,
  };
}

function read(text: string): State {
  const pieces = refuseText(text) ?? splitBlocks(splitLines(text));
  const refused = "code" in pieces ? pieces : pieces.length > mostBlocks ? tooManyBlocks(pieces.length) : undefined;
  const blocks = refused || "code" in pieces ? [] : pieces.map(toBlock);
  const summaries = blocks.map((block) => block.summary);
  const state: State = {
    refused,
    unread: refused ? text : "",
    blocks,
    summaries,
    starts: new Int32Array(0),
    names: fileNames(summaries),
    lineCount: 0,
    length: text.length,
    isStrange: hasStrangeCharacters(refused ? "" : text),
  };
  countLines(state, 0);
  return state;
}

const textOf = (state: State): string =>
  state.refused ? state.unread : state.blocks.map((block) => block.lines.join("")).join("");

/** Sets where the blocks from this one on start. */
function countLines(state: State, from: number): void {
  const { blocks } = state;
  if (state.starts.length < blocks.length) {
    const wider = new Int32Array(Math.ceil(blocks.length * 1.2));
    wider.set(state.starts);
    state.starts = wider;
  }
  const { starts } = state;
  let line = from === 0 ? 0 : (starts[from - 1] ?? 0) + (blocks[from - 1]?.lines.length ?? 0);
  for (let index = from; index < blocks.length; index += 1) {
    starts[index] = line;
    line += blocks[index]?.lines.length ?? 0;
  }
  state.lineCount = line;
}

/** The first line always begins a block, whatever it holds. */
function splitBlocks(lines: readonly string[]): readonly (readonly string[])[] {
  const blocks: string[][] = [];
  const scan = blockScan();
  for (const line of lines) {
    const starts = scan.startsBlock(lineContent(line));
    const current = blocks[blocks.length - 1];
    if (starts || !current) blocks.push([line]);
    else current.push(line);
  }
  return blocks;
}

function toBlock(lines: readonly string[]): Block {
  const { summary, problems } = readBlock(lines.map(lineContent));
  return { summary, problems, lines, fingerprint: fingerprint(summary) };
}

function readEdit(state: State, range: Range, text: string): void {
  const change = changedLines(state, range, text);
  const first = Math.max(0, blockAt(state, change.from) - 1);
  const last = blockAt(state, change.to);
  const start = state.starts[first] ?? 0;
  const lines = state.blocks.slice(first, last + 1).flatMap((block) => block.lines);
  lines.splice(change.from - start, change.to - change.from + 1, ...change.lines);

  const pieces: string[][] = [];
  const scan = blockScan();
  const add = (line: string, isStart: boolean) => {
    const current = pieces[pieces.length - 1];
    if (isStart || !current) pieces.push([line]);
    else current.push(line);
  };
  for (const line of lines) add(line, scan.startsBlock(lineContent(line)));
  let next = last + 1;
  for (; next < state.blocks.length; next += 1) {
    const block = state.blocks[next];
    const [head = "", ...rest] = block?.lines ?? [];
    if (scan.startsBlock(lineContent(head))) break; // from here on all is as before
    add(head, false);
    for (const line of rest) add(line, scan.startsBlock(lineContent(line)));
  }

  const old = state.blocks.slice(first, next);
  const fresh = pieces.map((piece, index) => reuse(old[index], piece) ?? toBlock(piece));
  const isSameCount = fresh.length === old.length;
  const isSameNames = isSameCount && fresh.every((block, index) => isSame(block, old[index]));
  const isEdge = (block: Block | undefined) => block?.summary.kind === "edge";
  const isOnlyEdges =
    isSameCount && fresh.every((block, index) => block === old[index] || (isEdge(block) && isEdge(old[index])));
  state.blocks = replaced(state.blocks, first, next - first, fresh);
  state.summaries = replaced(
    state.summaries,
    first,
    next - first,
    fresh.map((block) => block.summary),
  );
  countLines(state, first);
  state.length += text.length;
  if (state.blocks.length > mostBlocks) Object.assign(state, read(textOf(state)));
  else if (!isSameNames) state.names = fileNames(state.summaries, state.names, isOnlyEdges);
}

/** In place where that is possible: a call has only so many arguments. */
function replaced<T>(list: T[], from: number, count: number, items: readonly T[]): T[] {
  if (items.length > 10_000) return list.slice(0, from).concat(items, list.slice(from + count));
  list.splice(from, count, ...items);
  return list;
}

/** File references do not take part in rules about names but for being there. */
const isSame = (a: Block, b: Block | undefined): boolean =>
  b !== undefined &&
  a.fingerprint === b.fingerprint &&
  (a.summary.files.length === 0) === (b.summary.files.length === 0);

function reuse(old: Block | undefined, lines: readonly string[]): Block | undefined {
  if (!old || old.lines.length !== lines.length) return undefined;
  return old.lines.every((line, index) => line === lines[index]) ? old : undefined;
}

/** Lines `from` to `to` (inclusive) are replaced by `lines`. */
function changedLines(
  state: State,
  range: Range,
  text: string,
): { from: number; to: number; lines: readonly string[] } {
  const start = clamp(state, range.start);
  const end = clamp(state, range.end);
  const before = lineAt(state, start.line).slice(0, start.character);
  const after = lineAt(state, end.line).slice(end.character);
  // A lone CR before the change may become one line end together with an LF that now follows it.
  const joins = start.line > 0 && endsInLoneCr(lineAt(state, start.line - 1));
  const from = joins ? start.line - 1 : start.line;
  const lines = splitLines((joins ? lineAt(state, from) : "") + before + text + after);
  if (end.line < state.lineCount - 1) lines.pop();
  return { from, to: end.line, lines };
}

function clamp(state: State, position: Position): Position {
  const line = Math.max(0, position.line);
  if (line >= state.lineCount) {
    const last = state.lineCount - 1;
    return { line: last, character: lineAt(state, last).length };
  }
  const { length } = lineContent(lineAt(state, line));
  return { line, character: Math.min(Math.max(0, position.character), length) };
}

const lineAt = (state: State, line: number): string => {
  const block = blockAt(state, line);
  return state.blocks[block]?.lines[line - (state.starts[block] ?? 0)] ?? "";
};

/** The block that a line belongs to. */
function blockAt({ starts, blocks }: Pick<State, "starts" | "blocks">, line: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  return low;
}

function replaceIn(text: string, range: Range, newText: string): string {
  const lines = splitLines(text);
  const offset = ({ line, character }: Position): number => {
    let at = 0;
    for (let index = 0; index < Math.min(line, lines.length); index += 1) at += lines[index]?.length ?? 0;
    const { length } = lineContent(lines[line] ?? "");
    return at + Math.min(Math.max(0, character), length);
  };
  return text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
}

function allProblems(state: State): readonly Problem[] {
  if (state.refused) return [state.refused];
  const problems: Problem[] = [];
  for (let index = 0; index < state.blocks.length; index += 1) {
    const block = state.blocks[index];
    if (!block || block.problems.length === 0) continue;
    const start = state.starts[index] ?? 0;
    for (const { range, related, ...rest } of block.problems) {
      const moved = related?.map((one) => ({ ...one, range: shift(one.range, start) }));
      problems.push({ ...rest, range: shift(range, start), ...(moved && { related: moved }) });
    }
  }
  for (const { at, related, ...rest } of state.names.problems) {
    const moved = related?.map((one) => ({ message: one.message, range: rangeOf(state, one.at) }));
    problems.push({ ...rest, range: rangeOf(state, at), ...(moved && { related: moved }) });
  }
  return problems.sort(byPlace).map(shortened);
}

/** A word of a megabyte is named in part. */
const longestMessage = 1000;

const shortened = (problem: Problem): Problem =>
  problem.message.length <= longestMessage
    ? problem
    : { ...problem, message: `${problem.message.slice(0, longestMessage)}…` };

function rangeOf(state: State, place: Place): Range {
  const start = state.starts[place.block] ?? 0;
  const block = state.blocks[place.block];
  const name = block && place.pick?.(block.summary);
  if (name) return shift(name.range, start);
  const { length } = lineContent(block?.lines[0] ?? "");
  return { start: { line: start, character: 0 }, end: { line: start, character: length } };
}

const shift = ({ start, end }: Range, by: number): Range => ({
  start: { line: start.line + by, character: start.character },
  end: { line: end.line + by, character: end.character },
});

const byPlace = (a: Problem, b: Problem): number =>
  a.range.start.line - b.range.start.line ||
  a.range.start.character - b.range.start.character ||
  (a.code < b.code ? -1 : a.code > b.code ? 1 : 0);

function definitionOf(state: State, settings: Settings | undefined): WorkflowDefinition | undefined {
  if (state.refused || hasErrors(state)) return undefined;
  const { names, blocks } = state;
  return assemble(
    names,
    state.summaries,
    blocks.map((block) => (block.summary.kind === "edge" ? noDraft : draftOf(block))),
    settings,
  );
}

const hasErrors = (state: State): boolean =>
  state.names.problems.some((problem) => problem.severity === "error") ||
  state.blocks.some((block) => block.problems.some((problem) => problem.severity === "error"));
