// Values by the catalogue: an attribute's entry says what may stand there and what it becomes in a definition.

import type { JsonValue } from "../model/definition.ts";
import type { Range } from "../model/problem.ts";
import { isDate, isDatetime } from "../model/time/dates.ts";
import type { Slot, Tail, ValueType } from "../tasks/attribute.ts";
import { durationMs, durationText } from "./durations.ts";
import { didYouMean } from "./nearest.ts";
import type { Atom, Name, PathAtom, Value } from "./nodes.ts";
import { valueName } from "./parse-value.ts";
import { readCron, readZone } from "./read-schedule.ts";
import { readWait } from "./read-wait.ts";
import { type Reader, readPlaceholders } from "./reader.ts";
import { plainString, templateString } from "./strings.ts";
import type { ResourceUse, WorkflowUse } from "./summary.ts";
import { orList, phraseText, shown } from "./wording.ts";

/** What is read, and where names that are more than values go. */
export interface ValueSink {
  readonly reader: Reader;
  readonly task: (name: Name) => void;
  readonly file: (name: Name) => void;
  readonly workflow: (use: WorkflowUse) => void;
  readonly resource: (use: ResourceUse) => void;
}

/** A sink for values whose names nobody asks for. */
export const valuesOnly = (reader: Reader): ValueSink => ({
  reader,
  task: () => {},
  file: () => {},
  workflow: () => {},
  resource: () => {},
});

/** Reads a whole value; undefined where it is wrong (reported) or where it is no value of the definition. */
export function readValue(type: ValueType, key: string, value: Value, sink: ValueSink): JsonValue | undefined {
  switch (type.kind) {
    case "phrase":
      return readPhrase(type, key, value, sink);
    case "span":
      return readSpan(type.of, key, value, sink);
    case "list":
      return readList(type.of, key, value, sink);
    case "tasks":
      readTasks(key, value, sink);
      return undefined;
    case "wait":
      return readWait(key, value, sink);
    default: {
      const [atom, extra] = value.atoms;
      if (!atom) return undefined;
      if (extra) unexpectedAtom(sink.reader, extra, `the end of the line after ${key}'s value`);
      return readAtom(type, key, atom, sink);
    }
  }
}

function readAtom(type: ValueType, what: string, atom: Atom, sink: ValueSink): JsonValue | undefined {
  const { reader } = sink;
  const wrong = (expected: string): undefined => {
    reader.error("value/type", atom.range, `${what} is ${shown(atom)}, must be ${expected}`);
  };
  switch (type.kind) {
    case "text":
      if (atom.kind !== "string") return wrong("a string in double quotes");
      readPlaceholders(reader, atom);
      return templateString(atom.raw);
    case "string":
      return atom.kind === "string" ? plainString(atom.raw) : wrong("a string in double quotes");
    case "name": {
      const name = nameIn(atom);
      if (!name) return wrong("a name, or a string in double quotes");
      if (type.of) sink.resource({ ...name, of: type.of });
      return name.text;
    }
    case "list_param": {
      const name = nameIn(atom);
      if (!name || atom.kind === "string") return wrong("the name of a list, without quotes and braces");
      reader.use(name, "list");
      return name.text;
    }
    case "workflow": {
      if (atom.kind === "string" && atom.raw !== "") return readWorkflow({ name: nameIn(atom) ?? noName(atom) }, sink);
      if (atom.kind !== "path" || atom.task) return wrong("a workflow such as project/workflow");
      return readWorkflow(atom, sink);
    }
    case "integer":
      return readInteger(type, what, atom, reader);
    case "boolean":
      if (atom.kind === "path" && (atom.text === "true" || atom.text === "false")) return atom.text === "true";
      return wrong("true or false");
    case "duration":
      return readDuration(type, what, atom, reader);
    case "choice":
      return readChoice(
        type.words.map(({ word }) => word),
        what,
        atom,
        reader,
      );
    case "cron":
      return readCron(what, atom, reader);
    case "zone":
      return readZone(what, atom, reader);
    case "date":
      if (atom.kind === "literal" && (isDate(atom.text) || isDatetime(atom.text))) return atom.text;
      return wrong("a date such as 2026-01-31 or 2026-01-31T02:00:00");
    case "file":
      if (atom.kind !== "string" || atom.raw === "") return wrong("a path as a string in double quotes");
      return readFile(plainString(atom.raw), atom.range, sink);
    default:
      return wrong("written otherwise");
  }
}

