// `porpoise.json`: the project of a folder's workflows, defaults for their tasks, what the project needs on a server.

import type { Problem, ProblemCode, Range } from "../model/problem.ts";
import { defaultAttributes } from "../tasks/task-types.ts";
import type { Settings } from "./assemble.ts";
import { type JsonTree, parseJson } from "./json-tree.ts";
import { didYouMean } from "./nearest.ts";
import { type Needs, noNeeds, readNeededEnvironments, readNeededTaskGroups } from "./needs.ts";
import type { BlockProblem } from "./nodes.ts";
import { parseBlock } from "./parse.ts";
import { readAttributes } from "./read-lines.ts";
import { valuesOnly } from "./read-value.ts";
import { reader } from "./reader.ts";
import { problemCodes, readSeverities, type Severities } from "./severities.ts";
import { refuseText } from "./text-check.ts";

export const settingsFile = "porpoise.json";

export interface SettingsResult {
  readonly settings: Settings;
  /** What the server must have; made at deploy. */
  readonly needs: Needs;
  readonly problems: readonly Problem[];
}

const keys = ["project", "defaults", "problems", "environments", "task_groups"] as const;

export function readSettings(text: string): SettingsResult {
  const refused = refuseText(text);
  if (refused) return { settings: { defaults: {} }, needs: noNeeds, problems: [refused] };
  const json = parseJson(text);
  const problems: Problem[] = [];
  const report = (code: ProblemCode, range: Range, message: string, severity: "error" | "warning" = "error") =>
    void problems.push({ code, severity, message, range });
  if (!json.ok) {
    report("syntax/unexpected", json.range, json.message);
    return { settings: { defaults: {} }, needs: noNeeds, problems };
  }
  if (json.tree.kind !== "object") {
    report("value/type", json.tree.range, 'porpoise.json holds an object such as { "project": "retail" }');
    return { settings: { defaults: {} }, needs: noNeeds, problems };
  }
  let needs = noNeeds;
  let project: string | undefined;
  let defaults: Settings["defaults"] = {};
  let severities: Severities = {};
  for (const { key, keyRange, value } of json.tree.entries) {
    if (key === "project") project = readProject(value, report);
    else if (key === "defaults") defaults = readDefaults(value, problems, report);
    else if (key === "problems") severities = readProblems(value, report);
    else if (key === "environments") needs = { ...needs, environments: readNeededEnvironments(value, report) };
    else if (key === "task_groups") needs = { ...needs, taskGroups: readNeededTaskGroups(value, report) };
    else if (!keys.some((one) => one === key)) {
      const hint = didYouMean(key, keys) || `: porpoise.json has ${keys.join(", ")}`;
      report("attribute/unknown", keyRange, `there is no setting "${key}"${hint}`, "warning");
    }
  }
  return { settings: { ...(project !== undefined && { project }), defaults, severities }, needs, problems };
}

type Report = (code: ProblemCode, range: Range, message: string) => void;

function readProject(value: JsonTree, report: Report): string | undefined {
  if (value.kind === "string" && value.text.trim() !== "" && !/[/\\]/.test(value.text)) return value.text;
  report("value/type", value.range, "project must be a name in double quotes, without slashes");
  return undefined;
}

/** `"name/unused-param": "off"` */
function readProblems(value: JsonTree, report: Report): Severities {
  if (value.kind !== "object") {
    report("value/type", value.range, 'problems must be an object such as { "name/unused-param": "off" }');
    return {};
  }
  const ranges = new Map(value.entries.map(({ key, keyRange }) => [key, keyRange]));
  const entries = value.entries.map(({ key, value: word }) => [key, word.kind === "string" ? word.text : ""] as const);
  return readSeverities(entries, (code, message) => {
    const hint = message.startsWith("there is no") ? didYouMean(code, problemCodes) : "";
    report("value/choice", ranges.get(code) ?? value.range, message + hint);
  });
}

/** Each default is written as in a `.flow` file, as a string: `"retries": "2 every 5m"`. */
function readDefaults(value: JsonTree, problems: Problem[], report: Report): Settings["defaults"] {
  if (value.kind !== "object") {
    report("value/type", value.range, 'defaults must be an object such as { "retries": "2 every 5m" }');
    return {};
  }
  const place = { kind: "defaults", called: "defaults", attributes: defaultAttributes } as const;
  let values: Settings["defaults"] = {};
  for (const { key, keyRange, value: text } of value.entries) {
    if (text.kind === "object" || text.kind === "array") {
      report("value/type", text.range, `${key} is written as in a workflow's defaults, in double quotes: "2 every 5m"`);
      continue;
    }
    const { node, problems: found } = parseBlock([
      "workflow x {",
      "  defaults {",
      `    ${key} = ${text.text}`,
      "  }",
      "}",
    ]);
    const body = node.kind === "workflow" ? node.lines[0] : undefined;
    const collected: BlockProblem[] = found;
    const sink = valuesOnly(reader(collected));
    const lines = body?.kind === "body" ? body.lines.filter((line) => line.kind === "attribute") : [];
    values = { ...values, ...readAttributes(lines, place, sink).values };
    for (const problem of collected) {
      const range = problem.code.startsWith("attribute/") ? keyRange : text.range;
      problems.push({ code: problem.code, severity: problem.severity, message: problem.message, range });
    }
  }
  return values;
}
