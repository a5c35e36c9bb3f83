// Instances: start, list, look at, follow, and ask something of them. Every write is a row; a master does the rest.

import { z } from "zod";
import { priorities, type WorkflowDefinition } from "../../model/definition.ts";
import { type WorkflowInstanceId, workflowInstanceId } from "../../model/ids.ts";
import { isOver } from "../../model/life/workflow-instance.ts";
import { OperationError } from "../../model/operation-error.ts";
import { wrongParamValue } from "../../model/params.ts";
import { type WorkflowInstanceState, workflowInstanceStates } from "../../model/states.ts";
import { createInstance, insertCommand } from "../../store/instances.ts";
import { loadDefinition, loadInstances } from "../../store/loading.ts";
import { eventsAfter, instance, instances, type ListedInstance, type StoredWorkflow } from "../../store/queries.ts";
import type { CommandKind } from "../../store/records.ts";
import { pageQuery } from "../app.ts";
import { type InstanceShape, instanceSchema, page, type StartRequest, startRequestSchema } from "../contract.ts";
import { resumeAt, type StreamEvent, streamEvents } from "../event-stream.ts";
import { eventShape, instanceShape, taskShapes } from "../present.ts";
import { type Route, route } from "../route.ts";
import { untilChanged } from "../wait.ts";
import { deployedWorkflow, type RouteDeps } from "./deps.ts";

export function instanceRoutes(deps: RouteDeps): readonly Route[] {
  const { database } = deps;
  return [
    route({
      method: "post",
      path: "/projects/{p}/workflows/{w}/instances",
      summary: "Start an instance.",
      body: startRequestSchema,
      answer: instanceSchema,
      status: 201,
      handle: async ({ params, body, idempotencyKey }) => {
        const found = await deployedWorkflow(deps, params);
        checkStart(found.definition, body);
        const id = await start(deps, found, body, idempotencyKey);
        deps.wake();
        return show(deps, id);
      },
    }),
    route({
      method: "get",
      path: "/instances",
      summary: "Instances, the newest first.",
      isForAnyProject: true,
      query: pageQuery.extend({
        project: z.string().optional(),
        workflow: z.string().optional(),
        state: z.string().optional(),
        backfill: z.string().optional(),
      }),
      answer: page(instanceSchema),
      handle: async ({ query, access }) => {
        const limit = query.limit ?? 50;
        const mine = access.projects("viewer");
        const rows = await instances(database, {
          limit: limit + 1,
          ...(mine === undefined ? {} : { projects: mine }),
          ...(query.project === undefined ? {} : { project: query.project }),
          ...(query.workflow === undefined ? {} : { workflow: query.workflow }),
          ...(query.state === undefined ? {} : { states: statesOf(query.state) }),
          ...(query.backfill === undefined ? {} : { backfill: query.backfill }),
          ...(query.cursor === undefined ? {} : { before: query.cursor }),
        });
        const shown = rows.slice(0, limit);
        return {
          items: shown.map((one) => instanceShape(one)),
          next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null,
        };
      },
    }),
    route({
      method: "get",
      path: "/instances/{id}",
      summary: "One instance with its tasks, their attempts, and why waiting tasks wait.",
      answer: instanceSchema,
      handle: ({ params }) => show(deps, idOf(params)),
    }),
    route({
      method: "get",
      path: "/instances/{id}/events",
      summary: "Every change of state, as server-sent events; resumable by `Last-Event-ID`. Ends with the instance.",
      handle: async ({ params, request, response }) => {
        const found = await wanted(deps, idOf(params));
        const loaded = await loadDefinition(database, found.workflowId, found.version);
        if (!loaded) throw new OperationError("not_found", `the definition of instance ${found.id} is gone`);
        await streamEvents(request, response, (signal) =>
          follow(deps, { id: found.id, definition: loaded.definition, after: resumeAt(request, 0), signal }),
        );
      },
    }),
    ...(["pause", "resume", "stop", "rerun", "rerun-failed"] as const).map((action) =>
      route({
        method: "post",
        path: `/instances/{id}/${action}`,
        summary: actions[action].summary,
        answer: instanceSchema,
        handle: async ({ params }) => {
          const found = await wanted(deps, idOf(params));
          await ask(deps, found, action);
          return show(deps, found.id);
        },
      }),
    ),
  ];
}

const actions = {
  pause: { kind: "pause", states: ["running"], summary: "Let running attempts end and start nothing more." },
  resume: { kind: "resume", states: ["paused", "pausing"], summary: "Go on after a pause." },
  stop: {
    kind: "stop",
    states: ["submitted", "serial_wait", "running", "pausing", "paused", "stopping"],
    summary: "Kill running attempts and start nothing more.",
  },
  rerun: {
    kind: "rerun",
    states: ["stopped", "failed", "succeeded", "paused"],
    summary: "Run the whole instance again.",
  },
  "rerun-failed": {
    kind: "recover_failed",
    states: ["stopped", "failed", "paused", "running"],
    summary: "Run failed and killed tasks again, and what follows them.",
  },
} as const satisfies {
  readonly [action: string]: {
    readonly kind: CommandKind;
    readonly states: readonly WorkflowInstanceState[];
    readonly summary: string;
  };
};

