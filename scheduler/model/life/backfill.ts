// The life of a backfill: its plan (which date gets an instance, which is skipped, and why), and what to start next.
//
//   running    a date's instance ended → the next dates start while fewer than `lanes` run
//              nothing left and nothing runs → succeeded | failed · pause → paused · cancel → cancelled
//   paused     resume → running · cancel → cancelled
//   cancelled, succeeded, failed: final

import type { WorkflowInstanceState } from "../states.ts";
import { fireTimesBetween, parseCron } from "../time/cron.ts";
import { isDate, localToEpochMs } from "../time/dates.ts";

export type BackfillState = "running" | "paused" | "cancelled" | "succeeded" | "failed";
export type Reprocess = "missing" | "failed" | "all";

export interface BackfillRequest {
  /** Local dates or datetimes in the workflow's zone. A range includes both ends; a bare date is that local day. */
  readonly dates:
    | { readonly kind: "range"; readonly from: string; readonly to: string }
    | { readonly kind: "list"; readonly list: readonly string[] };
  readonly order: "asc" | "desc";
  readonly reprocess: Reprocess;
}

/** Instances that exist already, by schedule time (epoch ms): the newest of each. */
export type Existing = ReadonlyMap<number, { readonly id: string; readonly state: WorkflowInstanceState }>;

export interface PlannedDate {
  readonly scheduleTimeMs: number;
  readonly action: "create" | "skip";
  readonly why: string;
}

export type DatesResult =
  | { readonly ok: true; readonly timesMs: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** A backfill of more dates than this is refused: it is a typing error. */
export const mostDates = 20_000;

/** The schedule's fire times in the range or list, ascending; without a schedule every local day's 00:00. */
export function backfillDates(
  request: Pick<BackfillRequest, "dates">,
  schedule: { readonly cron: string | undefined; readonly zone: string },
): DatesResult {
  const parsed = schedule.cron === undefined ? undefined : parseCron(schedule.cron);
  const cron = parsed?.ok ? parsed.cron : undefined;
  const { dates } = request;
  const spans =
    dates.kind === "range" ? [[dates.from, dates.to] as const] : dates.list.map((one) => [one, one] as const);
  const times = new Set<number>();
  for (const [first, last] of spans) {
    const from = localToEpochMs(first, schedule.zone, "start");
    const to = localToEpochMs(last, schedule.zone, "end");
    if (from === undefined || to === undefined) {
      const wrong = from === undefined ? first : last;
      return { ok: false, message: `"${wrong}" is no date: expected one like 2026-01-31 or 2026-01-31T02:00:00` };
    }
    if (from > to) return { ok: false, message: `the range ends (${last}) before it begins (${first}): swap the two` };
    for (const time of fireTimesBetween(cron, schedule.zone, from, to, mostDates + 1)) times.add(time);
    if (times.size > mostDates) return { ok: false, message: `more than ${mostDates} dates: choose a shorter range` };
  }
  if (times.size === 0) {
    const what = schedule.cron === undefined ? "no local midnight" : `no fire time of the schedule ${schedule.cron}`;
    const hint = spans.every(([one]) => !isDate(one)) ? ": give the whole day, like 2026-01-31" : "";
    return { ok: false, message: `${what} lies in the dates asked for${hint}` };
  }
  return { ok: true, timesMs: [...times].sort((a, b) => a - b) };
}

/** What happens to each date, in the order in which it will. */
export function planBackfill(
  timesMs: readonly number[],
  request: Pick<BackfillRequest, "order" | "reprocess">,
  existing: Existing,
): readonly PlannedDate[] {
  const plan = timesMs.map((scheduleTimeMs) => {
    const found = existing.get(scheduleTimeMs);
    return { scheduleTimeMs, ...decide(found, request.reprocess) };
  });
  return request.order === "asc" ? plan : plan.reverse();
}

function decide(
  found: { readonly id: string; readonly state: WorkflowInstanceState } | undefined,
  reprocess: Reprocess,
): Pick<PlannedDate, "action" | "why"> {
  if (!found) return { action: "create", why: "no instance for this date yet" };
  const has = `instance ${found.id} ${found.state}`;
  if (reprocess === "all") return { action: "create", why: `${has}, all are processed again` };
  const hasFailed = found.state === "failed" || found.state === "stopped";
  if (reprocess === "failed" && hasFailed) return { action: "create", why: `${has}, failed ones are processed again` };
  return { action: "skip", why: `${has}` };
}

/** What is known of a backfill that runs. */
export interface BackfillProgress {
  /** Dates whose instance exists and is not over. */
  readonly running: number;
  readonly failed: number;
  /** Dates that have no instance yet and are to get one. */
  readonly left: number;
}

/** How many more dates to start now, and where the backfill stands after that. */
export function nextOfBackfill(
  backfill: { readonly state: BackfillState; readonly lanes: number; readonly onFailure: "stop" | "continue" },
  { running, failed, left }: BackfillProgress,
): { readonly start: number; readonly state: BackfillState } {
  if (backfill.state !== "running") return { start: 0, state: backfill.state };
  const mayStart = backfill.onFailure === "continue" || failed === 0;
  const start = mayStart ? Math.min(left, Math.max(0, backfill.lanes - running)) : 0;
  if (start > 0 || running > 0) return { start, state: "running" };
  return { start: 0, state: failed > 0 ? "failed" : "succeeded" };
}
