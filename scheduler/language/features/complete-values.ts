// What may be typed behind `key =`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:…}` is a stop in a snippet.

import type { ValueType } from "../../tasks/attribute.ts";
import type { FlowDocument } from "../document.ts";
import { isPunctuation } from "../parser.ts";
import type { Token } from "../tokens.ts";
import { possiblePredecessors, taskItems } from "./complete-tasks.ts";
import {
  type CompletionContext,
  noContext,
  resourceItems,
  treeItems,
  windowItems,
  workflowItems,
} from "./complete-workflows.ts";
import type { Completion } from "./completion-item.ts";
import type { PlaceInBlock } from "./place.ts";
import { namesInScope } from "./references.ts";

export interface ValueContext {
  readonly context: CompletionContext;
  /** The path before the cursor, as far as it is one. */
  readonly typed: string;
}

/** What the type allows, given the tokens that stand there already. */
export function valueItems(
  document: FlowDocument,
  place: PlaceInBlock,
  type: ValueType,
  done: readonly Token[],
  around: ValueContext = { context: noContext, typed: "" },
): readonly Completion[] {
  switch (type.kind) {
    case "choice":
      return done.length > 0
        ? []
        : type.words.map(
            ({ word, doc }, rank): Completion => ({ label: word, kind: "value", detail: doc, insert: word, rank }),
          );
    case "boolean":
      return done.length > 0
        ? []
        : ["true", "false"].map((one): Completion => ({ label: one, kind: "value", insert: one, rank: 0 }));
    case "duration":
      return done.length > 0
        ? []
        : ["30s", "1m", "5m", "30m", "1h"].map(
            (one, rank): Completion => ({ label: one, kind: "value", insert: one, rank }),
          );
    case "cron":
      return done.length > 0
        ? []
        : [{ label: 'cron("…")', kind: "snippet", insert: 'cron("${1:0 0 2 * * ?}")', isSnippet: true, rank: 0 }];
    case "zone":
      return [{ label: '"UTC"', kind: "value", insert: '"UTC"', rank: 0 }];
    case "tasks":
      return taskItems(document, possiblePredecessors(document, place));
    case "name":
      return done.length > 0 || !type.of ? [] : resourceItems(type.of, around.context.known);
    case "list_param":
      return done.length > 0 ? [] : listItems(document, place);
    case "workflow":
      return isPathPart(done) ? workflowItems(around.context, around.typed, false) : [];
    case "wait":
      return waitItems(done, around);
    case "phrase":
      return phraseItems(document, place, type, done, around);
    default:
      return [];
  }
}

/** Only a path's own parts stand before the cursor. */
const isPathPart = (done: readonly Token[]): boolean =>
  done.every((token) => token.kind === "word" || isPunctuation(token, "/") || isPunctuation(token, "."));

function waitItems(done: readonly Token[], around: ValueContext): readonly Completion[] {
  const item = done.slice(done.findLastIndex((token) => isPunctuation(token, "(") || isPunctuation(token, ",")) + 1);
  const last = item[item.length - 1];
  if (last && isPunctuation(last, "@")) return windowItems();
  if (item.some((token) => isPunctuation(token, "@"))) return [];
  if (item.length > 0 && around.typed === "") return [word("@")];
  return [...workflowItems(around.context, around.typed, true), ...(around.typed.includes("/") ? [] : treeItems)];
}

const listItems = (document: FlowDocument, place: PlaceInBlock): readonly Completion[] =>
  namesInScope(document, place).flatMap(({ name, from, type }): readonly Completion[] =>
    type === undefined || type === "list" ? [{ label: name, kind: "name", detail: from, insert: name, rank: 0 }] : [],
  );

function phraseItems(
  document: FlowDocument,
  place: PlaceInBlock,
  type: Extract<ValueType, { kind: "phrase" }>,
  done: readonly Token[],
  around: ValueContext,
): readonly Completion[] {
  if (type.before !== undefined && done.length === 0) return [word(type.before)];
  const start = type.before === undefined ? 0 : 1;
  if (done.length === start) return valueItems(document, place, type.first.type, [], around);
  const last = done[done.length - 1];
  const words = done.flatMap((token) => (token.kind === "word" ? [token.text] : []));
  const after = type.tails.find((tail) => last?.kind === "word" && last.text === tail.word);
  if (after) return valueItems(document, place, after.type, [], around);
  const next = type.tails.find(
    (tail) => !words.includes(tail.word) && (tail.with?.some((one) => words.includes(one)) ?? true),
  );
  return next ? [word(next.word)] : [];
}

const word = (text: string): Completion => ({ label: text, kind: "keyword", insert: `${text} `, rank: 0 });
