// DolphinScheduler's task types as ours: each reads its own `taskParams`. What has no equal becomes a disabled task that says so.

import { writtenName } from "../written-name.ts";
import { type Body, body, type ImportedTask, note } from "./imported.ts";
import { commonLines, condition, readParams, windowWord, withOurNames } from "./task-bodies.ts";
import { count, either, type Fields, fields, isFields, list, words } from "./values.ts";

/** Names behind DolphinScheduler's numbers, as far as the export has them. */
export interface Names {
  readonly task: (code: unknown) => string | undefined;
  /** A task of any workflow. */
  readonly anyTask: (code: unknown) => string | undefined;
  /** `project/workflow`, or a workflow of the own project. */
  readonly workflow: (code: unknown) => string | undefined;
}

/** One task, and the tasks that only its branches lead to. */
export interface ReadTask {
  readonly task: ImportedTask;
  readonly branches: readonly string[];
}

type Reader = (
  params: Fields,
  out: Body,
  names: Names,
) => Partial<Pick<ImportedTask, "type" | "script">> & {
  readonly type: string;
  readonly branches?: readonly string[];
};

export function readTask(definition: Fields, names: Names): ReadTask {
  const out = body();
  const params = fields(either(definition, "taskParams", "task_params"));
  const name = words(definition["name"]) ?? "unnamed";
  const type =
    words(either(definition, "taskType", "task_type"))
      ?.toUpperCase()
      .replaceAll(/[^A-Z]/g, "") ?? "";
  commonLines(definition, out);
  const { ins, outs } = readParams(either(params, "localParams", "local_params"), out);
  const reader = readers[type];
  const read = reader ? reader(params, out, names) : unsupported(type, params, out);
  const resources = list(either(params, "resourceList", "resource_list"));
  if (resources.length > 0)
    note(out, 'files of the resource centre: put them beside this file and name them in `files = ["…"]`', resources);
  const doc = words(definition["description"]);
  const { branches = [], ...shape } = read;
  return { task: { name, ...(doc && { doc }), lines: out.lines, ins, outs, notes: out.notes, ...shape }, branches };
}

const readers: { readonly [type: string]: Reader } = {
  SHELL: (params) => script("shell", "bash", params),
  PYTHON: (params) => script("python", "python", params),
  SQL: readSql,
  PROCEDURE: readProcedure,
  HTTP: readHttp,
  SUBPROCESS: readSubWorkflow,
  SUBWORKFLOW: readSubWorkflow,
  DYNAMIC: readDynamic,
  DEPENDENT: readDependent,
  SWITCH: readSwitch,
  CONDITIONS: readConditions,
  CONDITION: readConditions,
};

function script(type: string, language: string, params: Fields): ReturnType<Reader> {
  const text = words(either(params, "rawScript", "command", "definition")) ?? (type === "shell" ? "true" : "pass");
  return { type, script: { language, text: withOurNames(text) } };
}

/** It stays in its place, passes through at once, and shows what it was. */
function unsupported(type: string, params: Fields, out: Body): ReturnType<Reader> {
  note(out, `tasks of type ${type === "" ? "(none)" : type} have no equal here`, params);
  if (!out.lines.includes("enabled = false")) out.lines.unshift("enabled = false");
  return {
    type: "shell",
    script: { language: "bash raw", text: `echo "a task of type ${type} is missing here" >&2\nexit 1` },
  };
}

function datasource(params: Fields, out: Body): void {
  const name = words(either(params, "datasourceName", "datasource_name"));
  const id = words(params["datasource"]);
  if (name === undefined) note(out, `the data source is known by the number ${id ?? "?"} only: correct its name`);
  out.lines.push(`datasource = ${writtenName(name ?? `datasource_${id ?? "unknown"}`)}`);
}

function readSql(params: Fields, out: Body): ReturnType<Reader> {
  datasource(params, out);
  for (const [ours, theirs] of [
    ["pre_statements", "preStatements"],
    ["post_statements", "postStatements"],
  ] as const) {
    const statements = list(either(params, theirs, ours)).flatMap((one) => words(one) ?? []);
    if (statements.length > 0)
      out.lines.push(`${ours} = [${statements.map((one) => JSON.stringify(withOurNames(one))).join(", ")}]`);
  }
  if (either(params, "sendEmail") === true)
    note(out, "the result was sent by mail", { title: params["title"], group: params["groupId"] });
  const text = words(params["sql"]) ?? "select 1";
  return { type: "sql", script: { language: "sql", text: withOurNames(text) } };
}

