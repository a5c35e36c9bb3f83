// The lines of a body read by the catalogue: attributes to values, with problems for what does not belong there.

import type { JsonValue } from "../model/definition.ts";
import type { Attribute } from "../tasks/attribute.ts";
import { taskAttributes } from "../tasks/task-attributes.ts";
import { taskTypes } from "../tasks/task-types.ts";
import { statements, workflowAttributes } from "../tasks/workflow-attributes.ts";
import { didYouMean } from "./nearest.ts";
import type { Atom, AttributeLine, BodyLine, Name, Value } from "./nodes.ts";
import { readValue, type ValueSink } from "./read-value.ts";
import { type Reader, readPlaceholders } from "./reader.ts";
import { typeText } from "./wording.ts";

export type Values = { readonly [attribute: string]: JsonValue };

/** Where a body stands: what may be in it, and how to speak of it. */
export interface BodyPlace {
  readonly kind: "workflow" | "defaults" | "task";
  /** For messages: `shell tasks`. */
  readonly called: string;
  readonly attributes: readonly Attribute[];
  /** A task whose type is not known may have any attribute of any type: those are not looked into. */
  readonly isUnknown?: boolean;
}

export interface ReadLines {
  readonly values: Values;
  /** Names of the attributes that stand there, right or wrong. */
  readonly given: ReadonlyMap<string, Name>;
}

export function readAttributes(
  lines: readonly (AttributeLine | BodyLine)[],
  place: BodyPlace,
  sink: ValueSink,
): ReadLines {
  const values: Record<string, JsonValue> = {};
  const given = new Map<string, Name>();
  for (const line of lines) {
    const key = line.key.text;
    const first = given.get(key);
    if (first) {
      const related = [{ message: "first given here", range: first.range }];
      sink.reader.error("name/duplicate", line.key.range, `${key} is given twice: keep one of them`, related);
      continue;
    }
    given.set(key, line.key);
    const attribute = place.attributes.find((one) => one.name === key);
    if (!attribute && place.isUnknown) noteUses(sink.reader, line);
    else if (!attribute) reportUnknown(line.key, place, sink.reader);
    else {
      const value = readLine(line, attribute, sink);
      if (value !== undefined) values[key] = value;
    }
  }
  return { values, given };
}

function readLine(line: AttributeLine | BodyLine, attribute: Attribute, sink: ValueSink): JsonValue | undefined {
  const { type, name } = attribute;
  if (type.kind === "map" && line.kind === "body") return readMap(line, type.of, sink);
  if (type.kind === "map" || line.kind === "body") {
    const form = type.kind === "map" ? `${name} { name = value }` : `${name} = ${typeText(type)}`;
    sink.reader.error("value/type", line.key.range, `${name} is written \`${form}\``);
    return undefined;
  }
  return line.value && readValue(type, name, line.value, sink);
}

function readMap(line: BodyLine, of: Attribute["type"], sink: ValueSink): JsonValue {
  const entries: Record<string, JsonValue> = {};
  const seen = new Map<string, Name>();
  for (const inner of line.lines) {
    if (inner.kind !== "attribute") {
      sink.reader.error(
        "syntax/unexpected",
        "key" in inner ? inner.key.range : line.key.range,
        `${line.key.text} holds lines of name = value only`,
      );
      continue;
    }
    const first = seen.get(inner.key.text);
    if (first) {
      const related = [{ message: "first given here", range: first.range }];
      sink.reader.error(
        "name/duplicate",
        inner.key.range,
        `${inner.key.text} is given twice: keep one of them`,
        related,
      );
      continue;
    }
    seen.set(inner.key.text, inner.key);
    const value = inner.value && readValue(of, inner.key.text, inner.value, sink);
    if (value !== undefined)
      Object.defineProperty(entries, inner.key.text, { value, enumerable: true, configurable: true, writable: true });
  }
  return entries;
}

/** Names used in a value that is not looked into still count as used. */
function noteUses(reader: Reader, line: AttributeLine | BodyLine): void {
  if (line.kind === "attribute") noteValueUses(reader, line.value);
  else for (const inner of line.lines) if (inner.kind === "attribute" || inner.kind === "body") noteUses(reader, inner);
}

function noteValueUses(reader: Reader, value: Value | undefined): void {
  const visit = (atom: Atom): void => {
    if (atom.kind === "string") readPlaceholders(reader, atom, "other");
    if (atom.kind === "list") for (const item of atom.items) item.atoms.forEach(visit);
    if (atom.kind === "call") for (const item of atom.args) item.atoms.forEach(visit);
  };
  value?.atoms.forEach(visit);
}

function reportUnknown(key: Name, place: BodyPlace, reader: Reader): void {
  const elsewhere = homesOf(key.text, place);
  if (elsewhere !== undefined) {
    reader.error(
      "attribute/not-here",
      key.range,
      `${key.text} belongs to ${elsewhere}, not to ${place.called}: remove it`,
    );
    return;
  }
  const known = place.attributes.map(({ name }) => name);
  const keywords = statements
    .filter((one) => one.places.some((where) => where === place.kind))
    .map(({ keyword }) => keyword);
  const hint = didYouMean(key.text, [...known, ...keywords]);
  const advice = hint === "" ? `: ${place.called} have ${known.join(", ")}` : hint;
  reader.error("attribute/unknown", key.range, `there is no attribute "${key.text}"${advice}`);
}

/** Who has such an attribute, where not the place itself. */
function homesOf(name: string, place: BodyPlace): string | undefined {
  const has = (list: readonly Attribute[]) => list.some((one) => one.name === name);
  if (place.kind === "defaults" && has(taskAttributes)) return "single tasks";
  if (place.kind !== "workflow" && has(workflowAttributes)) return "the workflow";
  if (place.kind === "workflow" && has(taskAttributes)) return "tasks";
  const types = taskTypes.filter((type) => has(type.attributes)).map((type) => type.name);
  return types.length > 0 ? `${types.join(" and ")} tasks` : undefined;
}

/** Attributes that must be there and are not. */
export function reportMissing(place: BodyPlace, given: ReadonlyMap<string, Name>, at: Name, reader: Reader): void {
  for (const attribute of place.attributes)
    if (attribute.isRequired && !given.has(attribute.name)) {
      const message = `${at.text} needs ${attribute.name}: add \`${attribute.example}\``;
      reader.error("attribute/missing", at.range, message);
    }
}
