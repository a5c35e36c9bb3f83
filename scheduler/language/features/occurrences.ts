// Every place that a rename of a task or param must change, and what is written there. Stricter than finding references: what a run
// would not replace is not touched.

import { reachable } from "../../model/graph.ts";
import type { Range } from "../../model/problem.ts";
import { type Block, draftOf, type FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { Name } from "../nodes.ts";
import { outcomeTasks, type Use } from "../summary.ts";
import { tokenize } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import { shifted } from "./place.ts";

/**
 * `shared`: the workflow's params and the outputs of that name, which take each other's place. `in`: one task's own. An `in` without
 * a value lets the shared one through, so it belongs to that.
 */
export type NamedThing =
  | { readonly kind: "task"; readonly name: string }
  | { readonly kind: "shared"; readonly name: string }
  | { readonly kind: "in"; readonly name: string; readonly block: number };

export interface Occurrence {
  /** In the file. */
  readonly range: Range;
  readonly block: number;
  /** What stands there under another name. */
  readonly write: (name: string) => string;
}

export function occurrencesOf(document: FlowDocument, thing: NamedThing): readonly Occurrence[] {
  const found = thing.kind === "task" ? taskOccurrences(thing.name) : paramOccurrences(document, thing);
  return document.blocks().flatMap((block, index) =>
    found(block, index).map(({ range, write }) => ({
      range: shifted(range, document.starts()[index] ?? 0),
      block: index,
      write,
    })),
  );
}

type InBlock = (block: Block, index: number) => readonly Pick<Occurrence, "range" | "write">[];

const plain = ({ range }: Name): Pick<Occurrence, "range" | "write"> => ({ range, write: (name) => name });

const taskOccurrences =
  (name: string): InBlock =>
  (block) => {
    const { summary } = block;
    const own = summary.kind === "task" && summary.name ? [summary.name] : [];
    return [...own, ...summary.after, ...summary.branches, ...summary.groups.flat(), ...outcomeTasks(summary)]
      .filter((one) => one.text === name)
      .map(({ range }) => ({ range, write: writtenName }));
  };

function paramOccurrences(document: FlowDocument, thing: Exclude<NamedThing, { kind: "task" }>): InBlock {
  const { name } = thing;
  const hasShared = isShared(document, name);
  const isSeen = thing.kind === "in" ? () => true : seesShared(document, name);
  return (block, index) => {
    if (thing.kind === "in" && index !== thing.block) return [];
    const { summary } = block;
    const isHidden = thing.kind === "shared" && isOwnIn(document, index, name, hasShared);
    const definitions =
      thing.kind === "in" ? summary.ins : [...summary.params, ...summary.outs, ...(isHidden ? [] : summary.ins)];
    const uses = summary.uses.filter((use) => {
      // The value of an `in` does not see the other `in`s, not even itself.
      if (use.mode === "input") return thing.kind === "shared" && use.text === name;
      if (isHidden) return false;
      if (use.mode === "environment") return use.text === name.toUpperCase() && isSeen(index);
      return use.text === name && (use.mode === "text" || isSeen(index));
    });
    const isSetHere = thing.kind === "shared" && summary.outs.some((out) => out.text === name);
    return [
      ...definitions.filter((one) => one.text === name).map(plain),
      ...uses.map((use) => ({ range: use.range, write: (fresh: string) => writtenUse(block, use, fresh) })),
      ...(isSetHere ? settersIn(block, name).map(plain) : []),
    ];
  };
}

/** Whether an `in` of that name has a value of its own, or nothing shared to let through. */
export function isOwnIn(
  document: FlowDocument,
  index: number,
  name: string,
  hasShared = isShared(document, name),
): boolean {
  const block = document.blocks()[index];
  if (!block?.summary.ins.some((one) => one.text === name)) return false;
  const draft = draftOf(block);
  const value = draft.kind === "task" ? draft.inputs.find((one) => one.name === name)?.value : undefined;
  return (value !== undefined && value !== "") || !hasShared;
}

export const isShared = (document: FlowDocument, name: string): boolean =>
  document.blocks().some(({ summary }) => [...summary.params, ...summary.outs].some((one) => one.text === name));

/** In which blocks a script's `${name}` is replaced by the shared value: everywhere for a param, behind its task for an output. */
export function seesShared(document: FlowDocument, name: string): (block: number) => boolean {
  const { tasks, workflow, graph } = document.names();
  const blocks = document.blocks();
  const has = (names: readonly Name[] | undefined) => names?.some((one) => one.text === name) ?? false;
  if (workflow !== undefined && has(blocks[workflow]?.summary.params)) return () => true;
  const producers = tasks.flatMap((block, task) => (has(blocks[block]?.summary.outs) ? [task] : []));
  const after = new Set([...reachable(graph().successors, producers)].map((task) => tasks[task]));
  return (block) => after.has(block);
}

function writtenUse({ lines }: Block, { range, mode }: Use, name: string): string {
  if (mode === "environment") return `PORPOISE_${name.toUpperCase()}`;
  const old = (lines[range.start.line] ?? "").slice(range.start.character, range.end.character);
  return old.startsWith("${") ? `\${${name}}` : name;
}

/** `#{setValue(name=…)}` in the block's script. */
function settersIn(block: Block, name: string): readonly Name[] {
  const lines = block.lines.map(lineContent);
  return tokenize(lines).flatMap((token) => {
    if (token.kind !== "fence") return [];
    return lines.slice(token.from, token.to).flatMap((content, index) =>
      [...content.matchAll(/\{setValue\(\s*([^=\s]+)\s*=/g)].flatMap((match): readonly Name[] => {
        if (match[1] !== name) return [];
        const line = token.from + index;
        const start = match.index + match[0].indexOf(name, "{setValue(".length);
        return [
          { text: name, range: { start: { line, character: start }, end: { line, character: start + name.length } } },
        ];
      }),
    );
  });
}
