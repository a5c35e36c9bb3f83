// A schedule and its window together: a window that ends before it begins, a schedule that never fires.

import type { JsonValue } from "../model/definition.ts";
import { nextFire, parseCron } from "../model/time/cron.ts";
import { localToEpochMs } from "../model/time/dates.ts";
import type { Name } from "./nodes.ts";
import type { Values } from "./read-lines.ts";
import type { Reader } from "./reader.ts";

export function checkSchedule(values: Values, given: ReadonlyMap<string, Name>, reader: Reader): void {
  const schedule = asRecord(values["schedule"]);
  const active = asRecord(values["active"]);
  const zone = textOf(schedule?.["zone"]) ?? "UTC";
  const window = readWindow(active, zone);
  const activeAt = given.get("active")?.range;
  if (window && window.from > window.until && activeAt) {
    reader.error("time/window", activeAt, `active ends (${window.untilText}) before it begins (${window.fromText})`);
    return;
  }
  const scheduleAt = given.get("schedule")?.range;
  const cron = parseCron(textOf(schedule?.["cron"]) ?? "");
  if (!scheduleAt || !cron.ok) return;
  const first = nextFire(cron.cron, zone, window ? window.from - 1 : 0);
  if (first === undefined) reader.warn("time/never-fires", scheduleAt, "the schedule never fires: no such date exists");
  else if (window && first > window.until)
    reader.warn(
      "time/never-fires",
      scheduleAt,
      `the schedule never fires between ${window.fromText} and ${window.untilText}`,
    );
}

interface Window {
  readonly from: number;
  readonly until: number;
  readonly fromText: string;
  readonly untilText: string;
}

function readWindow(active: Values | undefined, zone: string): Window | undefined {
  const fromText = textOf(active?.["from"]);
  const untilText = textOf(active?.["to"]);
  if (fromText === undefined || untilText === undefined) return undefined;
  const from = localToEpochMs(fromText, zone, "start");
  const until = localToEpochMs(untilText, zone, "end");
  return from === undefined || until === undefined ? undefined : { from, until, fromText, untilText };
}

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === "string" ? value : undefined);

export const asRecord = (value: JsonValue | undefined): Values | undefined =>
  // An array has no named values, so it counts as none.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
