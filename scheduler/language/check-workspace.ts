// What only several files together, or a server, can show: workflows defined twice, run in a circle, or not there at all; files and
// things of a server that are missing. What nobody can know is not reported.

import type { Problem } from "../model/problem.ts";
import type { ServerThing } from "../tasks/attribute.ts";
import type { FlowDocument } from "./document.ts";
import { didYouMean } from "./nearest.ts";
import { folderOf, joinPath } from "./paths.ts";
import { type Header, type HeaderUse, moved } from "./workspace.ts";

/** Names of what a server has, as far as they are known: a list that is absent says nothing. */
export interface ServerNames {
  /** `project/workflow` */
  readonly workflows?: readonly string[];
  readonly workerGroups?: readonly string[];
  readonly environments?: readonly string[];
  readonly taskGroups?: readonly string[];
  readonly datasources?: readonly string[];
  readonly alertGroups?: readonly string[];
}

/** Workflows that another file defines as well: the later path has the problem, the earlier one is named. */
export function duplicateProblem(
  header: Header,
  all: readonly Header[],
  shownAs: (path: string) => string,
): Problem | undefined {
  const other = all.find((one) => one.project === header.project && one.name === header.name && one.path < header.path);
  if (!other) return undefined;
  return {
    code: "name/duplicate",
    severity: "error",
    message: `workflow ${header.project}/${header.name} is already defined in ${shownAs(other.path)}: rename one of them`,
    range: header.range,
    related: [{ message: "the first one", range: other.range, path: other.path }],
  };
}

/** Workflows that a file runs or waits for. */
export function useProblems(header: Header, all: readonly Header[], known: ServerNames = {}): readonly Problem[] {
  if (header.uses.length === 0) return [];
  const byName = new Map(all.toReversed().map((one) => [nameOf(one), one]));
  return header.uses.flatMap((use): readonly Problem[] => {
    const target = byName.get(targetOf(header, use));
    if (target) return [...taskProblem(use, target), ...cycleProblem(header, use, byName)];
    if (known.workflows === undefined || known.workflows.includes(targetOf(header, use))) return [];
    const names = [...known.workflows, ...byName.keys()];
    const message = `neither this workspace nor the server has a workflow ${targetOf(header, use)}${didYouMean(targetOf(header, use), names)}`;
    return [{ code: "name/unknown-workflow", severity: "warning", message, range: use.range }];
  });
}

const nameOf = (header: Header): string => `${header.project}/${header.name}`;

/** A workflow named without a project is one of the file's own. */
export const targetOf = (header: Header, use: HeaderUse): string => `${use.project ?? header.project}/${use.workflow}`;

function taskProblem(use: HeaderUse, target: Header): readonly Problem[] {
  if (use.task === undefined || target.hasTask(use.task)) return [];
  const message = `workflow ${nameOf(target)} has no task "${use.task}"`;
  const related = [{ message: "the workflow", range: target.range, path: target.path }];
  return [{ code: "name/unknown-task", severity: "warning", message, range: use.range, related }];
}

/** The shortest way from what is run back to the file itself. */
function cycleProblem(header: Header, use: HeaderUse, byName: ReadonlyMap<string, Header>): readonly Problem[] {
  if (use.kind !== "runs") return [];
  const goal = nameOf(header);
  const start = targetOf(header, use);
  const cameBy = new Map<string, { readonly from: Header; readonly use: HeaderUse }>();
  const queue = [start];
  for (let at = 0; at < queue.length && queue[at] !== goal; at += 1) {
    const next = byName.get(queue[at] ?? "");
    for (const one of next?.uses ?? []) {
      if (!next || one.kind !== "runs") continue;
      const target = targetOf(next, one);
      if (cameBy.has(target) || target === start) continue;
      cameBy.set(target, { from: next, use: one });
      queue.push(target);
    }
  }
  if (start !== goal && !cameBy.has(goal)) return [];
  const steps: { readonly from: Header; readonly use: HeaderUse }[] = [];
  for (let at = goal; at !== start || steps.length === 0; ) {
    const step = cameBy.get(at);
    if (!step) break;
    steps.unshift(step);
    at = nameOf(step.from);
  }
  const path = [goal, ...steps.map(({ from }) => nameOf(from)), goal].join(" → ");
  const related = steps.map(({ from, use: { range } }) => ({
    message: `${nameOf(from)} runs it`,
    range,
    path: from.path,
  }));
  const message = `workflows run each other in a circle: ${path}: one of them must not`;
  return [
    {
      code: "graph/sub-workflow-cycle",
      severity: "error",
      message,
      range: use.range,
      ...(related.length > 0 && { related }),
    },
  ];
}

/** Files named by tasks that are not there. */
export function missingFiles(
  path: string,
  document: FlowDocument,
  isMissing: (path: string) => boolean,
): readonly Problem[] {
  const folder = folderOf(path);
  return inBlocks(document, ({ files }, start) =>
    files.flatMap((file): readonly Problem[] => {
      if (!isMissing(joinPath(folder, file.text))) return [];
      const message = `there is no file "${file.text}" beside the workflow: add it or correct the path`;
      return [{ code: "file/not-found", severity: "error", message, range: moved(file.range, start) }];
    }),
  );
}

const serverLists: { readonly [thing in ServerThing]: { readonly list: keyof ServerNames; readonly called: string } } =
  {
    worker_group: { list: "workerGroups", called: "worker group" },
    environment: { list: "environments", called: "environment" },
    task_group: { list: "taskGroups", called: "task group" },
    datasource: { list: "datasources", called: "data source" },
    alert_group: { list: "alertGroups", called: "alert group" },
  };

/** Names that the server has for such a thing; undefined where that is not known. */
export const serverNamesOf = (thing: ServerThing, known: ServerNames): readonly string[] | undefined =>
  known[serverLists[thing].list];

/** Things that the server lacks: a warning, because they can be made there later. */
export function missingOnServer(document: FlowDocument, known: ServerNames): readonly Problem[] {
  return inBlocks(document, ({ resources }, start) =>
    resources.flatMap(({ of, text, range }): readonly Problem[] => {
      const names = serverNamesOf(of, known);
      // Every server has the group `default`.
      if (names === undefined || names.includes(text) || (of === "worker_group" && text === "default")) return [];
      const { called } = serverLists[of];
      const hint = didYouMean(text, names) || `: create it there, or correct the name`;
      const message = `the server has no ${called} "${text}"${hint}`;
      return [{ code: "name/unknown-resource", severity: "warning", message, range: moved(range, start) }];
    }),
  );
}

function inBlocks(
  document: FlowDocument,
  find: (summary: ReturnType<FlowDocument["blocks"]>[number]["summary"], start: number) => readonly Problem[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const blocks = document.blocks();
  for (let index = 0; index < blocks.length; index += 1) {
    const summary = blocks[index]?.summary;
    if (summary && summary.files.length + summary.resources.length > 0)
      problems.push(...find(summary, document.starts()[index] ?? 0));
  }
  return problems;
}
