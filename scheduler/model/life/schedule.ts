// The life of a schedule: when it fires next, which of the times that have come are fired, and which are missed.
//
//   online, due   late by less than the misfire limit → fires, always
//                 later (missed)  → by `catch_up`: none · the last of them · all of them
//   past `active … until` → no next fire

import type { CatchUp } from "../definition.ts";
import { nextFire, parseCron } from "../time/cron.ts";
import type { Cron } from "../time/cron-fields.ts";
import { localToEpochMs } from "../time/dates.ts";

export interface ScheduleTimes {
  readonly cron: string;
  readonly zone: string;
  /** Local dates or datetimes in the zone, both inclusive. */
  readonly activeFrom: string | null;
  readonly activeUntil: string | null;
}

export interface Firing {
  readonly fireTimesMs: readonly number[];
  /** Null: never again. */
  readonly nextFireAtMs: number | null;
}

/** The first fire time after `afterMs` in which the schedule is active; null when there is none. */
export function nextFireAt(schedule: ScheduleTimes, afterMs: number): number | null {
  const parsed = parseCron(schedule.cron);
  return parsed.ok ? nextActive(parsed.cron, schedule, afterMs) : null;
}

function nextActive(cron: Cron, { zone, activeFrom, activeUntil }: ScheduleTimes, afterMs: number): number | null {
  const from = activeFrom === null ? undefined : localToEpochMs(activeFrom, zone, "start");
  const until = activeUntil === null ? undefined : localToEpochMs(activeUntil, zone, "end");
  const fire = nextFire(cron, zone, from === undefined ? afterMs : Math.max(afterMs, from - 1));
  return fire === undefined || (until !== undefined && fire > until) ? null : fire;
}

export interface DueSchedule extends ScheduleTimes {
  readonly catchUp: CatchUp;
  readonly nextFireAtMs: number;
}

/** At most so many times are fired in one go; what is left is due again at once. */
const mostAtOnce = 200;

/** Which of the times from `nextFireAtMs` to `nowMs` are fired, and when the schedule is due again. */
export function fireDue(schedule: DueSchedule, nowMs: number, misfireAfterMs: number): Firing {
  const parsed = parseCron(schedule.cron);
  if (!parsed.ok) return { fireTimesMs: [], nextFireAtMs: null };
  const after = (ms: number): number | null => nextActive(parsed.cron, schedule, ms);
  const onTimeFrom = nowMs - misfireAfterMs;

  const fires: number[] = [];
  let next: number | null = schedule.nextFireAtMs;
  if (schedule.catchUp !== "all" && next <= onTimeFrom) {
    const missed = schedule.catchUp === "last" ? lastFireUntil(after, next, onTimeFrom) : undefined;
    if (missed !== undefined) fires.push(missed);
    next = after(onTimeFrom);
  }
  for (; next !== null && next <= nowMs && fires.length < mostAtOnce; next = after(next)) fires.push(next);
  return { fireTimesMs: fires, nextFireAtMs: next };
}

/** The last fire time in [first, until], looked for in growing spans before `until`: a long outage of a dense cron is short work. */
function lastFireUntil(after: (ms: number) => number | null, first: number, until: number): number {
  for (let span = 60_000; ; span *= 8) {
    const from = Math.max(first - 1, until - span);
    let last: number | undefined;
    for (let fire = after(from); fire !== null && fire <= until; fire = after(fire)) last = fire;
    if (last !== undefined) return last;
    if (from < first) return first;
  }
}