/** The name that an atom is, if it is nothing else. */
function nameIn(atom: Atom): Name | undefined {
  const name = valueName({ atoms: [atom], range: atom.range });
  return name?.text === "" ? undefined : name;
}

const noName = ({ range }: Atom): Name => ({ text: "", range });

function readWorkflow({ project, name }: Pick<PathAtom, "project" | "name">, sink: ValueSink): JsonValue {
  sink.workflow({ kind: "runs", ...(project && { project }), workflow: name });
  return { ...(project && { project: project.text }), workflow: name.text };
}

function readInteger(
  type: Extract<ValueType, { kind: "integer" }>,
  what: string,
  atom: Atom,
  reader: Reader,
): number | undefined {
  if (atom.kind !== "literal" || !/^-?\d{1,15}$/.test(atom.text)) {
    reader.error(
      "value/type",
      atom.range,
      `${what} is ${shown(atom)}, must be a whole number from ${type.min} to ${type.max}`,
    );
    return undefined;
  }
  const value = Number(atom.text);
  if (value >= type.min && value <= type.max) return value;
  reader.error("value/range", atom.range, `${what} is ${value}, must be ${type.min} to ${type.max}`);
  return undefined;
}

function readDuration(
  type: Extract<ValueType, { kind: "duration" }>,
  what: string,
  atom: Atom,
  reader: Reader,
): number | undefined {
  const ms = atom.kind === "literal" ? durationMs(atom.text) : undefined;
  if (ms === undefined) {
    const isBare = atom.kind === "literal" && /^\d+$/.test(atom.text);
    const hint = isBare
      ? `a duration has a unit: ${atom.text}s, ${atom.text}m or ${atom.text}h`
      : "must be a duration such as 90s, 30m, 4h, 1d or 1h30m";
    reader.error("value/type", atom.range, `${what} is ${shown(atom)}, ${hint}`);
    return undefined;
  }
  if (ms >= type.minMs && ms <= type.maxMs) return ms;
  const message = `${what} is ${shown(atom)}, must be ${durationText(type.minMs)} to ${durationText(type.maxMs)}`;
  reader.error("value/range", atom.range, message);
  return undefined;
}

function readChoice(words: readonly string[], what: string, atom: Atom, reader: Reader): string | undefined {
  const text = atom.kind === "path" ? atom.text : undefined;
  if (text !== undefined && words.includes(text)) return text;
  const expected = `must be ${orList(words)}`;
  if (text === undefined) reader.error("value/type", atom.range, `${what} is ${shown(atom)}, ${expected}`);
  else reader.error("value/choice", atom.range, `${what} is "${text}", ${expected}${didYouMean(text, words)}`);
  return undefined;
}

function readFile(path: string, range: Range, sink: ValueSink): string | undefined {
  const isOutside =
    path.startsWith("/") || /^[A-Za-z]:/.test(path) || path.split("/").includes("..") || path.includes("\\");
  if (isOutside) {
    sink.reader.error(
      "value/range",
      range,
      `"${path}" leads out of the workflow's folder: name a path below it, with /`,
    );
    return undefined;
  }
  sink.file({ text: path, range });
  return path;
}

