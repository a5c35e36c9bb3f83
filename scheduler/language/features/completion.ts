// What may be typed at a position, as plain data.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:…}` is a stop in a snippet.

import type { Position } from "../../model/problem.ts";
import { specialFunctions, timeFunctions } from "../../model/time/time-functions.ts";
import { zoneNames } from "../../model/time/zone.ts";
import type { Attribute } from "../../tasks/attribute.ts";
import { builtIns } from "../../tasks/built-ins.ts";
import { findTaskType, taskTypes } from "../../tasks/task-types.ts";
import { statements } from "../../tasks/workflow-attributes.ts";
import type { FlowDocument } from "../document.ts";
import { paramTypes } from "../read-params.ts";
import type { Token } from "../tokens.ts";
import { branchItems } from "./complete-conditions.ts";
import { edgeTargets, taskItems } from "./complete-tasks.ts";
import { valueItems } from "./complete-values.ts";
import { type CompletionContext, noContext } from "./complete-workflows.ts";
import { type Completion, mostItems } from "./completion-item.ts";
import { attributesIn, describeAttribute, describeStatement, describeType } from "./hover.ts";
import { type PlaceInBlock, placeAt, type Surroundings, surroundings, tokensOfValue } from "./place.ts";
import { namesInScope } from "./references.ts";

export interface Completions {
  readonly items: readonly Completion[];
  /** There are more: ask again when more letters are there. */
  readonly isIncomplete: boolean;
  /** Where the typed part that an item replaces begins, in the position's line. */
  readonly from: number;
}

export function complete(document: FlowDocument, position: Position, context = noContext): Completions {
  const place = placeAt(document, position);
  if (!place) return { items: [], isIncomplete: false, from: position.character };
  const before = place.content.slice(0, place.character);
  const { items, typed } = offers(document, place, before, context);
  const wanted = typed.toLowerCase();
  const matching = items.filter((item) => isMatch(item.label.toLowerCase(), wanted));
  const sorted = matching.length > mostItems ? matching.toSorted((a, b) => a.rank - b.rank) : matching;
  return {
    items: sorted.slice(0, mostItems),
    isIncomplete: matching.length > mostItems,
    from: place.character - typed.length,
  };
}

interface Offers {
  readonly items: readonly Completion[];
  /** The part before the cursor that an item replaces. */
  readonly typed: string;
}

