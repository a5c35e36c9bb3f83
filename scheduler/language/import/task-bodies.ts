// Attributes that tasks of every source have: in the words of DolphinScheduler, whichever way they were written.

import type { ParamType } from "../../model/definition.ts";
import { wrongParamValue } from "../../model/params.ts";
import { windowNames } from "../../model/time/windows.ts";
import { parseBlock } from "../parse.ts";
import { writtenName } from "../written-name.ts";
import { type Body, type ImportedParam, note } from "./imported.ts";
import { count, either, type Fields, list, words } from "./values.ts";
import { paramName } from "./write-flow.ts";

/** Fields under DolphinScheduler's own names; YAML files use them with `_`. */
export function commonLines(task: Fields, out: Body): void {
  const { lines } = out;
  const flag = words(either(task, "flag"))?.toUpperCase();
  if (flag === "NO") lines.push("enabled = false");
  const retries = count(either(task, "failRetryTimes", "fail_retry_times")) ?? 0;
  const interval = count(either(task, "failRetryInterval", "fail_retry_interval")) ?? 1;
  if (retries > 0) lines.push(`retries = ${Math.min(retries, 100)} every ${interval}m`);
  const timeout = count(either(task, "timeout")) ?? 0;
  const isTimed = words(either(task, "timeoutFlag", "timeout_flag"))?.toUpperCase() !== "CLOSE";
  if (timeout > 0 && isTimed) lines.push(`timeout = ${timeout}m then ${timeoutAction(task)}`);
  const delay = count(either(task, "delayTime", "delay_time")) ?? 0;
  if (delay > 0) lines.push(`delay = ${delay}m`);
  const priority = words(either(task, "taskPriority", "task_priority"))?.toLowerCase() ?? "medium";
  if (priority !== "medium" && ["highest", "high", "low", "lowest"].includes(priority))
    lines.push(`priority = ${priority}`);
  const group = words(either(task, "workerGroup", "worker_group"));
  if (group !== undefined && group !== "default") lines.push(`worker_group = ${writtenName(group)}`);
  const environment = words(either(task, "environmentName", "environment_name"));
  if (environment !== undefined) lines.push(`environment = ${writtenName(environment)}`);
  else if ((count(either(task, "environmentCode")) ?? 0) > 0)
    note(out, `the environment is known by the number ${task["environmentCode"]} only: add \`environment = name\``);
  const taskGroup = count(either(task, "taskGroupId", "task_group_id")) ?? 0;
  if (taskGroup > 0)
    note(
      out,
      `the task group is known by the number ${taskGroup} only: add \`task_group = name priority ${count(task["taskGroupPriority"]) ?? 0}\``,
    );
}

function timeoutAction(task: Fields): string {
  const strategy = words(either(task, "timeoutNotifyStrategy", "timeout_notify_strategy"))?.toUpperCase() ?? "WARN";
  const isFail = strategy.includes("FAIL");
  return strategy.includes("WARN") ? (isFail ? "warn_and_fail" : "warn") : isFail ? "fail" : "warn";
}

const types: { readonly [type: string]: ParamType } = {
  INTEGER: "integer",
  LONG: "integer",
  FLOAT: "float",
  DOUBLE: "float",
  BOOLEAN: "boolean",
  DATE: "date",
  LIST: "list",
  FILE: "file",
};

/** A list of `{prop, direct, type, value}`, or a map of names to values. */
export function readParams(
  given: unknown,
  out: Body,
): { ins: readonly ImportedParam[]; outs: readonly ImportedParam[] } {
  const ins: ImportedParam[] = [];
  const outs: ImportedParam[] = [];
  const seen = new Set<string>();
  for (const { prop, direct, type, value } of paramsOf(given)) {
    const name = paramName(prop);
    if (name !== prop)
      note(out, `the param "${prop}" is called ${name} here: change its uses in scripts outside the file`);
    if (seen.has(`${direct} ${name}`)) continue;
    seen.add(`${direct} ${name}`);
    const param = { name, type: fitting(types[type.toUpperCase()] ?? "string", name, value), ...(value && { value }) };
    if (direct === "OUT") outs.push({ name, type: param.type });
    else ins.push(param);
  }
  return { ins, outs };
}

function paramsOf(
  given: unknown,
): readonly { prop: string; direct: string; type: string; value: string | undefined }[] {
  const entries = list(given);
  if (entries.length === 0 && typeof given === "object" && given !== null && !Array.isArray(given))
    return Object.entries(given).map(([prop, value]) => ({
      prop,
      direct: "IN",
      type: yamlType(value),
      value: words(value),
    }));
  return entries.flatMap((entry) => {
    const one: Fields = typeof entry === "object" && entry !== null ? { ...entry } : {};
    const prop = words(one["prop"]);
    const direct = words(one["direct"])?.toUpperCase() ?? "IN";
    return prop === undefined
      ? []
      : [{ prop, direct, type: words(one["type"]) ?? "VARCHAR", value: words(one["value"]) }];
  });
}

function yamlType(value: unknown): string {
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value !== "number") return "VARCHAR";
  return Number.isInteger(value) ? "INTEGER" : "DOUBLE";
}

/** Values there may be anything: where one is not what its type says, it is text. */
function fitting(type: ParamType, name: string, value: string | undefined): ParamType {
  if (value === undefined) return type;
  if (type === "list" || type === "date")
    return /^\d{4}-\d{2}-\d{2}$|\$/.test(value) && type === "date" ? type : "string";
  return wrongParamValue({ name, type }, value) === undefined ? type : "string";
}

/** Names that had to change, in the text that uses them; `!{x}` is DolphinScheduler's unquoted `${x}` in SQL. */
export const withOurNames = (text: string): string =>
  text
    .replaceAll(/!\{([^}\n]+)\}/g, "$${$1}")
    .replaceAll(/\$\{([\p{L}\p{N}_.-]+)\}/gu, (all, name: string) =>
      name.includes("-") && !name.includes(":") ? `\${${paramName(name)}}` : all,
    );

/** The condition of a switch in our notation; undefined where it does not read as one. */
export function condition(text: string): string | undefined {
  const ours = text
    .replaceAll(/["']?\$\{([^}]+)\}["']?/g, (_, name: string) => paramName(name.trim()))
    .replaceAll(/'([^'"]*)'/g, '"$1"')
    .replaceAll("&&", " and ")
    .replaceAll("||", " or ")
    .replaceAll(/!(?!=)/g, " not ")
    .replaceAll("===", "==")
    .replaceAll("!==", "!=")
    .replaceAll(/([\w)"])\s*-\s*(?=[\w("])/g, "$1 - ")
    .trim()
    .replaceAll(/\s+/g, " ");
  const { node, problems } = parseBlock(["task x: switch {", `  when ${ours} >> y`, "}"]);
  return node.kind === "task" && problems.length === 0 && ours !== "" ? ours : undefined;
}

/** DolphinScheduler's words of windows, most of which are ours in camel case. */
export function windowWord(word: string): string | undefined {
  const ours = word
    .replaceAll(/([A-Z]|\d+)/g, "_$1")
    .toLowerCase()
    .replaceAll(/_+/g, "_");
  return windowNames.find((one) => one === ours || one === word) ?? others[word];
}

const others: { readonly [word: string]: string } = {
  currentHour: "current_hour",
  last1Hour: "last_1_hours",
  last1Days: "last_1_days",
  lastMonthBegin: "last_month_begin",
  lastMonthEnd: "last_month_end",
};
