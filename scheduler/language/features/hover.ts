// What hovering shows, as Markdown: attributes, types, tasks, names, placeholders with their value now, crons with their next fires.

import type { Position, Range } from "../../model/problem.ts";
import { placeholders } from "../../model/substitute.ts";
import { nextFires, parseCron } from "../../model/time/cron.ts";
import { formatInZone } from "../../model/time/dates.ts";
import { resolvePlaceholder } from "../../model/time/placeholder.ts";
import { specialFunctions, timeFunctions } from "../../model/time/time-functions.ts";
import { windowSpan, windows } from "../../model/time/windows.ts";
import type { Attribute, Choice, Statement, TaskType, ValueType } from "../../tasks/attribute.ts";
import { builtIns } from "../../tasks/built-ins.ts";
import { taskAttributes } from "../../tasks/task-attributes.ts";
import { attributesOf, defaultAttributes, findTaskType } from "../../tasks/task-types.ts";
import { statements, workflowAttributes } from "../../tasks/workflow-attributes.ts";
import { asRecord } from "../check-schedule.ts";
import { cronWords } from "../cron-words.ts";
import { draftOf, type FlowDocument } from "../document.ts";
import type { Draft } from "../drafts.ts";
import { functionForms } from "../expression-types.ts";
import { type Token, tokenize, tokenRange } from "../tokens.ts";
import { typeText } from "../wording.ts";
import { contains, type PlaceInBlock, placeAt, shifted, surroundings } from "./place.ts";
import { type Found, nameAt, namesInScope } from "./references.ts";

export interface Hover {
  readonly markdown: string;
  readonly range: Range;
}

/** `nowMs` is what placeholders and fires count from. */
export function hover(document: FlowDocument, position: Position, nowMs: number): Hover | undefined {
  const place = placeAt(document, position);
  if (!place) return undefined;
  const found = nameAt(document, position);
  const name = found && describeName(document, place, found);
  if (found && name !== undefined) return { markdown: name, range: found.range };
  return (
    placeholderHover(document, place, nowMs) ??
    cronHover(document, place, nowMs) ??
    windowHover(document, place, nowMs) ??
    wordHover(place)
  );
}

/** `@ last_1_days`: what it means, and from when to when for a schedule time of now. */
function windowHover(document: FlowDocument, place: PlaceInBlock, nowMs: number): Hover | undefined {
  if (!place.content.includes("@")) return undefined;
  const tokens = tokenize([place.content]);
  const at = tokens.findIndex((token) => token.kind === "word" && contains(tokenRange(token), 0, place.character));
  const [mark, token] = [tokens[at - 1], tokens[at]];
  if (token?.kind !== "word" || mark?.kind !== "punctuation" || mark.text !== "@") return undefined;
  const window = windows.find((one) => one.name === token.text);
  const zone = zoneOf(document);
  const span = window && windowSpan(window.name, nowMs, zone);
  if (!window || !span) return undefined;
  const times = [span.fromMs, span.toMs].map((ms) => formatInZone(ms, zone).slice(0, 16).replace("T", " "));
  const markdown = `${code(window.name)}: ${window.doc}\n\n${times.join(" to ")} (${zone}) for a schedule time of now`;
  return { markdown, range: lineRange(place, token.start, token.end) };
}

function describeName(document: FlowDocument, place: PlaceInBlock, found: Found): string | undefined {
  switch (found.kind) {
    case "task":
      return describeTask(document, found.name);
    case "param":
      return describeParam(document, place, found.name);
    case "workflow": {
      const draft = draftOf(place.block);
      const doc = draft.kind === "workflow" ? draft.doc : undefined;
      return [`**workflow** ${code(found.name)}`, doc].filter((part) => part !== undefined).join("\n\n");
    }
  }
}

