// What stands between the lines: crons in words and their next fire, the value of time placeholders, defaults that a task inherits.

import type { Position, Range } from "../../model/problem.ts";
import { placeholders } from "../../model/substitute.ts";
import { nextFire, parseCron } from "../../model/time/cron.ts";
import { formatInZone } from "../../model/time/dates.ts";
import { resolvePlaceholder } from "../../model/time/placeholder.ts";
import { cronWords } from "../cron-words.ts";
import type { Block, FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import { parseBlock } from "../parse.ts";
import { isPunctuation } from "../parser.ts";
import { type Token, tokenize } from "../tokens.ts";
import { zoneOf } from "./hover.ts";

/** Which of them are wanted. */
export interface HintKinds {
  readonly cron: boolean;
  readonly nextFire: boolean;
  readonly placeholders: boolean;
  readonly defaults: boolean;
}

export interface InlayHint {
  readonly at: Position;
  readonly text: string;
  readonly tooltip?: string;
}

/** More than fit on any screen. */
const mostHints = 500;

export function inlayHints(
  document: FlowDocument,
  range: Range,
  nowMs: number,
  kinds: HintKinds,
): readonly InlayHint[] {
  const hints: InlayHint[] = [];
  const zone = zoneOf(document);
  const defaults = kinds.defaults ? defaultLines(document) : [];
  const [first, last] = [document.blockAt(range.start.line), document.blockAt(range.end.line)];
  for (let index = first; index <= last && hints.length < mostHints; index += 1) {
    const block = document.blocks()[index];
    const start = document.starts()[index] ?? 0;
    if (!block) continue;
    hints.push(...blockHints(block, start, { zone, nowMs, kinds, defaults }));
  }
  return hints.filter(({ at }) => at.line >= range.start.line && at.line <= range.end.line).slice(0, mostHints);
}

interface Facts {
  readonly zone: string;
  readonly nowMs: number;
  readonly kinds: HintKinds;
  readonly defaults: readonly { readonly key: string; readonly text: string }[];
}

function blockHints(block: Block, start: number, facts: Facts): readonly InlayHint[] {
  const lines = block.lines.map(lineContent);
  const tokens = tokenize(lines);
  const hints: InlayHint[] = [];
  const add = (line: number, character: number, text: string, tooltip?: string) =>
    void hints.push({ at: { line: start + line, character }, text, ...(tooltip !== undefined && { tooltip }) });
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "fence") {
      if (/\braw\b/.test(token.fence.info)) continue;
      for (let line = token.from; line < token.to; line += 1)
        timeHints(lines[line] ?? "", 0, "script", facts, (character, text) => add(line, character, text));
    } else if (token.kind === "string" && isCron(tokens, at)) {
      cronHints(token.raw, facts, (text, tooltip) => add(token.line, token.end + 1, text, tooltip));
    } else if (token.kind === "string") {
      timeHints(token.raw, token.start + 1, "text", facts, (character, text) => add(token.line, character, text));
    }
  }
  const inherited = inheritedText(block, tokens, facts);
  const brace = inherited === "" ? undefined : tokens.find((token) => isPunctuation(token, "{"));
  if (brace) add(brace.line, brace.end, inherited, "from the workflow's defaults");
  return hints;
}

const isCron = (tokens: readonly Token[], at: number): boolean => {
  const [name, open] = [tokens[at - 2], tokens[at - 1]];
  return name?.kind === "word" && name.text === "cron" && open !== undefined && isPunctuation(open, "(");
};

function cronHints(raw: string, { zone, nowMs, kinds }: Facts, add: (text: string, tooltip?: string) => void): void {
  const parsed = parseCron(raw);
  if (!parsed.ok) return;
  const words = kinds.cron ? cronWords(raw) : undefined;
  const next = kinds.nextFire ? nextFire(parsed.cron, zone, nowMs) : undefined;
  const shown = next === undefined ? undefined : `next ${formatInZone(next, zone).slice(0, 16).replace("T", " ")}`;
  const text = [words, shown].filter((part) => part !== undefined).join(", ");
  if (text !== "") add(text, next === undefined ? undefined : `${formatInZone(next, zone)} (${zone})`);
}

function timeHints(
  text: string,
  from: number,
  mode: "script" | "text",
  { zone, nowMs, kinds }: Facts,
  add: (character: number, text: string) => void,
): void {
  if (!kinds.placeholders || !text.includes("$[")) return;
  for (const one of placeholders(text, mode))
    if (one.kind === "time" && one.result.ok)
      add(from + one.end, `= ${resolvePlaceholder(one.result.placeholder, nowMs, zone)}`);
}

/** The lines of `defaults { … }` as they are written. */
function defaultLines(document: FlowDocument): Facts["defaults"] {
  const { workflow } = document.names();
  const block = workflow === undefined ? undefined : document.blocks()[workflow];
  if (!block) return [];
  const lines = block.lines.map(lineContent);
  const { node } = parseBlock(lines);
  const bodies = node.kind === "workflow" ? node.lines : [];
  return bodies
    .flatMap((line) => (line.kind === "body" && line.key.text === "defaults" ? line.lines : []))
    .flatMap((line) => {
      if (line.kind !== "attribute" || !line.value) return [];
      const { start, end } = line.value.range;
      const text = (lines[start.line] ?? "").slice(
        start.character,
        start.line === end.line ? end.character : undefined,
      );
      return [{ key: line.key.text, text: `${line.key.text} = ${text}` }];
    });
}

function inheritedText({ summary }: Block, tokens: readonly Token[], { defaults }: Facts): string {
  if (summary.kind !== "task" || defaults.length === 0) return "";
  const own = new Set(
    tokens.flatMap((token, at) => {
      const next = tokens[at + 1];
      return token.kind === "word" && next && isPunctuation(next, "=") ? [token.text] : [];
    }),
  );
  return defaults
    .filter(({ key }) => !own.has(key))
    .map(({ text }) => text)
    .join(", ");
}
