// `param`, `in` and `out` lines → definitions of parameters.

import type { JsonValue, ParamDefinition, ParamType } from "../model/definition.ts";
import { wrongParamValue } from "../model/params.ts";
import { isParamName } from "../model/substitute.ts";
import { isDate, isDatetime } from "../model/time/dates.ts";
import { didYouMean } from "./nearest.ts";
import type { Atom, Name, ParamLine, Value } from "./nodes.ts";
import { unexpectedAtom } from "./read-value.ts";
import { type Reader, readPlaceholders } from "./reader.ts";
import { plainString, templateString } from "./strings.ts";
import type { TypedName, UseMode } from "./summary.ts";
import { orList, shown } from "./wording.ts";

export const paramTypes: readonly ParamType[] = [
  "string",
  "integer",
  "float",
  "boolean",
  "date",
  "datetime",
  "list",
  "file",
];

export interface ReadParams {
  readonly definitions: readonly ParamDefinition[];
  readonly names: readonly TypedName[];
}

/** Reads the lines of one keyword. */
export function readParams(lines: readonly ParamLine[], keyword: string, reader: Reader): ReadParams {
  const definitions: ParamDefinition[] = [];
  const names: TypedName[] = [];
  const seen = new Map<string, Name>();
  for (const line of lines) {
    if (line.keyword.text !== keyword || !line.name) continue;
    const first = seen.get(line.name.text);
    if (first) {
      const related = [{ message: "first given here", range: first.range }];
      reader.error(
        "name/duplicate",
        line.name.range,
        `${keyword} "${line.name.text}" is given twice: rename one of them`,
        related,
      );
      continue;
    }
    seen.set(line.name.text, line.name);
    checkName(line.name, reader);
    const type = line.type && readType(line.type, reader);
    names.push({ ...line.name, ...(type && { type }) });
    const value = line.value && readParamValue(line, line.value, type, reader);
    if (type) definitions.push({ name: line.name.text, type, ...(value !== undefined && { value }) });
  }
  return { definitions, names };
}

function checkName(name: Name, reader: Reader): void {
  if (isParamName(name.text)) return;
  const message = `"${name.text}" is no name of a parameter: letters, digits and _ only, a letter or _ first`;
  reader.error("syntax/unexpected", name.range, message);
}

function readType(type: Name, reader: Reader): ParamType | undefined {
  const found = paramTypes.find((one) => one === type.text);
  if (!found) {
    const message = `type is "${type.text}", must be ${orList(paramTypes)}${didYouMean(type.text, paramTypes)}`;
    reader.error("value/choice", type.range, message);
  }
  return found;
}

/** The value as text, as a run would substitute it. */
function readParamValue(
  line: ParamLine,
  value: Value,
  type: ParamType | undefined,
  reader: Reader,
): string | undefined {
  const name = line.name?.text ?? "";
  if (line.keyword.text === "out") {
    reader.error("syntax/unexpected", value.range, `out "${name}" has no value here: the task sets it when it runs`);
    return undefined;
  }
  const [atom, extra] = value.atoms;
  if (!atom) return undefined;
  if (extra) unexpectedAtom(reader, extra, "the end of the line after the value");
  const mode: UseMode = line.keyword.text === "in" ? "input" : "text";
  const text = paramText(atom, mode, reader);
  if (text === undefined) {
    reader.error(
      "value/type",
      atom.range,
      `"${name}" is ${shown(atom)}, must be a string, number, true, false, date or list`,
    );
    return undefined;
  }
  if (type === "list" && atom.kind !== "list" && !text.includes("${")) {
    reader.error("value/type", atom.range, `"${name}" is ${shown(atom)}, must be a list such as ["a", "b"]`);
    return undefined;
  }
  const wrong = type && wrongParamValue({ name, type }, text);
  if (wrong !== undefined) reader.error("value/type", atom.range, wrong);
  return text;
}

function paramText(atom: Atom, mode: UseMode, reader: Reader): string | undefined {
  switch (atom.kind) {
    case "string":
      readPlaceholders(reader, atom, mode);
      return templateString(atom.raw);
    case "literal":
      return /^-?\d+(\.\d+)?([eE]-?\d+)?$/.test(atom.text) || isDate(atom.text) || isDatetime(atom.text)
        ? atom.text
        : undefined;
    case "path":
      return atom.text === "true" || atom.text === "false" ? atom.text : undefined;
    case "list": {
      const items = atom.items.map((item) => listItem(item, mode, reader));
      return items.includes(undefined) ? undefined : JSON.stringify(items);
    }
    default:
      return undefined;
  }
}

/** A list is stored as JSON; what is substituted into it later stands inside its strings. */
function listItem(item: Value, mode: UseMode, reader: Reader): JsonValue | undefined {
  const [atom] = item.atoms;
  if (!atom || item.atoms.length > 1) return undefined;
  if (atom.kind === "string") {
    readPlaceholders(reader, atom, mode);
    return plainString(atom.raw);
  }
  const text = atom.kind === "list" ? undefined : paramText(atom, mode, reader);
  if (text === "true" || text === "false") return text === "true";
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
