// pydolphinscheduler's YAML: one workflow a file, tasks by name.

import { parseCron } from "../../model/time/cron.ts";
import { isZone } from "../../model/time/zone.ts";
import { writtenName } from "../written-name.ts";
import { type Names, readTask } from "./dolphin-tasks.ts";
import { type Body, body, type ImportedWorkflow, note } from "./imported.ts";
import { readParams } from "./task-bodies.ts";
import { count, either, type Fields, fields, isFields, list, words } from "./values.ts";

/** Undefined where the document is something else. */
export function readDolphinYaml(document: unknown): readonly ImportedWorkflow[] | undefined {
  if (!isFields(document)) return undefined;
  const header = either(document, "workflow", "process");
  if (!isFields(header) || words(header["name"]) === undefined) return undefined;
  const out = body();
  headerLines(header, out);
  const { ins: params } = readParams(either(header, "param", "params"), out);
  const given = list(document["tasks"]).filter(isFields).map(flat);
  const known = new Set(given.map((task) => words(task["name"]) ?? ""));
  const names: Names = {
    task: (name) => (known.has(words(name) ?? "") ? words(name) : undefined),
    anyTask: words,
    workflow: (name) =>
      words(name)
        ?.replace(/^\$WORKFLOW\{"?(.+?)(\.ya?ml)?"?\}$/, "$1")
        .split("/")
        .map(writtenName)
        .join("/"),
  };
  const read = given.map((task) => readTask({ ...task, task_params: paramsOf(task, out) }, names));
  const branching = new Set(read.flatMap(({ task, branches }) => (branches.length > 0 ? [task.name] : [])));
  const edges = given.flatMap((task) =>
    list(task["deps"]).flatMap((dep): readonly (readonly [string, string])[] => {
      const [from, to] = [words(dep) ?? "", words(task["name"]) ?? ""];
      if (!known.has(from)) note(out, `"${to}" comes after "${from}", which is not there`);
      return known.has(from) && !branching.has(from) ? [[from, to]] : [];
    }),
  );
  const project = words(either(header, "project", "project_name"));
  const doc = words(header["description"]);
  return [
    {
      ...(project !== undefined && { project }),
      name: words(header["name"]) ?? "unnamed",
      ...(doc !== undefined && { doc }),
      lines: out.lines,
      params,
      tasks: read.map(({ task }) => task),
      edges,
      notes: out.notes,
    },
  ];
}

/** Attributes stand beside `task_type`, or under `params`. */
const flat = (task: Fields): Fields => ({ ...task, ...fields(task["params"]) });

function headerLines(header: Fields, out: Body): void {
  const { lines } = out;
  const cron = words(header["schedule"]);
  if (cron !== undefined && cron !== "None") {
    const parsed = parseCron(cron);
    const zone = words(either(header, "timezone"));
    const isKnown = zone !== undefined && isZone(zone);
    if (parsed.ok)
      lines.push(`schedule = cron(${JSON.stringify(cron)})${isKnown ? ` in ${JSON.stringify(zone)}` : ""}`);
    else
      note(
        out,
        `the cron ${JSON.stringify(cron)} does not read here: ${parsed.problems.map((one) => one.message).join("; ")}`,
      );
    const [from, to] = ["start_time", "end_time"].map(
      (name) => /^\d{4}-\d{2}-\d{2}/.exec(words(header[name]) ?? "")?.[0],
    );
    if (parsed.ok && from !== undefined && to !== undefined && from <= to) lines.push(`active = ${from} .. ${to}`);
  }
  const concurrency = words(header["execution_type"])?.toLowerCase();
  if (concurrency !== undefined && concurrency !== "parallel") lines.push(`concurrency = ${concurrency}`);
  const timeout = count(header["timeout"]) ?? 0;
  if (timeout > 0) lines.push(`timeout = ${timeout}m`);
  const group = words(header["worker_group"]);
  if (group !== undefined && group !== "default") lines.push(`worker_group = ${writtenName(group)}`);
  const warning = words(header["warning_type"])?.toLowerCase() ?? "none";
  if (warning !== "none") note(out, `who is warned is not named: add \`alert = ${warning} to name\``);
  if (header["run"] === true)
    note(out, "`run: true` started the workflow when it was submitted: run it once after deploying");
  if (words(header["release_state"])?.toLowerCase() === "offline" && cron !== undefined) lines.push("online = false");
}

/** The same shapes that the JSON has, so that one reader does for both. */
function paramsOf(task: Fields, out: Body): Fields {
  const { condition, groups, op } = task;
  const text = (name: string) => withoutFiles(words(task[name]), out);
  const base: Fields = {
    ...task,
    ...(words(task["command"]) !== undefined && { command: text("command") }),
    ...(words(task["definition"]) !== undefined && { definition: text("definition") }),
    ...(words(task["sql"]) !== undefined && { sql: text("sql") }),
  };
  switch (words(task["task_type"])?.toLowerCase()) {
    case "switch": {
      const all = list(condition).filter(isFields);
      const otherwise = all.find((one) => words(one["condition"]) === undefined);
      return {
        switchResult: {
          dependTaskList: all
            .filter((one) => one !== otherwise)
            .map((one) => ({ condition: one["condition"], nextNode: one["task"] })),
          nextNode: otherwise?.["task"],
        },
      };
    }
    case "condition": {
      const group = (one: Fields) => ({
        relation: one["op"],
        dependItemList: list(one["groups"])
          .filter(isFields)
          .map((item) => ({ depTaskCode: item["task"], status: item["flag"] === false ? "FAILURE" : "SUCCESS" })),
      });
      return {
        dependence: { relation: op, dependTaskList: list(groups).filter(isFields).map(group) },
        conditionResult: { successNode: [task["success_task"]], failedNode: [task["failed_task"]] },
      };
    }
    case "dependent": {
      const tree = fields(either(task, "denpendence", "dependence", "dependent"));
      const item = (one: Fields) => {
        const workflow = words(either(one, "workflow_name", "process_definition_name")) ?? "unknown";
        const project = words(one["project_name"]);
        return {
          definitionCode: project === undefined ? workflow : `${project}/${workflow}`,
          depTaskCode: one["dependent_task_name"],
          dateValue: one["dependent_date"],
        };
      };
      return {
        dependence: {
          relation: tree["op"],
          dependTaskList: list(tree["groups"])
            .filter(isFields)
            .map((one) => ({ relation: one["op"], dependItemList: list(one["groups"]).filter(isFields).map(item) })),
        },
      };
    }
    default:
      return base;
  }
}

/** `$FILE{"x.sh"}`: the text of another file, which is not at hand. */
function withoutFiles(text: string | undefined, out: Body): string | undefined {
  const file = /\$FILE\{"?(.+?)"?\}/.exec(text ?? "")?.[1];
  if (file === undefined) return text;
  note(out, `a script stands in the file ${file}: put its text into the task`);
  return text;
}
