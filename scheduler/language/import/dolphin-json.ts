// DolphinScheduler's export of workflows (the JSON of `batch-export`, 2.x and 3.x).

import { parseCron } from "../../model/time/cron.ts";
import { isZone } from "../../model/time/zone.ts";
import { writtenName } from "../written-name.ts";
import { type Names, readTask } from "./dolphin-tasks.ts";
import { type Body, body, type ImportedWorkflow, note } from "./imported.ts";
import { readParams } from "./task-bodies.ts";
import { count, either, type Fields, fields, isFields, list, words } from "./values.ts";

/** Undefined where the JSON is something else. */
export function readDolphinJson(json: unknown): readonly ImportedWorkflow[] | undefined {
  const exports = (Array.isArray(json) ? json : [json]).filter(isFields);
  const isExport = (one: Fields) => isFields(definitionOf(one)) && list(one["taskDefinitionList"]).length >= 0;
  if (exports.length === 0 || !exports.every(isExport)) return undefined;
  const workflows = new Map<string, string>();
  for (const one of exports) {
    const { code, name } = fields(definitionOf(one));
    workflows.set(String(code), writtenName(words(name) ?? "unnamed"));
  }
  // Numbers of tasks are unique over all workflows.
  const tasks = new Map(
    exports.flatMap(tasksOf).map((task) => [String(task["code"]), words(task["name"]) ?? "unnamed"]),
  );
  return exports.map((one) =>
    readWorkflow(one, {
      task: (code) => tasks.get(String(code)),
      anyTask: (code) => tasks.get(String(code)),
      workflow: (code) => workflows.get(String(code)),
    }),
  );
}

const definitionOf = (one: Fields): unknown => either(one, "workflowDefinition", "processDefinition");
const tasksOf = (one: Fields): readonly Fields[] => list(one["taskDefinitionList"]).filter(isFields);

function readWorkflow(one: Fields, names: Names): ImportedWorkflow {
  const definition = fields(definitionOf(one));
  const out = body();
  const schedule = isFields(one["schedule"]) ? one["schedule"] : undefined;
  if (schedule) scheduleLines(schedule, out);
  const concurrency = words(definition["executionType"])?.toLowerCase();
  if (concurrency !== undefined && concurrency !== "parallel") out.lines.push(`concurrency = ${concurrency}`);
  const timeout = count(definition["timeout"]) ?? 0;
  if (timeout > 0) out.lines.push(`timeout = ${timeout}m`);
  const { ins: params } = readParams(either(definition, "globalParamList", "globalParams"), out);
  const read = tasksOf(one).map((task) => readTask(task, names));
  const relations = list(either(one, "workflowTaskRelationList", "processTaskRelationList")).filter(isFields);
  const branching = new Map(read.map(({ task, branches }) => [task.name, branches]));
  const edges = relations.flatMap((relation): readonly (readonly [string, string])[] => {
    const [from, to] = [names.task(relation["preTaskCode"]), names.task(relation["postTaskCode"])];
    if (from === undefined || to === undefined) return [];
    // A branch says it already.
    return (branching.get(from)?.length ?? 0) > 0 ? [] : [[from, to]];
  });
  const project = words(definition["projectName"]);
  const doc = words(definition["description"]);
  return {
    ...(project !== undefined && { project }),
    name: words(definition["name"]) ?? "unnamed",
    ...(doc !== undefined && { doc }),
    lines: out.lines,
    params,
    tasks: read.map(({ task }) => task),
    edges,
    notes: out.notes,
  };
}

function scheduleLines(schedule: Fields, out: Body): void {
  const { lines } = out;
  const cron = words(schedule["crontab"]) ?? "";
  const parsed = parseCron(cron);
  const zone = words(schedule["timezoneId"]);
  const isKnown = zone !== undefined && isZone(zone);
  if (zone !== undefined && !isKnown) note(out, `the time zone "${zone}" is not known here`);
  if (parsed.ok) {
    lines.push(`schedule = cron(${JSON.stringify(cron)})${isKnown ? ` in ${JSON.stringify(zone)}` : ""}`);
    const [from, to] = [dateOf(schedule["startTime"]), dateOf(schedule["endTime"])];
    if (from !== undefined && to !== undefined && from <= to) lines.push(`active = ${from} .. ${to}`);
    if (words(schedule["releaseState"])?.toUpperCase() === "OFFLINE") lines.push("online = false");
  } else
    note(
      out,
      `the cron ${JSON.stringify(cron)} does not read here: ${parsed.problems.map((one) => one.message).join("; ")}`,
    );
  if (words(schedule["failureStrategy"])?.toUpperCase() === "END") lines.push("on_failure = end");
  const priority = words(either(schedule, "workflowInstancePriority", "processInstancePriority"))?.toLowerCase();
  if (priority !== undefined && ["highest", "high", "low", "lowest"].includes(priority))
    lines.push(`priority = ${priority}`);
  const group = words(schedule["workerGroup"]);
  if (group !== undefined && group !== "default") lines.push(`worker_group = ${writtenName(group)}`);
  const warning = words(schedule["warningType"])?.toLowerCase() ?? "none";
  const warningGroup = count(schedule["warningGroupId"]) ?? 0;
  if (warning !== "none")
    note(out, `the alert group is known by the number ${warningGroup} only: add \`alert = ${warning} to name\``);
  if ((count(schedule["environmentCode"]) ?? 0) > 0)
    note(out, `the environment is known by the number ${schedule["environmentCode"]} only: add \`environment = name\``);
}

/** `2022-01-31 00:00:00`, or with a `T` and an offset: the local day. */
const dateOf = (value: unknown): string | undefined => /^(\d{4}-\d{2}-\d{2})\b/.exec(words(value) ?? "")?.[1];
