// The values of `schedule`: a cron and a time zone.

import { parseCron } from "../model/time/cron.ts";
import { isZone, zoneNames } from "../model/time/zone.ts";
import { didYouMean } from "./nearest.ts";
import type { Atom } from "./nodes.ts";
import { part, type Reader } from "./reader.ts";
import { plainString } from "./strings.ts";
import { shown } from "./wording.ts";

export function readCron(what: string, atom: Atom, reader: Reader): string | undefined {
  const [argument, extra] = atom.kind === "call" && atom.name.text === "cron" ? atom.args : [];
  const [text] = argument?.atoms ?? [];
  if (text?.kind !== "string" || extra || argument?.atoms.length !== 1) {
    reader.error(
      "value/type",
      atom.range,
      `${what} is ${shown(atom)}, must be cron("second minute hour day-of-month month day-of-week")`,
    );
    return undefined;
  }
  const cron = plainString(text.raw);
  const result = parseCron(cron);
  if (result.ok) return cron;
  const { line, character } = text.range.start;
  const hasEscapes = text.raw.includes("\\");
  for (const problem of result.problems) {
    const start = character + 1 + problem.column;
    const range = hasEscapes || problem.length === 0 ? text.range : part(line, start, start + problem.length);
    reader.error("time/cron", range, problem.message);
  }
  return undefined;
}

export function readZone(what: string, atom: Atom, reader: Reader): string | undefined {
  if (atom.kind !== "string") {
    reader.error(
      "value/type",
      atom.range,
      `${what} is ${shown(atom)}, must be a time zone such as "Europe/Berlin" or "UTC"`,
    );
    return undefined;
  }
  const zone = plainString(atom.raw);
  if (isZone(zone)) return zone;
  reader.error(
    "time/zone",
    atom.range,
    `"${zone}" is no time zone, must be a name such as "Europe/Berlin" or "UTC"${didYouMean(zone, zoneNames())}`,
  );
  return undefined;
}
