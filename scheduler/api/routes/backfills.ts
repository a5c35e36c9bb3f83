// Backfills: the plan first, then exactly that.

import type { z } from "zod";
import { priorities, type WorkflowDefinition } from "../../model/definition.ts";
import { type BackfillId, backfillId } from "../../model/ids.ts";
import {
  type BackfillState,
  backfillDates,
  type BackfillRequest as DatesRequest,
  type PlannedDate,
  planBackfill,
} from "../../model/life/backfill.ts";
import { OperationError } from "../../model/operation-error.ts";
import { wrongParamValue } from "../../model/params.ts";
import {
  advanceBackfill,
  createBackfill,
  instancesByScheduleTime,
  readBackfill,
  setBackfillState,
} from "../../store/backfills.ts";
import { type Waiter, waitedFor, waiters } from "../../store/dependencies.ts";
import type { StoredWorkflow } from "../../store/queries.ts";
import { type BackfillRequest, backfillRequestSchema, backfillSchema } from "../contract.ts";
import { backfillShape } from "../present.ts";
import { type Route, route } from "../route.ts";
import { deployedWorkflow, type RouteDeps } from "./deps.ts";

export function backfillRoutes(deps: RouteDeps): readonly Route[] {
  const { database } = deps;
  return [
    route({
      method: "post",
      path: "/projects/{p}/workflows/{w}/backfills",
      summary: "Plan a backfill (`plan: true`), or plan and start it.",
      body: backfillRequestSchema,
      answer: backfillSchema,
      handle: async ({ params, body, idempotencyKey }) => {
        const found = await deployedWorkflow(deps, params);
        const plan = await planOf(deps, found, body);
        if (body.plan) {
          const { project, name: workflow } = found;
          const dates = plan.map((date) => ({ ...date, instance: null, state: null }));
          return backfillShape({ id: backfillId(""), project, workflow, state: "running", dates });
        }
        const id = await createBackfill(database, {
          workflowId: found.id,
          lanes: body.parallel ?? 1,
          onFailure: body.onFailure ?? "stop",
          options: {
            start: { params: body.params ?? {} },
            priority: priorities.indexOf(found.definition.priority),
            dryRun: body.dryRun ?? false,
          },
          plan,
          ...(idempotencyKey ? { origin: `key:${idempotencyKey}` } : {}),
        });
        await advanceBackfill(database, id);
        deps.wake();
        return show(deps, id);
      },
    }),
    route({
      method: "get",
      path: "/backfills/{id}",
      summary: "A backfill with what became of each date.",
      answer: backfillSchema,
      handle: ({ params }) => show(deps, idOf(params)),
    }),
    ...(["pause", "resume", "cancel"] as const).map((action) =>
      route({
        method: "post",
        path: `/backfills/{id}/${action}`,
        remembersAnswer: true,
        summary: changes[action].summary,
        answer: backfillSchema,
        handle: async ({ params }) => {
          const id = idOf(params);
          const before = await show(deps, id);
          const change = changes[action];
          if (before.state !== change.to && !(await setBackfillState(database, id, change))) {
            throw new OperationError(
              "conflict",
              `backfill ${id} is ${before.state}: ${action} needs one that is ${change.from.join(" or ")}`,
            );
          }
          await advanceBackfill(database, id);
          deps.wake();
          return show(deps, id);
        },
      }),
    ),
  ];
}

const changes: {
  readonly [action in "pause" | "resume" | "cancel"]: {
    readonly from: readonly BackfillState[];
    readonly to: BackfillState;
    readonly summary: string;
  };
} = {
  pause: { from: ["running"], to: "paused", summary: "Start no further dates; those that run go on." },
  resume: { from: ["paused"], to: "running", summary: "Start further dates again." },
  cancel: { from: ["running", "paused"], to: "cancelled", summary: "Start no further dates, for good." },
};

const idOf = (params: { readonly [name: string]: string }): BackfillId => {
  const { id = "" } = params;
  if (/^\d{1,19}$/.test(id)) return backfillId(id);
  throw new OperationError("not_found", `"${id}" is no id of a backfill: expected a number`);
};

async function show({ database }: RouteDeps, id: BackfillId): Promise<z.infer<typeof backfillSchema>> {
  const found = await readBackfill(database, id);
  if (!found) throw new OperationError("not_found", `there is no backfill ${id}`);
  return backfillShape(found);
}

interface Planned extends PlannedDate {
  readonly workflowId: string;
  readonly project: string;
  readonly workflow: string;
  readonly zone: string;
}

/** First the dates of the workflow itself, then those of the workflows that wait for it, one step after the other. */
async function planOf(deps: RouteDeps, found: StoredWorkflow, body: BackfillRequest): Promise<readonly Planned[]> {
  for (const [name, value] of Object.entries(body.params ?? {})) {
    const param = found.definition.params.find((one) => one.name === name);
    const wrong = param
      ? wrongParamValue(param, value)
      : `there is no param "${name}" in ${found.project}/${found.name}`;
    if (wrong) throw new OperationError("invalid", wrong);
  }
  const plan = [...(await planOne(deps, found, body))];
  for (const dependent of await dependentsOf(deps, found, body.dependents ?? 0)) {
    plan.push(...(await planOne(deps, dependent, body)));
  }
  return plan;
}

async function planOne(
  { database }: RouteDeps,
  { id, definition }: { readonly id: string; readonly definition: WorkflowDefinition },
  body: BackfillRequest,
): Promise<readonly Planned[]> {
  const { project, name, zone } = definition;
  const result = backfillDates({ dates: datesOf(body) }, { cron: definition.schedule?.cron, zone });
  if (!result.ok) throw new OperationError("invalid", `${project}/${name}: ${result.message}`);
  const { timesMs } = result;
  const range = { fromMs: timesMs[0] ?? 0, toMs: timesMs.at(-1) ?? 0 };
  const existing = await instancesByScheduleTime(database, id, range);
  const request = { order: body.order ?? "asc", reprocess: body.reprocess ?? "missing" };
  return planBackfill(timesMs, request, existing).map((date) => ({
    ...date,
    workflowId: id,
    project,
    workflow: name,
    zone,
  }));
}

/** Workflows that wait for this one, then those that wait for them, each once. */
async function dependentsOf(
  { database }: RouteDeps,
  { project, name }: StoredWorkflow,
  depth: number,
): Promise<readonly Waiter[]> {
  if (depth === 0) return [];
  const all = await waiters(database);
  const nameOf = ({ definition }: Waiter): string => `${definition.project}/${definition.name}`;
  const seen = new Set([`${project}/${name}`]);
  const found: Waiter[] = [];
  let last: ReadonlySet<string> = seen;
  for (let step = 0; step < depth && last.size > 0; step += 1) {
    const before = last;
    const next = all.filter(
      (one) => !seen.has(nameOf(one)) && [...waitedFor(one.definition)].some((wanted) => before.has(wanted)),
    );
    found.push(...next);
    last = new Set(next.map(nameOf));
    for (const one of last) seen.add(one);
  }
  return found;
}

function datesOf({ from, to, dates }: BackfillRequest): DatesRequest["dates"] {
  if (dates !== undefined && from === undefined && to === undefined) return { kind: "list", list: dates };
  if (dates === undefined && from !== undefined && to !== undefined) return { kind: "range", from, to };
  throw new OperationError("invalid", "give either `from` and `to`, or `dates`");
}