export function describeTask(document: FlowDocument, name: string): string | undefined {
  const { tasks, taskIndex, graph } = document.names();
  const index = taskIndex.get(name);
  if (index === undefined) return undefined;
  const nameOf = (task: number) => document.blocks()[tasks[task] ?? -1]?.summary.name?.text ?? "";
  const list = (label: string, of: readonly number[]) => {
    const shown = of.slice(0, 8).map((task) => code(nameOf(task)));
    const more = of.length > shown.length ? ` and ${of.length - shown.length} more` : "";
    return of.length === 0 ? undefined : `${label} ${shown.join(", ")}${more}`;
  };
  const block = document.blocks()[tasks[index] ?? -1];
  const draft = block && draftOf(block);
  const doc = draft?.kind === "task" ? draft.doc : undefined;
  const description = draft?.kind === "task" ? draft.values["description"] : undefined;
  const lines = [
    `**task** ${code(name)}: ${block?.summary.type?.text ?? ""}`,
    doc,
    typeof description === "string" ? description : undefined,
    list("after", graph().predecessors[index] ?? []),
    list("before", graph().successors[index] ?? []),
  ];
  return lines.filter((line) => line !== undefined).join("\n\n");
}

function describeParam(document: FlowDocument, place: PlaceInBlock, name: string): string | undefined {
  const builtIn = builtIns.find((one) => one.name === name);
  if (builtIn) return `**built-in** ${code(name)}\n\n${builtIn.doc}`;
  const own = draftOf(place.block);
  const inScope = namesInScope(document, place).find((one) => one.name === name);
  if (inScope?.from === "out") return `**output** ${code(name)} of task ${code(inScope.task ?? "")}`;
  const header = workflowDraft(document);
  const params = header?.kind === "workflow" ? header.params : [];
  const inputs = own.kind === "task" ? own.inputs : [];
  const input = inputs.find((one) => one.name === name);
  const param = input ?? params.find((one) => one.name === name);
  if (param) {
    const value = param.value === undefined ? "" : ` = ${code(param.value)}`;
    return `**${input ? "in" : "param"}** ${code(name)}: ${param.type}${value}`;
  }
  const output = own.kind === "task" ? own.outputs.find((one) => one.name === name) : undefined;
  return output && `**out** ${code(name)}: ${output.type}\n\nSet it with a log line \`#{setValue(${name}=…)}\`.`;
}

/** The value that a placeholder would have for an instance that starts now. */
function placeholderHover(document: FlowDocument, place: PlaceInBlock, nowMs: number): Hover | undefined {
  if (!place.content.includes("$[")) return undefined;
  const mode = surroundings(place).fence ? "script" : "text";
  const zone = zoneOf(document);
  for (const found of placeholders(place.content, mode)) {
    if (found.kind !== "time" || !found.result.ok) continue;
    if (place.character < found.start || place.character > found.end) continue;
    const value = resolvePlaceholder(found.result.placeholder, nowMs, zone);
    const called = /^([a-z_]+)\(/.exec(found.expression)?.[1];
    const entry = [...timeFunctions, ...specialFunctions].find((one) => one.name === called);
    const doc = entry ? `\n\n${code(entry.signature)}: ${entry.doc}` : "";
    const markdown = `${code(value)} for a schedule time of ${formatInZone(nowMs, zone)} (${zone})${doc}`;
    return { markdown, range: lineRange(place, found.start, found.end) };
  }
  return undefined;
}

/** Standing on `cron("…")`: its next five fires. */
function cronHover(document: FlowDocument, place: PlaceInBlock, nowMs: number): Hover | undefined {
  const match = /cron\s*\(\s*"([^"]*)"\s*\)/.exec(place.content);
  if (!match || place.character < match.index || place.character > match.index + match[0].length) return undefined;
  const parsed = parseCron(match[1] ?? "");
  if (!parsed.ok) return undefined;
  const zone = zoneOf(document);
  const fires = nextFires(parsed.cron, zone, nowMs, 5).map((at) => `- ${formatInZone(at, zone)}`);
  const words = cronWords(match[1] ?? "");
  const next = fires.length === 0 ? "never fires" : `next fires (${zone})\n\n${fires.join("\n")}`;
  const markdown = words === undefined ? next : `**${words}**\n\n${next}`;
  return { markdown, range: lineRange(place, match.index, match.index + match[0].length) };
}