function readList(of: ValueType, key: string, value: Value, sink: ValueSink): JsonValue | undefined {
  const [atom, extra] = value.atoms;
  if (!atom) return undefined;
  if (extra) unexpectedAtom(sink.reader, extra, `the end of the line after ${key}'s value`);
  if (atom.kind !== "list") {
    const only = readAtom(of, key, atom, sink);
    return only === undefined ? undefined : [only];
  }
  const items = atom.items.map((item) => readValue(of, key, item, sink));
  return items.filter((item) => item !== undefined);
}

function readTasks(key: string, value: Value, sink: ValueSink): void {
  const [atom, extra] = value.atoms;
  if (extra) unexpectedAtom(sink.reader, extra, `the end of the line after ${key}'s tasks`);
  const items = atom?.kind === "list" ? atom.items : atom ? [{ atoms: [atom], range: atom.range }] : [];
  for (const item of items) {
    const name = valueName(item);
    if (name) sink.task(name);
    else sink.reader.error("value/type", item.range, `${key} is a task's name or a list of names: a, or [a, b]`);
  }
}

function readSpan(of: ValueType, key: string, value: Value, sink: ValueSink): JsonValue | undefined {
  const [from, dots, to, extra] = value.atoms;
  if (!from || dots?.kind !== "mark" || dots.text !== ".." || !to) {
    sink.reader.error("value/type", value.range, `${key} is written from .. to, as in 2026-01-01 .. 2026-12-31`);
    return undefined;
  }
  if (extra) unexpectedAtom(sink.reader, extra, `the end of the line after ${key}'s value`);
  const first = readAtom(of, key, from, sink);
  const last = readAtom(of, key, to, sink);
  return first === undefined || last === undefined ? undefined : { from: first, to: last };
}

function readPhrase(
  type: Extract<ValueType, { kind: "phrase" }>,
  key: string,
  value: Value,
  sink: ValueSink,
): JsonValue | undefined {
  const result: Record<string, JsonValue> = {};
  let at = 0;
  const [start] = value.atoms;
  if (type.before !== undefined) {
    if (!start || !isWord(start, type.before)) {
      const found = start ? shown(start) : "nothing";
      sink.reader.error("value/type", value.range, `${key} is ${found}, must be ${phraseText(type)}`);
      return undefined;
    }
    at = 1;
  }
  const slots: (Slot | Tail)[] = [type.first, ...type.tails];
  let isWhole = true;
  for (const slot of slots) {
    if ("word" in slot) {
      const atom = value.atoms[at];
      const isHere = atom !== undefined && isWord(atom, slot.word);
      const begin = result[type.first.name];
      // Where the first word is wrong, nobody knows what belongs to it.
      if (slot.with && begin === undefined && !isHere) continue;
      const isMeant = slot.with === undefined || begin === undefined || slot.with.some((word) => word === begin);
      if (!isHere || !isMeant) {
        if (!isHere && (slot.isOptional || !isMeant)) continue;
        sink.reader.error("value/type", atom?.range ?? value.range, `${key} must be ${phraseText(type)}`);
        return undefined;
      }
      at += 1;
    }
    const atom = value.atoms[at];
    const read = atom && readAtom(slot.type, slotName(key, slot, type), atom, sink);
    if (!atom) sink.reader.error("value/type", value.range, `${key} ends too early, must be ${phraseText(type)}`);
    if (read === undefined) isWhole = false;
    else result[slot.name] = read;
    at += 1;
  }
  const extra = value.atoms[at];
  if (extra) unexpectedAtom(sink.reader, extra, `${phraseText(type)} for ${key}`);
  return isWhole ? result : undefined;
}

/** The first slot is what the attribute is about; the others are named. */
const slotName = (key: string, slot: Slot, type: Extract<ValueType, { kind: "phrase" }>): string =>
  slot === type.first ? key : `${key}'s ${slot.name}`;

export function unexpectedAtom(reader: Reader, atom: Atom, expected: string): void {
  reader.error("syntax/unexpected", atom.range, `found ${shown(atom)}, expected ${expected}`);
}

const isWord = (atom: Atom, word: string): boolean => atom.kind === "path" && atom.text === word;
