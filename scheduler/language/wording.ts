// Atoms and value types in words, for messages, hovers and the reference page.

import type { Tail, ValueType } from "../tasks/attribute.ts";
import type { Atom } from "./nodes.ts";

/** `number [every duration]`: the form of a phrase for people. */
export function phraseText(type: Extract<ValueType, { kind: "phrase" }>): string {
  const before = type.before === undefined ? "" : `${type.before} `;
  const tails = type.tails.filter((tail) => !tail.with).map(tailText);
  const own = type.tails.find((tail) => tail.with);
  if (!own || type.first.type.kind !== "choice") return before + typeText(type.first.type) + tails.join("");
  const words = type.first.type.words.map(({ word }) => word);
  const alone = words.filter((word) => !own.with?.includes(word));
  const withTail = words.filter((word) => own.with?.includes(word)).map((word) => word + tailText(own));
  return before + [...alone, ...withTail].join(" | ") + tails.join("");
}

function tailText(tail: Tail): string {
  const text = `${tail.word} ${typeText(tail.type)}`;
  return tail.isOptional ? ` [${text}]` : ` ${text}`;
}

/** A value type for people, in a few words. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case "text":
      return "string";
    case "integer":
      return `number (${type.min} to ${type.max})`;
    case "choice":
      return type.words.map(({ word }) => word).join(" | ");
    case "cron":
      return 'cron("…")';
    case "zone":
      return '"time zone"';
    case "file":
      return '"path"';
    case "list":
      return `[${typeText(type.of)}, …]`;
    case "tasks":
      return "task | [task, …]";
    case "map":
      return `{ name = ${typeText(type.of)} }`;
    case "span":
      return `${typeText(type.of)} .. ${typeText(type.of)}`;
    case "phrase":
      return phraseText(type);
    case "workflow":
      return "[project/]workflow";
    case "wait":
      return "all(…) | any(…) | [project/]workflow[.task] @ window";
    case "list_param":
      return "list";
    default:
      return type.kind;
  }
}

/** An atom as a message names it. */
export function shown(atom: Atom): string {
  switch (atom.kind) {
    case "string":
      return `the string "${atom.raw.length > 40 ? `${atom.raw.slice(0, 40)}…` : atom.raw}"`;
    case "literal":
    case "path":
      return `"${atom.text}"`;
    case "list":
      return "a list";
    case "call":
      return `${atom.name.text}(…)`;
    case "mark":
      return `"${atom.text}"`;
  }
}

export function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
}
