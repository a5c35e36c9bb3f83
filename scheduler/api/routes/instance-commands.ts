// What is asked of an instance or a task of it: each is a command row, and a master does the rest.

import type { JsonValue } from "../../model/definition.ts";
import { splitTaskInstanceId, type WorkflowInstanceId, workflowInstanceId } from "../../model/ids.ts";
import { isOver } from "../../model/life/workflow-instance.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { WorkflowInstanceState } from "../../model/states.ts";
import { insertCommandOnce, type NewCommand } from "../../store/instances.ts";
import { loadDefinition, loadInstances } from "../../store/loading.ts";
import { instance, type ListedInstance } from "../../store/queries.ts";
import type { CommandKind } from "../../store/records.ts";
import { isDone } from "../../store/request-keys.ts";
import { type InstanceShape, instanceSchema, type RunTasksRequest, runTasksRequestSchema } from "../contract.ts";
import { type Route, route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";

export function commandRoutes(
  deps: RouteDeps,
  show: (deps: RouteDeps, id: WorkflowInstanceId) => Promise<InstanceShape>,
): readonly Route[] {
  return [
    ...(["pause", "resume", "stop", "rerun", "rerun-failed"] as const).map((action) =>
      route({
        method: "post",
        path: `/instances/{id}/${action}`,
        summary: actions[action].summary,
        answer: instanceSchema,
        handle: async ({ params, idempotencyKey }) => {
          const found = await wantedInstance(deps, instanceIdOf(params));
          await ask(deps, found, { action, payload: {}, key: idempotencyKey });
          return show(deps, found.id);
        },
      }),
    ),
    route({
      method: "post",
      path: "/instances/{id}/run-tasks",
      summary: actions["run-tasks"].summary,
      body: runTasksRequestSchema,
      answer: instanceSchema,
      handle: async ({ params, body, idempotencyKey }) => {
        const found = await wantedInstance(deps, instanceIdOf(params));
        await checkTasks(deps, found, body);
        const payload = { tasks: body.tasks, scope: body.scope ?? "with_downstream" };
        await ask(deps, found, { action: "run-tasks", payload, key: idempotencyKey });
        return show(deps, found.id);
      },
    }),
    route({
      method: "post",
      path: "/task-instances/{id}/force-success",
      summary: "Let a failed or killed task count as succeeded; what its failure held up goes on.",
      answer: instanceSchema,
      handle: async ({ params, idempotencyKey }) => {
        const { id = "" } = params;
        const parts = splitTaskInstanceId(id);
        if (!parts)
          throw new OperationError("not_found", `"${id}" is no id of a task instance: expected one like 12.0`);
        const found = await wantedInstance(deps, parts.instance);
        await insert(deps, idempotencyKey, async () => {
          await checkForced(deps, parts.instance, parts.taskIndex);
          return { ...asked(found), kind: "force_success", payload: { task: parts.taskIndex } };
        });
        return show(deps, found.id);
      },
    }),
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
  "run-tasks": {
    kind: "run_task",
    states: ["stopped", "failed", "succeeded", "paused", "running"],
    summary: "Run chosen tasks (again) inside the instance: only them, or with what follows or precedes them.",
  },
} as const satisfies {
  readonly [action: string]: {
    readonly kind: CommandKind;
    readonly states: readonly WorkflowInstanceState[];
    readonly summary: string;
  };
};

interface Asked {
  readonly action: keyof typeof actions;
  readonly payload: { readonly [name: string]: JsonValue };
  readonly key: string | undefined;
}

/** Asking twice is no error: a stop of what has stopped already changes nothing. */
async function ask(deps: RouteDeps, found: ListedInstance, { action, payload, key }: Asked): Promise<void> {
  const { kind, states } = actions[action];
  const alreadySo =
    (kind === "stop" && (isOver(found.state) || found.state === "stopping")) ||
    (kind === "pause" && (found.state === "pausing" || found.state === "paused"));
  await insert(deps, key, async () => {
    if (alreadySo) return undefined;
    if (states.some((state) => state === found.state)) return { ...asked(found), kind, payload };
    throw new OperationError(
      "conflict",
      `instance ${found.id} is ${found.state}: ${action} needs one that is ${states.join(" or ")}`,
    );
  });
}

const asked = ({ id, priority }: ListedInstance) => ({ instance: id, priority });

/** `command` says what to ask, if anything, or why that cannot be. */
async function insert(
  { database, wake }: RouteDeps,
  key: string | undefined,
  command: () => Promise<NewCommand | undefined>,
): Promise<void> {
  if (await isDone(database, key)) return;
  await insertCommandOnce(database, key, await command());
  wake();
}

async function checkTasks({ database }: RouteDeps, found: ListedInstance, { tasks }: RunTasksRequest): Promise<void> {
  const loaded = await loadDefinition(database, found.workflowId, found.version);
  const names = loaded?.definition.tasks.map(({ name }) => name) ?? [];
  for (const name of tasks) {
    if (names.includes(name)) continue;
    throw new OperationError("invalid", `there is no task "${name}" in ${found.project}/${found.workflow}`);
  }
}

async function checkForced({ database }: RouteDeps, id: WorkflowInstanceId, taskIndex: number): Promise<void> {
  const [row] = await loadInstances(database, [id]);
  const state = row?.tasks.find((task) => task.taskIndex === taskIndex)?.life.state ?? "not started";
  if (state === "failed" || state === "killed" || state === "forced_success") return;
  const text = `task instance ${id}.${taskIndex} is ${state}: force-success needs one that is failed or killed`;
  throw new OperationError("conflict", text);
}

export const instanceIdOf = (params: { readonly [name: string]: string }): WorkflowInstanceId => {
  const { id = "" } = params;
  if (/^\d{1,19}$/.test(id)) return workflowInstanceId(id);
  throw new OperationError("not_found", `"${id}" is no id of an instance: expected a number`);
};

export async function wantedInstance({ database }: RouteDeps, id: WorkflowInstanceId): Promise<ListedInstance> {
  const found = await instance(database, id);
  if (!found) throw new OperationError("not_found", `there is no instance ${id}`);
  return found;
}