function readProcedure(params: Fields, out: Body): ReturnType<Reader> {
  datasource(params, out);
  out.lines.push(`call = ${JSON.stringify(withOurNames(words(params["method"]) ?? ""))}`);
  return { type: "procedure" };
}

const methods = ["get", "post", "put", "patch", "delete", "head"];

function readHttp(params: Fields, out: Body): ReturnType<Reader> {
  const all = list(either(params, "httpParams", "http_params")).filter(isFields);
  const kindOf = (one: Fields) => words(either(one, "httpParametersType", "http_parameters_type"))?.toUpperCase() ?? "";
  const of = (kind: string) =>
    all
      .filter((one) => kindOf(one) === kind)
      .map((one) => [words(one["prop"]) ?? "", words(one["value"]) ?? ""] as const);
  const query = of("PARAMETER")
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const url = words(params["url"]) ?? "";
  out.lines.push(
    `url = ${JSON.stringify(withOurNames(query === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${query}`))}`,
  );
  const method = words(either(params, "httpMethod", "httpRequestMethod", "http_method"))?.toLowerCase() ?? "get";
  if (methods.includes(method)) {
    if (method !== "get") out.lines.push(`method = ${method}`);
  } else note(out, `the method ${method} has no equal here`);
  const headers = of("HEADERS");
  if (headers.length > 0)
    out.lines.push(
      "headers {",
      ...headers.map(([name, value]) => `  ${JSON.stringify(name)} = ${JSON.stringify(withOurNames(value))}`),
      "}",
    );
  const check = words(either(params, "httpCheckCondition", "http_check_condition")) ?? "STATUS_CODE_DEFAULT";
  const expected = count(params["condition"]);
  if (check === "STATUS_CODE_CUSTOM" && expected !== undefined && expected >= 100 && expected <= 599)
    out.lines.push(`expect = status ${expected}`);
  else if (check !== "STATUS_CODE_DEFAULT") note(out, `the answer was checked by ${check}`, params["condition"]);
  const fromParams = of("BODY");
  const text =
    words(params["httpBody"]) ?? (fromParams.length > 0 ? JSON.stringify(Object.fromEntries(fromParams)) : undefined);
  return text === undefined
    ? { type: "http" }
    : { type: "http", script: { language: "json", text: withOurNames(text) } };
}

const workflowCode = (params: Fields): unknown =>
  either(params, "workflowDefinitionCode", "processDefinitionCode", "workflow_name", "process_definition_name");

function readSubWorkflow(params: Fields, out: Body, names: Names): ReturnType<Reader> {
  const code = workflowCode(params);
  const path = names.workflow(code);
  if (path === undefined) note(out, `the workflow is known by the number ${String(code)} only: correct its name`);
  out.lines.push(`workflow = ${path ?? `workflow_${words(code) ?? "unknown"}`}`);
  return { type: "sub_workflow" };
}

function readDynamic(params: Fields, out: Body, names: Names): ReturnType<Reader> {
  readSubWorkflow(params, out, names);
  const [first, ...others] = list(params["listParameters"]).filter(isFields);
  note(out, "the list of a dynamic task: declare it as `param …: list` and add `for_each = …`", first);
  if (others.length > 0) note(out, "more lists than one, which went together", others);
  if (words(params["filterCondition"]) !== undefined)
    note(out, `items were filtered by ${words(params["filterCondition"])}`);
  const parallelism = count(params["degreeOfParallelism"]);
  if (parallelism !== undefined && parallelism >= 1 && parallelism <= 1000)
    out.lines.push(`parallelism = ${parallelism}`);
  const most = count(params["maxNumOfSubWorkflowInstances"]);
  if (most !== undefined && most >= 1 && most <= 10_000) out.lines.push(`max_instances = ${most}`);
  return { type: "sub_workflow" };
}

function readDependent(params: Fields, out: Body, names: Names): ReturnType<Reader> {
  const dependence = fields(either(params, "dependence", "denpendence"));
  const groups = list(either(dependence, "dependTaskList"))
    .filter(isFields)
    .map((group) => {
      const items = list(group["dependItemList"])
        .filter(isFields)
        .flatMap((item) => waitItem(item, out, names));
      return joined(words(group["relation"]), items);
    });
  const tree = joined(
    words(dependence["relation"]),
    groups.filter((one) => one !== ""),
  );
  if (tree === "") note(out, "what is waited for could not be read", dependence);
  out.lines.push(`wait_for = ${tree === "" ? "nothing @ today" : tree}`);
  const interval = count(dependence["checkInterval"]);
  if (interval !== undefined && interval >= 1 && interval <= 86_400) out.lines.push(`check_every = ${interval}s`);
  const minutes = count(dependence["failureWaitingTime"]) ?? 0;
  const isPatient = words(dependence["failurePolicy"]) === "DEPENDENT_FAILURE_WAITING";
  if (isPatient && minutes > 0) out.lines.push(`on_failed = wait for ${Math.min(minutes, 10_080)}m`);
  return { type: "dependent" };
}

export const joined = (relation: string | undefined, parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? "") : `${relation?.toUpperCase() === "OR" ? "any" : "all"}(${parts.join(", ")})`;

function waitItem(item: Fields, out: Body, names: Names): readonly string[] {
  const code = either(item, "definitionCode", "workflow_name", "process_definition_name");
  const path = names.workflow(code) ?? `workflow_${words(code) ?? "unknown"}`;
  if (names.workflow(code) === undefined)
    note(out, `a workflow is known by the number ${String(code)} only: correct its name`);
  const depTask = either(item, "depTaskCode", "dependent_task_name");
  const task = names.anyTask(depTask);
  const isAll = depTask === undefined || Number(depTask) <= 0 || words(depTask)?.toUpperCase() === "ALL";
  if (!isAll && task === undefined)
    note(out, `a task of ${path} is known by the number ${String(depTask)} only: its workflow is waited for`);
  const word = words(either(item, "dateValue", "dependent_date")) ?? "today";
  const window = windowWord(word);
  if (window === undefined) note(out, `the window "${word}" has no equal here: today stands in its place`);
  return [`${path}${!isAll && task !== undefined ? `.${writtenName(task)}` : ""} @ ${window ?? "today"}`];
}

function readSwitch(params: Fields, out: Body, names: Names): ReturnType<Reader> {
  const result = fields(params["switchResult"]);
  const branches: string[] = [];
  const lead = (code: unknown, line: (target: string) => string): void => {
    const all = (Array.isArray(code) ? code : [code]).flatMap((one) => names.task(one) ?? []);
    if (all.length === 0) {
      if (code !== undefined && code !== null && code !== "" && code !== 0)
        note(out, `a branch leads to the task ${String(code)}, which is not there`);
      return;
    }
    branches.push(...all);
    out.lines.push(line(all.length === 1 ? writtenName(all[0] ?? "") : `[${all.map(writtenName).join(", ")}]`));
  };
  for (const one of list(result["dependTaskList"]).filter(isFields)) {
    const theirs = words(one["condition"]) ?? "";
    const ours = condition(theirs);
    if (ours === undefined) note(out, `the condition \`${theirs}\` does not read here: false stands in its place`);
    lead(one["nextNode"], (target) => `when ${ours ?? "false"} >> ${target}`);
  }
  lead(result["nextNode"], (target) => `else >> ${target}`);
  return { type: "switch", branches };
}