/** Asking twice is no error: a stop of what has stopped already changes nothing. */
async function ask(deps: RouteDeps, found: ListedInstance, action: keyof typeof actions): Promise<void> {
  const { kind, states } = actions[action];
  const alreadySo =
    (kind === "stop" && (isOver(found.state) || found.state === "stopping")) ||
    (kind === "pause" && (found.state === "pausing" || found.state === "paused"));
  if (alreadySo) return;
  if (!states.some((state) => state === found.state)) {
    throw new OperationError(
      "conflict",
      `instance ${found.id} is ${found.state}: ${action} needs one that is ${states.join(" or ")}`,
    );
  }
  await insertCommand(deps.database.knex, deps.database.nowMs(), {
    kind,
    instance: found.id,
    priority: found.priority,
  });
  deps.wake();
}

const idOf = (params: { readonly [name: string]: string }): WorkflowInstanceId => {
  const { id = "" } = params;
  if (/^\d{1,19}$/.test(id)) return workflowInstanceId(id);
  throw new OperationError("not_found", `"${id}" is no id of an instance: expected a number`);
};

async function wanted({ database }: RouteDeps, id: WorkflowInstanceId): Promise<ListedInstance> {
  const found = await instance(database, id);
  if (!found) throw new OperationError("not_found", `there is no instance ${id}`);
  return found;
}

function statesOf(text: string): readonly WorkflowInstanceState[] {
  return text.split(",").map((word) => {
    const state = workflowInstanceStates.find((one) => one === word);
    if (state) return state;
    throw new OperationError(
      "invalid",
      `"${word}" is no state of an instance: expected ${workflowInstanceStates.join(", ")}`,
    );
  });
}

function checkStart(definition: WorkflowDefinition, request: StartRequest): void {
  const known = new Map([
    ...definition.tasks.flatMap((task) => task.inputs.map((input) => [input.name, input] as const)),
    ...definition.params.map((param) => [param.name, param] as const),
  ]);
  for (const [name, value] of Object.entries(request.params ?? {})) {
    const param = known.get(name);
    if (!param) {
      const names = [...known.keys()].join(", ") || "none";
      throw new OperationError(
        "invalid",
        `there is no param "${name}" in ${definition.project}/${definition.name}: it has ${names}`,
      );
    }
    const wrong = wrongParamValue(param, value);
    if (wrong) throw new OperationError("invalid", wrong);
  }
  for (const name of request.from ?? []) {
    if (definition.tasks.some((task) => task.name === name)) continue;
    throw new OperationError("invalid", `there is no task "${name}" in ${definition.project}/${definition.name}`);
  }
  if (request.scope !== undefined && (request.from ?? []).length === 0) {
    throw new OperationError(
      "invalid",
      `scope "${request.scope}" needs the tasks to start from: give \`from\` as well`,
    );
  }
}

async function start(
  deps: RouteDeps,
  found: StoredWorkflow,
  request: StartRequest,
  idempotencyKey: string | undefined,
): Promise<WorkflowInstanceId> {
  const { database } = deps;
  const nowMs = database.nowMs();
  const { params = {}, from, scope, failureStrategy, workerGroup, note } = request;
  const { id } = await database.transact((transaction) =>
    createInstance(transaction, nowMs, {
      workflowId: found.id,
      version: found.version,
      trigger: "manual",
      scheduleTimeMs: null,
      dryRun: request.dryRun ?? false,
      priority: priorities.indexOf(request.priority ?? found.definition.priority),
      options: {
        params,
        ...(from ? { from } : {}),
        ...(scope ? { scope } : {}),
        ...(failureStrategy ? { failureStrategy } : {}),
        ...(workerGroup ? { workerGroup } : {}),
        ...(note ? { note } : {}),
      },
      ...(idempotencyKey ? { origin: `key:${idempotencyKey}` } : {}),
    }),
  );
  return id;
}

async function show(deps: RouteDeps, id: WorkflowInstanceId): Promise<InstanceShape> {
  const { database, registry } = deps;
  const found = await wanted(deps, id);
  const [loaded, rows] = await Promise.all([
    loadDefinition(database, found.workflowId, found.version),
    loadInstances(database, [id]),
  ]);
  const [row] = rows;
  if (!loaded || !row) throw new OperationError("not_found", `instance ${id} is gone`);
  const workers = row.tasks.some((task) => task.life.state === "submitted")
    ? await registry.members("worker").catch(() => undefined)
    : [];
  const whyNoWorker = (group: string): string => {
    if (!workers) return "waits for a worker; the registry does not answer, so nothing is known about them";
    const inGroup = workers.filter((worker) => worker.data.groups.includes(group));
    if (inGroup.length === 0) return `no worker is in group "${group}": start one, or choose another group`;
    return `waits for one of the ${inGroup.length} workers of group "${group}" to be free`;
  };
  const shape = instanceShape(found);
  const { definition } = loaded;
  return {
    ...shape,
    tasks: taskShapes({ instance: found, definition, tasks: row.tasks, attempts: row.attempts, whyNoWorker }),
  };
}

const eventsAtOnce = 500;

async function* follow(
  { database }: RouteDeps,
  what: {
    readonly id: WorkflowInstanceId;
    readonly definition: WorkflowDefinition;
    readonly after: number;
    readonly signal: AbortSignal;
  },
): AsyncIterable<StreamEvent> {
  let { after } = what;
  while (!what.signal.aborted) {
    const events = await eventsAfter(database, what.id, after, eventsAtOnce);
    for (const event of events) {
      after = event.seq;
      yield { id: String(event.seq), data: eventShape(what.id, what.definition, event) };
    }
    if (events.length > 0) continue;
    const found = await instance(database, what.id);
    if (!found || (isOver(found.state) && found.eventSeq <= after)) return;
    await untilChanged(what.signal);
  }
}
