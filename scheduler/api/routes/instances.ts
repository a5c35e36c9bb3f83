// Instances: start, list, look at, follow, and ask something of them. Every write is a row; a master does the rest.

import { z } from "zod";
import { priorities, type WorkflowDefinition } from "../../model/definition.ts";
import type { WorkflowInstanceId } from "../../model/ids.ts";
import { isOver } from "../../model/life/workflow-instance.ts";
import { OperationError } from "../../model/operation-error.ts";
import { wrongParamValue } from "../../model/params.ts";
import { triggers, type WorkflowInstanceState, workflowInstanceStates } from "../../model/states.ts";
import { childrenByTask } from "../../store/children.ts";
import { instanceStarter } from "../../store/instance-starter.ts";
import type { NewInstance } from "../../store/instances.ts";
import { loadDefinition, loadInstances } from "../../store/loading.ts";
import { eventsAfter, instance, instances, type StoredWorkflow } from "../../store/queries.ts";
import { pageQuery } from "../app.ts";
import { type InstanceShape, instanceSchema, page, type StartRequest, startRequestSchema } from "../contract.ts";
import { resumeAt, type StreamEvent, streamEvents } from "../event-stream.ts";
import { eventShape, instanceShape, taskShapes } from "../present.ts";
import { type Route, route } from "../route.ts";
import { untilChanged } from "../wait.ts";
import { deployedWorkflow, type RouteDeps } from "./deps.ts";
import { commandRoutes, instanceIdOf, wantedInstance } from "./instance-commands.ts";
import { whyTasksWait } from "./waiting.ts";

export function instanceRoutes(deps: RouteDeps): readonly Route[] {
  const { database } = deps;
  const starter = instanceStarter(database);
  return [
    route({
      method: "post",
      path: "/projects/{p}/workflows/{w}/instances",
      summary: "Start an instance.",
      body: startRequestSchema,
      answer: instanceSchema,
      status: 201,
      handle: async ({ params, body, access, idempotencyKey }) => {
        const found = await deployedWorkflow(deps, params);
        checkStart(found.definition, body);
        const id = await starter.start(startOf(found, body, idempotencyKey));
        deps.log.info(
          { instance: id, by: access.name, project: found.project, workflow: found.name },
          "an instance was asked for",
        );
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
        trigger: z.enum(triggers).optional(),
        parent: z.string().optional(),
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
          ...(query.trigger === undefined ? {} : { trigger: query.trigger }),
          ...(query.parent === undefined ? {} : { parent: query.parent }),
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
      handle: ({ params }) => show(deps, instanceIdOf(params)),
    }),
    route({
      method: "get",
      path: "/instances/{id}/events",
      summary: "Every change of state, as server-sent events; resumable by `Last-Event-ID`. Ends with the instance.",
      handle: async ({ params, request, response }) => {
        const found = await wantedInstance(deps, instanceIdOf(params));
        const loaded = await loadDefinition(database, found.workflowId, found.version);
        if (!loaded) throw new OperationError("not_found", `the definition of instance ${found.id} is gone`);
        await streamEvents(request, response, (signal) =>
          follow(deps, { id: found.id, definition: loaded.definition, after: resumeAt(request, 0), signal }),
        );
      },
    }),
    ...commandRoutes(deps, show),
  ];
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

function startOf(found: StoredWorkflow, request: StartRequest, idempotencyKey: string | undefined): NewInstance {
  const { params = {}, from, scope, failureStrategy, workerGroup, environment, alertGroup, note } = request;
  return {
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
      ...(environment ? { environment } : {}),
      ...(alertGroup ? { alertGroup } : {}),
      ...(note ? { note } : {}),
    },
    ...(idempotencyKey ? { origin: `key:${idempotencyKey}` } : {}),
  };
}

async function show(deps: RouteDeps, id: WorkflowInstanceId): Promise<InstanceShape> {
  const { database } = deps;
  const found = await wantedInstance(deps, id);
  const [loaded, rows, children] = await Promise.all([
    loadDefinition(database, found.workflowId, found.version),
    loadInstances(database, [id]),
    childrenByTask(database, id),
  ]);
  const [row] = rows;
  if (!loaded || !row) throw new OperationError("not_found", `instance ${id} is gone`);
  const { definition } = loaded;
  const { tasks, attempts } = row;
  const why = await whyTasksWait(deps, { instance: found, definition, tasks });
  return {
    ...instanceShape(found),
    tasks: taskShapes({ instance: found, definition, tasks, attempts, children, why }),
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
