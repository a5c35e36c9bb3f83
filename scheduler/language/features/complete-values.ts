// What may be typed behind `key =`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:…}` is a stop in a snippet.

import type { ValueType } from "../../tasks/attribute.ts";
import type { FlowDocument } from "../document.ts";
import type { Token } from "../tokens.ts";
import { possiblePredecessors, taskItems } from "./complete-tasks.ts";
import type { Completion } from "./completion-item.ts";
import type { PlaceInBlock } from "./place.ts";

/** What the type allows, given the tokens that stand there already. */
export function valueItems(
  document: FlowDocument,
  place: PlaceInBlock,
  type: ValueType,
  done: readonly Token[],
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
    case "phrase":
      return phraseItems(document, place, type, done);
    default:
      return [];
  }
}

function phraseItems(
  document: FlowDocument,
  place: PlaceInBlock,
  type: Extract<ValueType, { kind: "phrase" }>,
  done: readonly Token[],
): readonly Completion[] {
  if (type.before !== undefined && done.length === 0) return [word(type.before)];
  const start = type.before === undefined ? 0 : 1;
  if (done.length === start) return valueItems(document, place, type.first.type, []);
  const last = done[done.length - 1];
  const words = done.flatMap((token) => (token.kind === "word" ? [token.text] : []));
  const after = type.tails.find((tail) => last?.kind === "word" && last.text === tail.word);
  if (after) return valueItems(document, place, after.type, []);
  const next = type.tails.find((tail) => !words.includes(tail.word));
  return next ? [word(next.word)] : [];
}

const word = (text: string): Completion => ({ label: text, kind: "keyword", insert: `${text} `, rank: 0 });
