// Rows as the shapes of the contract.

import type { WorkflowDefinition } from "../model/definition.ts";
import { taskInstanceId } from "../model/ids.ts";
import { planOfStart } from "../model/life/run-plan.ts";
import { isOver } from "../model/life/workflow-instance.ts";
import type { Problem } from "../model/problem.ts";
import { formatInZone } from "../model/time/dates.ts";
import type { StoredBackfill } from "../store/backfills.ts";
import type { ListedInstance, StoredWorkflow } from "../store/queries.ts";
import type { AttemptRecord, EventRecord, TaskRecord } from "../store/records.ts";
import type {
  AttemptShape,
  BackfillShape,
  EventShape,
  InstanceShape,
  ProblemShape,
  TaskInstanceShape,
  WaitingShape,
  WorkflowShape,
} from "./contract.ts";

export const time = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms));

export const problemShape = (path: string, problem: Problem): ProblemShape => ({
  path,
  code: problem.code,
  severity: problem.severity,
  message: problem.message,
  range: problem.range,
  ...(problem.related
    ? { related: problem.related.map((one) => ({ path: one.path ?? path, message: one.message, range: one.range })) }
    : {}),
});

export function instanceShape(instance: ListedInstance): InstanceShape {
  return {
    id: instance.id,
    project: instance.project,
    workflow: instance.workflow,
    version: instance.version,
    state: instance.state,
    trigger: instance.trigger,
    scheduleTime: instance.scheduleTimeMs === null ? null : formatInZone(instance.scheduleTimeMs, instance.zone),
    startedAt: timeOrNull(instance.startedAtMs),
    endedAt: timeOrNull(instance.endedAtMs),
    runTimes: instance.runTimes,
    dryRun: instance.dryRun,
    params: { ...instance.params },
    owner: instance.owner,
    ...(instance.options.note === undefined ? {} : { note: instance.options.note }),
    ...(instance.parent === null
      ? {}
      : {
          parent: {
            instance: instance.parent.instance,
            taskInstance: taskInstanceId(instance.parent.instance, instance.parent.taskIndex),
          },
        }),
    ...(instance.backfill === null ? {} : { backfill: instance.backfill }),
    ...(instance.state === "serial_wait"
      ? { waiting: { reason: "serial" as const, text: "waits for earlier instances of this workflow to end" } }
      : {}),
  };
}

export interface TasksToShow {
  readonly instance: ListedInstance;
  readonly definition: WorkflowDefinition;
  readonly tasks: readonly TaskRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly children: readonly { readonly id: string; readonly taskIndex: number }[];
  /** Why a task waits, by its index; undefined where it does not. */
  readonly why: (task: number) => WaitingShape | undefined;
}

/** Every task of the run: those that have not started are `submitted` and say what they wait for, while the instance goes on. */
export function taskShapes(shown: TasksToShow): TaskInstanceShape[] {
  const { instance, definition } = shown;
  const plan = instance.plan ?? planOfStart(definition, instance.options);
  const included = plan.tasks && new Set(plan.tasks);
  const known = new Map(shown.tasks.map((task) => [task.taskIndex, task]));
  const attempts = Map.groupBy(shown.attempts, (attempt) => attempt.taskIndex);
  const children = Map.groupBy(shown.children, (child) => child.taskIndex);
  const goesOn = !isOver(instance.state) && instance.state !== "paused";
  return definition.tasks.flatMap((task, index) => {
    const record = known.get(index);
    if (!record && (!goesOn || included?.has(index) === false)) return [];
    const waiting = goesOn ? shown.why(index) : undefined;
    const reason = record && "reason" in record.life ? record.life.reason : undefined;
    return [
      {
        id: taskInstanceId(instance.id, index),
        name: task.name,
        type: task.type,
        state: record?.life.state ?? "submitted",
        submittedAt: timeOrNull(record?.submittedAtMs ?? null),
        startedAt: timeOrNull(record?.startedAtMs ?? null),
        endedAt: timeOrNull(record?.endedAtMs ?? null),
        ...(waiting ? { waiting } : {}),
        ...(reason === undefined ? {} : { reason }),
        attempts: (attempts.get(index) ?? []).map(attemptShape),
        outputs: { ...record?.outputs },
        ...childrenShape(children.get(index)?.map((child) => child.id) ?? [], task.subWorkflow?.forEach !== undefined),
      },
    ];
  });
}

function childrenShape(
  ids: readonly string[],
  areMany: boolean,
): Pick<TaskInstanceShape, "childInstance" | "childInstances"> {
  const last = ids.at(-1);
  if (last === undefined) return {};
  return { childInstance: last, ...(areMany ? { childInstances: [...ids] } : {}) };
}

const attemptShape = (attempt: AttemptRecord): AttemptShape => ({
  attempt: attempt.attempt,
  state: attempt.state,
  worker: attempt.worker,
  startedAt: timeOrNull(attempt.startedAtMs),
  endedAt: timeOrNull(attempt.endedAtMs),
  ...(attempt.exitCode === null ? {} : { exitCode: attempt.exitCode }),
  ...(attempt.reason === null ? {} : { reason: attempt.reason }),
  ...(attempt.job === null ? {} : { job: attempt.job }),
});

export function workflowShape(workflow: StoredWorkflow, last: ListedInstance | undefined): WorkflowShape {
  const { definition, schedule } = workflow;
  return {
    project: workflow.project,
    workflow: workflow.name,
    title: definition.title ?? null,
    version: workflow.version,
    path: workflow.path,
    online: schedule?.online ?? null,
    cron: schedule?.cron ?? null,
    zone: definition.zone,
    nextFireAt:
      schedule?.online && schedule.nextFireAtMs !== null ? formatInZone(schedule.nextFireAtMs, definition.zone) : null,
    ...(last ? { lastInstance: instanceShape(last) } : {}),
  };
}

export const backfillShape = (backfill: StoredBackfill): BackfillShape => ({
  id: backfill.id,
  project: backfill.project,
  workflow: backfill.workflow,
  state: backfill.state,
  plan: backfill.dates.map((date) => ({
    workflow: `${date.project}/${date.workflow}`,
    scheduleTime: formatInZone(date.scheduleTimeMs, date.zone),
    action: date.action,
    why: date.why,
    ...(date.instance === null ? {} : { instance: date.instance }),
    ...(date.state === null ? {} : { state: date.state }),
  })),
});

export const eventShape = (instance: string, definition: WorkflowDefinition, event: EventRecord): EventShape => ({
  kind: event.kind,
  at: time(event.atMs),
  instance,
  ...(event.taskIndex === null
    ? {}
    : { taskInstance: `${instance}.${event.taskIndex}`, task: definition.tasks[event.taskIndex]?.name ?? "" }),
  ...(event.attempt === null ? {} : { attempt: event.attempt }),
  state: event.state,
  ...(event.reason === null ? {} : { reason: event.reason }),
});
