// What a project needs on a server, as its `porpoise.json` says it: made at deploy where the server does not have it yet.
//
//   "environments": { "dev": "export REGION=eu", "prod": { "description": "…", "config": "export REGION=eu" } }
//   "task_groups": { "ods_extract": 10, "mails": { "description": "…", "size": 1 } }

import { readEnvironment } from "../model/environment.ts";
import type { ProblemCode, Range } from "../model/problem.ts";
import type { ServerNames } from "./check-workspace.ts";
import type { JsonTree } from "./json-tree.ts";

export interface Needs {
  readonly environments: readonly { readonly name: string; readonly description: string; readonly config: string }[];
  readonly taskGroups: readonly { readonly name: string; readonly description: string; readonly size: number }[];
}

export const noNeeds: Needs = { environments: [], taskGroups: [] };

/** What the server has, with what it will have once the needs are met. */
export function withNeeds(known: ServerNames, needs: readonly Needs[]): ServerNames {
  const also = (list: readonly string[] | undefined, more: readonly { readonly name: string }[]) =>
    list && [...list, ...more.map((one) => one.name)];
  const environments = also(
    known.environments,
    needs.flatMap((one) => one.environments),
  );
  const taskGroups = also(
    known.taskGroups,
    needs.flatMap((one) => one.taskGroups),
  );
  return { ...known, ...(environments && { environments }), ...(taskGroups && { taskGroups }) };
}

type Report = (code: ProblemCode, range: Range, message: string) => void;

export function readNeededEnvironments(tree: JsonTree, report: Report): Needs["environments"] {
  return entriesOf(tree, "environments", '{ "dev": "export REGION=eu" }', report).flatMap(({ name, value }) => {
    const { main, description } = parts(value, "config", report);
    if (main?.kind !== "string") {
      report("value/type", value.range, `environment ${name} must be its config, lines like "export NAME=value"`);
      return [];
    }
    const read = readEnvironment(main.text);
    if (!read.ok) report("value/type", main.range, `environment ${name}: ${read.problem}`);
    return [{ name, description, config: main.text }];
  });
}

export function readNeededTaskGroups(tree: JsonTree, report: Report): Needs["taskGroups"] {
  return entriesOf(tree, "task_groups", '{ "ods_extract": 10 }', report).flatMap(({ name, value }) => {
    const { main, description } = parts(value, "size", report);
    const size = main?.kind === "word" && /^[1-9]\d{0,4}$/.test(main.text) ? Number(main.text) : undefined;
    if (size !== undefined) return [{ name, description, size }];
    report("value/type", value.range, `task group ${name} must be its size, a whole number from 1 to 99999`);
    return [];
  });
}

function entriesOf(tree: JsonTree, key: string, example: string, report: Report) {
  if (tree.kind === "object") return tree.entries.map((entry) => ({ name: entry.key, value: entry.value }));
  report("value/type", tree.range, `${key} must be an object such as ${example}`);
  return [];
}

/** A thing is written as its main part alone, or as an object that may also describe it. */
function parts(value: JsonTree, key: "config" | "size", report: Report) {
  if (value.kind !== "object") return { main: value, description: "" };
  let main: JsonTree | undefined;
  let description = "";
  for (const entry of value.entries) {
    if (entry.key === key) main = entry.value;
    else if (entry.key === "description" && entry.value.kind === "string") description = entry.value.text;
    else
      report(
        "attribute/unknown",
        entry.keyRange,
        `there is no "${entry.key}" here: expected ${key} and description, a text`,
      );
  }
  return { main, description };
}