function workflowDraft(document: FlowDocument): Draft | undefined {
  const { workflow } = document.names();
  const block = workflow === undefined ? undefined : document.blocks()[workflow];
  return block && draftOf(block);
}

export function zoneOf(document: FlowDocument): string {
  const draft = workflowDraft(document);
  const schedule = draft?.kind === "workflow" ? asRecord(draft.values["schedule"]) : undefined;
  const zone = schedule?.["zone"];
  return typeof zone === "string" ? zone : "UTC";
}

/** Keys, keywords, types and words of a choice. */
function wordHover(place: PlaceInBlock): Hover | undefined {
  const around = surroundings(place);
  if (around.fence) return undefined;
  const tokens = tokenize([place.content]);
  const token = tokens.find((one) => one.kind === "word" && contains(tokenRange(one), 0, place.character));
  if (token?.kind !== "word") return undefined;
  const markdown = describeWord(place, token.text, tokens, around.bodies);
  return markdown === undefined ? undefined : { markdown, range: lineRange(place, token.start, token.end) };
}

function describeWord(
  place: PlaceInBlock,
  word: string,
  tokens: readonly Token[],
  bodies: readonly string[],
): string | undefined {
  const { summary } = place.block;
  if (summary.type && contains(summary.type.range, place.line, place.character)) {
    const type = findTaskType(word);
    return type && describeType(type);
  }
  const [first] = tokens;
  const key = first?.kind === "word" ? first.text : "";
  const called = key === "when" ? functionForms.find((one) => one.name === word) : undefined;
  if (called) return `${code(called.form)}\n\n${called.doc}`;
  const attribute = attributesIn(summary.kind, summary.type?.text, bodies).find((one) => one.name === key);
  if (first?.kind === "word" && contains(tokenRange(first), 0, place.character)) {
    const statement = statements.find((one) => one.keyword === key);
    return attribute ? describeAttribute(attribute) : statement && describeStatement(statement);
  }
  const choice = attribute && choicesOf(attribute.type).find((one) => one.word === word);
  return choice && `**${choice.word}**: ${choice.doc}`;
}

/** The attributes that a line in this place may have. */
export function attributesIn(kind: string, type: string | undefined, bodies: readonly string[]): readonly Attribute[] {
  if (bodies.length > 1) return [];
  if (kind === "workflow")
    return bodies.length === 0 ? workflowAttributes : bodies[0] === "defaults" ? defaultAttributes : [];
  if (kind !== "task" || bodies.length > 0) return [];
  const found = findTaskType(type ?? "");
  return found ? attributesOf(found) : taskAttributes;
}

export function describeAttribute(attribute: Attribute): string {
  const usual = attribute.default === undefined ? "" : `\n\nUsually ${code(attribute.default)}.`;
  const form = typeText(attribute.type);
  const value = form === "" ? "" : ` = ${form}`;
  return `${code(attribute.name + value)}\n\n${attribute.doc}${usual}\n\n${fence(attribute.example)}`;
}

export const describeStatement = (statement: Statement): string =>
  `${code(statement.keyword)}\n\n${statement.doc}\n\n${fence(statement.example)}`;

export const describeType = (type: TaskType): string =>
  `**task type** ${code(type.name)}\n\n${type.doc}\n\n${fence(type.example)}`;

/** Every word that a value of this type may hold at some place. */
export function choicesOf(type: ValueType): readonly Choice[] {
  switch (type.kind) {
    case "choice":
      return type.words;
    case "phrase":
      return [type.first, ...type.tails].flatMap((slot) => choicesOf(slot.type));
    case "list":
    case "span":
    case "map":
      return choicesOf(type.of);
    default:
      return [];
  }
}

const lineRange = (place: PlaceInBlock, start: number, end: number): Range =>
  shifted({ start: { line: place.line, character: start }, end: { line: place.line, character: end } }, place.start);

const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;
const fence = (text: string): string => `\`\`\`\`flow\n${text}\n\`\`\`\``;