function readConditions(params: Fields, out: Body, names: Names): ReturnType<Reader> {
  const dependence = fields(params["dependence"]);
  const result = fields(params["conditionResult"]);
  const groups = list(dependence["dependTaskList"])
    .filter(isFields)
    .map((group) => {
      const items = list(group["dependItemList"])
        .filter(isFields)
        .flatMap((item) => {
          const task = names.task(item["depTaskCode"]);
          const is = words(item["status"])?.toUpperCase() === "FAILURE" ? "failed" : "succeeded";
          return task === undefined ? [] : [`${writtenName(task)} is ${is}`];
        });
      return joined(words(group["relation"]), items);
    });
  const tree = joined(
    words(dependence["relation"]),
    groups.filter((one) => one !== ""),
  );
  const targets = (value: unknown) => list(value).flatMap((code) => names.task(code) ?? []);
  const [success, failed] = [targets(result["successNode"]), targets(result["failedNode"])];
  const group = (all: readonly string[]) =>
    all.length === 1 ? writtenName(all[0] ?? "") : `[${all.map(writtenName).join(", ")}]`;
  if (tree === "") note(out, "the condition could not be read: false stands in its place", dependence);
  if (success.length > 0) out.lines.push(`when ${tree === "" ? "false" : tree} >> ${group(success)}`);
  if (failed.length > 0) out.lines.push(`else >> ${group(failed)}`);
  return { type: "conditions", branches: [...success, ...failed] };
}
