// `porpoise backfill`: the plan, or the plan and then exactly that.

import { setTimeout as delay } from "node:timers/promises";
import type { BackfillRequest, BackfillShape } from "../../api/contract.ts";
import type { Client } from "../client.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";
import { coloured, table } from "../render.ts";
import { workflowRoute } from "../workflow-name.ts";
import { paramsOf } from "./run.ts";

export interface BackfillCommandOptions {
  readonly from?: string;
  readonly to?: string;
  readonly dates?: string;
  readonly parallel?: number;
  readonly order?: "asc" | "desc";
  readonly reprocess?: "missing" | "failed" | "all";
  readonly onFailure?: "stop" | "continue";
  readonly dependents?: number;
  readonly param: readonly string[];
  readonly plan?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const lookEveryMs = 300;

export async function backfill(
  client: Client,
  io: Io,
  workflow: string,
  options: BackfillCommandOptions,
): Promise<ExitCode> {
  const { param, wait, json, dates, ...rest } = options;
  const request: BackfillRequest = {
    ...rest,
    params: paramsOf(param),
    ...(dates === undefined ? {} : { dates: dates.split(",").map((date) => date.trim()) }),
  };
  let shown = await client.post<BackfillShape>(`${workflowRoute(workflow)}/backfills`, request);
  if (!options.plan && wait) {
    if (!json) say(io, `backfill ${shown.id} of ${workflow}`);
    shown = await untilOver(client, io, shown, json !== true);
  }
  if (json) printJson(io, shown);
  else print(io, planTable(io, shown, options.plan === true));
  if (options.plan && !json) say(io, "This is the plan: nothing was started.");
  if (!options.plan && !wait && !json) say(io, `backfill ${shown.id} has begun`);
  return shown.state === "failed" || shown.state === "cancelled" ? 1 : 0;
}

async function untilOver(client: Client, io: Io, first: BackfillShape, tell: boolean): Promise<BackfillShape> {
  const told = new Set<string>();
  let shown = first;
  for (;;) {
    for (const { scheduleTime, instance, state } of shown.plan) {
      const isOver = state === "succeeded" || state === "failed" || state === "stopped";
      if (!tell || !isOver || !instance || told.has(instance)) continue;
      told.add(instance);
      say(io, `${scheduleTime}  ${coloured(io, state)}  instance ${instance}`);
    }
    if (shown.state !== "running" && shown.state !== "paused") return shown;
    if (io.signal.aborted) return shown;
    await delay(lookEveryMs, undefined, { signal: io.signal }).catch(() => {});
    shown = await client.get<BackfillShape>(`/backfills/${shown.id}`);
  }
}

function planTable(io: Io, shown: BackfillShape, isPlan: boolean): string {
  if (isPlan) {
    return table(
      io,
      ["DATE", "WORKFLOW", "ACTION", "WHY"],
      shown.plan.map((one) => [one.scheduleTime, one.workflow, one.action, one.why]),
    );
  }
  return table(
    io,
    ["DATE", "WORKFLOW", "ACTION", "INSTANCE", "STATE"],
    shown.plan.map((one) => [one.scheduleTime, one.workflow, one.action, one.instance ?? "", one.state ?? ""]),
  );
}
