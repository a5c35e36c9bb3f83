// The commands that look: `instances`, `show`, `logs`, `cluster`; and those that ask something of an instance.

import type {
  ClusterShape,
  InstanceShape,
  LogChunk,
  Page,
  RunTasksRequest,
  TaskInstanceShape,
} from "../../api/contract.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { Client } from "../client.ts";
import { followLog } from "../follow.ts";
import { gantt } from "../gantt.ts";
import { type ExitCode, type Io, print, printJson } from "../io.ts";
import { coloured, duration, table } from "../render.ts";
import { splitWorkflowName } from "../workflow-name.ts";

export async function instances(
  client: Client,
  io: Io,
  workflow: string | undefined,
  options: { readonly state?: string; readonly limit?: number; readonly json?: boolean },
): Promise<ExitCode> {
  const query = new URLSearchParams();
  if (workflow !== undefined) {
    const { project, workflow: name } = splitWorkflowName(workflow);
    query.set("project", project);
    query.set("workflow", name);
  }
  if (options.state !== undefined) query.set("state", options.state);
  query.set("limit", String(options.limit ?? 20));
  const page = await client.get<Page<InstanceShape>>(`/instances?${query}`);
  if (options.json) {
    printJson(io, page);
    return 0;
  }
  const rows = page.items.map((one) => [
    one.id,
    `${one.project}/${one.workflow}`,
    one.state,
    one.trigger,
    one.scheduleTime ?? "",
    one.startedAt ?? "",
    duration(one.startedAt, one.endedAt),
  ]);
  print(io, table(io, ["ID", "WORKFLOW", "STATE", "TRIGGER", "SCHEDULE TIME", "STARTED", "TOOK"], rows));
  return 0;
}

export async function show(
  client: Client,
  io: Io,
  id: string,
  options: { readonly json?: boolean; readonly gantt?: boolean },
): Promise<ExitCode> {
  const one = await client.get<InstanceShape>(`/instances/${encodeURIComponent(id)}`);
  if (options.json) {
    printJson(io, one);
    return 0;
  }
  print(io, `${one.project}/${one.workflow} version ${one.version}, instance ${one.id}: ${coloured(io, one.state)}`);
  const facts = [
    `trigger ${one.trigger}`,
    ...(one.scheduleTime ? [`schedule time ${one.scheduleTime}`] : []),
    ...(one.startedAt ? [`started ${one.startedAt}`, `took ${duration(one.startedAt, one.endedAt)}`] : []),
    `run ${one.runTimes}`,
    ...(one.dryRun ? ["dry run"] : []),
  ];
  print(io, facts.join(" · "));
  for (const [name, value] of Object.entries(one.params)) print(io, `  ${name} = ${value}`);
  if (options.gantt) {
    const width = "columns" in io.stdout && typeof io.stdout.columns === "number" ? io.stdout.columns : 100;
    const picture = gantt(one, { width, nowMs: Date.now(), isColoured: io.isTerminal });
    print(io, picture ?? "nothing of it has started yet");
    return 0;
  }
  const rows = (one.tasks ?? []).map((task) => [
    task.id,
    task.name,
    task.type,
    task.state,
    String(task.attempts.length),
    duration(task.startedAt, task.endedAt),
    task.waiting?.text ?? task.reason ?? task.attempts.at(-1)?.reason ?? elsewhere(task),
  ]);
  print(io, table(io, ["TASK INSTANCE", "NAME", "TYPE", "STATE", "ATTEMPTS", "TOOK", "WHY"], rows));
  return 0;
}

/** What a task waits for that runs elsewhere. */
function elsewhere({ childInstance, attempts }: TaskInstanceShape): string {
  const job = attempts.at(-1)?.job;
  if (childInstance !== undefined) return `instance ${childInstance}`;
  return job === undefined ? "" : `job ${job}`;
}

export async function logs(
  client: Client,
  io: Io,
  id: string,
  options: { readonly attempt?: number; readonly follow?: boolean },
): Promise<ExitCode> {
  if (options.follow) {
    await followLog(client, io, { taskInstance: id, attempt: options.attempt }, (line) => print(io, line));
    return 0;
  }
  const attempt = options.attempt === undefined ? "" : `&attempt=${options.attempt}`;
  for (let offset = 0; !io.signal.aborted; ) {
    const chunk = await client.get<LogChunk>(
      `/task-instances/${encodeURIComponent(id)}/logs?offset=${offset}${attempt}`,
    );
    io.stdout.write(chunk.text);
    if (chunk.ended || chunk.nextOffset === offset) break;
    offset = chunk.nextOffset;
  }
  return 0;
}

export async function cluster(client: Client, io: Io, options: { readonly json?: boolean }): Promise<ExitCode> {
  const found = await client.get<ClusterShape>("/cluster");
  if (options.json) {
    printJson(io, found);
    return 0;
  }
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const rows = found.items.map((one) => [
    one.kind,
    one.incarnation,
    one.status,
    one.kind === "worker" ? `${one.slotsUsed}/${one.slots}` : "",
    one.kind === "worker" ? percent(one.cpu) : "",
    one.kind === "worker" ? percent(one.memory) : "",
    one.groups.join(", "),
    one.startedAt,
  ]);
  print(io, table(io, ["KIND", "INCARNATION", "STATUS", "SLOTS", "CPU", "MEMORY", "GROUPS", "SINCE"], rows));
  return 0;
}

export interface RerunOptions {
  readonly from: readonly string[];
  readonly scope?: NonNullable<RunTasksRequest["scope"]>;
  readonly json?: boolean;
}

/** The whole instance again, or chosen tasks inside it. */
export async function rerun(client: Client, io: Io, id: string, options: RerunOptions): Promise<ExitCode> {
  const { from, scope, ...rest } = options;
  if (from.length > 0) return ask(client, io, id, "run-tasks", rest, { tasks: from, ...(scope ? { scope } : {}) });
  if (scope) throw new OperationError("invalid", "--scope needs the tasks to start from: give --from as well");
  return ask(client, io, id, "rerun", rest);
}

export async function forceSuccess(
  client: Client,
  io: Io,
  taskInstance: string,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const one = await client.post<InstanceShape>(`/task-instances/${encodeURIComponent(taskInstance)}/force-success`, {});
  return tellState(io, one, options);
}

export async function ask(
  client: Client,
  io: Io,
  id: string,
  action: string,
  options: { readonly json?: boolean },
  body: object = {},
): Promise<ExitCode> {
  return tellState(io, await client.post(`/instances/${encodeURIComponent(id)}/${action}`, body), options);
}

function tellState(io: Io, one: InstanceShape, options: { readonly json?: boolean }): ExitCode {
  if (options.json) printJson(io, one);
  else print(io, `instance ${one.id} is ${coloured(io, one.state)}`);
  return 0;
}