/** The letters in this order, as editors match. */
function isMatch(label: string, typed: string): boolean {
  let at = 0;
  for (const letter of typed) {
    at = label.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function offers(document: FlowDocument, place: PlaceInBlock, before: string, context: CompletionContext): Offers {
  const around = surroundings(place);
  const name = /\$\{([\p{L}\p{N}_.]*)$/u.exec(before);
  const isString = isInString(before);
  if (name && (around.fence ? !/\braw\b/.test(around.fence.fence.info) : isString))
    return { items: scopeItems(document, place, before, place.content.slice(place.character)), typed: name[1] ?? "" };
  const time = /\$\[([\w(]*)$/.exec(before);
  if (time && (around.fence ? !/\braw\b/.test(around.fence.fence.info) : isString))
    return { items: timeItems(), typed: time[1] ?? "" };
  if (around.fence) return { items: [], typed: "" };
  const word = /[\p{L}_][\p{L}\p{N}_-]*$/u.exec(before)?.[0] ?? "";
  if (isString) return stringOffers(before);
  const isTop = !around.isInBody && !/^\s/.test(before);
  if (isTop) return { items: topItems(document, place, before.slice(0, before.length - word.length)), typed: word };
  if (!around.isInBody) return { items: [], typed: word };
  const typed = /[\p{L}\p{N}_/.-]*$/u.exec(before)?.[0] ?? "";
  const items = bodyItems(document, place, { around, word, context, typed });
  // A path is one word to whoever completes it.
  const isPath = items.some((item) => item.insert.startsWith(typed) && typed.length > word.length);
  return { items, typed: isPath ? typed : word };
}

/** An odd number of quotes that are not escaped stands before. */
const isInString = (before: string): boolean => (before.replace(/\\./g, "").match(/"/g) ?? []).length % 2 === 1;

function scopeItems(document: FlowDocument, place: PlaceInBlock, before: string, after: string): readonly Completion[] {
  const isWorkflow = place.block.summary.kind === "workflow";
  const close = after.startsWith("}") ? "" : "}";
  const isInput = /^\s*in\s/.test(before);
  const own = namesInScope(document, place)
    .filter((one) => !(isInput && one.from === "in"))
    .map((one): Completion => {
      const detail = one.from === "out" ? `output of ${one.task}` : one.from;
      return { label: one.name, kind: "name", detail, insert: one.name + close, rank: one.from === "in" ? 0 : 1 };
    });
  const known = builtIns.filter((one) => !(isWorkflow && one.isOfTask));
  return [
    ...own,
    ...known.map(
      (one): Completion => ({ label: one.name, kind: "name", detail: one.doc, insert: one.name + close, rank: 2 }),
    ),
  ];
}

function timeItems(): readonly Completion[] {
  const patterns = ["yyyyMMdd", "yyyy-MM-dd", "yyyyMMdd-1", "yyyy-MM-dd-1", "HHmmss", "yyyyMMddHHmmss"];
  const functions = [...timeFunctions, ...specialFunctions];
  return [
    ...patterns.map((one): Completion => ({ label: one, kind: "value", insert: one, rank: 0 })),
    ...functions.map((one): Completion => {
      const insert = `${one.name}(\${1:yyyyMMdd}$2)`;
      return {
        label: one.name,
        kind: "snippet",
        detail: one.signature,
        markdown: one.doc,
        insert,
        isSnippet: true,
        rank: 1,
      };
    }),
  ];
}

/** Zones behind `in "`, crons behind `cron("`. */
function stringOffers(before: string): Offers {
  const zone = /\bin\s*"([\w/+-]*)$/.exec(before);
  if (zone) {
    const items = zoneNames().map(
      (one): Completion => ({ label: one, kind: "value", insert: one, rank: one === "UTC" ? 0 : 1 }),
    );
    return { items, typed: zone[1] ?? "" };
  }
  const cron = /cron\s*\(\s*"([^"]*)$/.exec(before);
  if (!cron) return { items: [], typed: "" };
  const items = cronSamples.map(
    ([text, doc], rank): Completion => ({ label: text, kind: "snippet", detail: doc, insert: text, rank }),
  );
  return { items, typed: cron[1] ?? "" };
}

const cronSamples = [
  ["0 0 2 * * ?", "every day at 02:00"],
  ["0 0 * * * ?", "every hour"],
  ["0 0/10 * * * ?", "every ten minutes"],
  ["0 30 6 ? * MON-FRI", "Monday to Friday at 06:30"],
  ["0 0 4 1 * ?", "the first of every month at 04:00"],
  ["0 0 4 L * ?", "the last day of every month at 04:00"],
] as const;

/** Column 0: keywords, the header's type, tasks of an edge. */
function topItems(document: FlowDocument, place: PlaceInBlock, before: string): readonly Completion[] {
  if (/^task\s.*:\s*$/.test(before)) return typeItems();
  if (/^(task|workflow)\s/.test(before)) return [];
  if (before.includes(">>")) return taskItems(document, edgeTargets(document, place, before));
  const tasks = taskItems(
    document,
    document.names().tasks.map((_, index) => index),
  );
  return before.trim() === "" ? [...skeletons(document), ...tasks] : tasks;
}

function typeItems(): readonly Completion[] {
  return taskTypes.map(
    (type): Completion => ({
      label: type.name,
      kind: "type",
      detail: "task type",
      markdown: describeType(type),
      insert: type.name,
      rank: 0,
    }),
  );
}

function skeletons(document: FlowDocument): readonly Completion[] {
  const workflow: Completion = {
    label: "workflow",
    kind: "keyword",
    detail: "the file's workflow",
    insert: 'workflow ${1:name} {\n  schedule = cron("${2:0 0 2 * * ?}") in "${3:UTC}"\n}\n$0',
    isSnippet: true,
    rank: 0,
  };
  const tasks = taskTypes.map((type): Completion => {
    const language = type.script.languages[0] ?? "";
    const required = type.attributes.filter((one) => one.isRequired).map((one) => `  ${one.name} = $2\n`);
    const script = type.script.need === "required" ? `  \`\`\`${language}\n  $0\n  \`\`\`\n` : "";
    const insert = `task \${1:name}: ${type.name} {\n${required.join("")}${script}}\n`;
    return {
      label: `task: ${type.name}`,
      kind: "snippet",
      detail: "task",
      markdown: describeType(type),
      insert,
      isSnippet: true,
      rank: 1,
    };
  });
  return document.names().workflow === undefined ? [workflow, ...tasks] : tasks;
}

interface BodyPlaceAt {
  readonly around: Surroundings;
  readonly word: string;
  readonly typed: string;
  readonly context: CompletionContext;
}

function bodyItems(
  document: FlowDocument,
  place: PlaceInBlock,
  { around, word, typed, context }: BodyPlaceAt,
): readonly Completion[] {
  const { summary } = place.block;
  const tokens = tokensOfValue(place);
  const typedToken = word === "" ? undefined : tokens[tokens.length - 1];
  const done = typedToken ? tokens.slice(0, -1) : tokens;
  const attributes = attributesIn(summary.kind, summary.type?.text, around.bodies);
  const [first, second] = done;
  if (!first) return lineItems(place, around, attributes);
  const keyword = first.kind === "word" ? first.text : "";
  const isParam = keyword === "in" || keyword === "out" || keyword === "param";
  if (isParam && second?.kind !== "punctuation") return isColon(done[2]) && done.length === 3 ? paramTypeItems() : [];
  if (keyword === "when" || keyword === "else") return branchItems(document, place, done);
  const attribute = attributes.find((one) => one.name === keyword);
  if (!attribute || second?.kind !== "punctuation" || second.text !== "=") return [];
  return valueItems(document, place, attribute.type, done.slice(2), { context, typed });
}

const isColon = (token: Token | undefined): boolean => token?.kind === "punctuation" && token.text === ":";

const paramTypeItems = (): readonly Completion[] =>
  paramTypes.map((one): Completion => ({ label: one, kind: "type", insert: one, rank: 0 }));

/** The beginning of a line: attributes that are not there yet, required ones first, then statements and the script. */
function lineItems(place: PlaceInBlock, around: Surroundings, attributes: readonly Attribute[]): readonly Completion[] {
  const present = new Set(
    place.lines.flatMap((line, index) =>
      index === place.line ? [] : (/^\s*([\p{L}_][\p{L}\p{N}_-]*)\s*[={]/u.exec(line)?.[1] ?? []),
    ),
  );
  const { summary } = place.block;
  const open = attributes.filter((one) => !present.has(one.name));
  const items = open.map((one): Completion => {
    const rank = one.isRequired ? 0 : 2;
    const insert = one.type.kind === "map" ? `${one.name} {\n  $0\n}` : `${one.name} = `;
    const snippet = one.type.kind === "map" ? ({ isSnippet: true } as const) : {};
    return {
      label: one.name,
      kind: "attribute",
      detail: one.isRequired ? "required" : "",
      markdown: describeAttribute(one),
      insert,
      rank,
      ...snippet,
    };
  });
  if (around.bodies.length > 0) return items;
  const type = findTaskType(summary.type?.text ?? "");
  const isBranch = (keyword: string) => keyword === "when" || keyword === "else";
  const here = statements.filter(
    (one) =>
      one.places.some((where) => where === summary.kind) && (!isBranch(one.keyword) || type?.branches !== undefined),
  );
  const keywords = here.map((one): Completion => {
    const insert = statementSnippets.get(one.keyword) ?? `${one.keyword} \${1:name}: \${2:string}`;
    return { label: one.keyword, kind: "keyword", markdown: describeStatement(one), insert, isSnippet: true, rank: 3 };
  });
  return [...items, ...keywords, ...scriptItems(place)];
}

const statementSnippets: ReadonlyMap<string, string> = new Map([
  ["defaults", "defaults {\n  $0\n}"],
  ["when", "when ${1:condition} >> ${2:task}"],
  ["else", "else >> ${1:task}"],
]);

function scriptItems(place: PlaceInBlock): readonly Completion[] {
  const type = findTaskType(place.block.summary.type?.text ?? "");
  const hasFence = place.lines.some((line) => line.trimStart().startsWith("```"));
  if (!type || type.script.need === "none" || hasFence) return [];
  const language = type.script.languages[0] ?? "json";
  const insert = `\`\`\`${language}\n$0\n\`\`\``;
  const rank = type.script.need === "required" ? 1 : 4;
  return [{ label: `\`\`\`${language}`, kind: "snippet", detail: "script", insert, isSnippet: true, rank }];
}
