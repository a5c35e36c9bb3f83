// `sub_workflow`: children that run another workflow, one or one for each item of a list. The parent looks at their rows; it does not
// rely on being told.

import { parseList } from "../../model/evaluate.ts";
import { isOver } from "../../model/life/workflow-instance.ts";
import type { Values } from "../../model/params.ts";
import { askChildren, type Child, childrenOf, findTarget, type NewChild, type Target } from "../../store/children.ts";
import type { LogicContext, LogicLook, LogicNews, LogicType } from "./contract.ts";

/** Deeper than this a workflow calls itself. */
const deepest = 20;

export const subWorkflow: LogicType = (task, definition, context) => {
  const { subWorkflow: wanted } = definition;
  if (!wanted) throw new Error(`task ${definition.name} names no workflow`);
  const { database, instance } = context;
  const name = `${wanted.project}/${wanted.workflow}`;

  /** The params of each child, beside what all inherit; a text says why there can be none. */
  const items = (): readonly Values[] | string => {
    const { forEach } = wanted;
    if (!forEach) return [{}];
    const text = instance.valuesOf(task)[forEach.param] ?? "";
    const list = parseList(text);
    if (!list) return `"${forEach.param}" is "${text}", must be a list such as ["a", "b"]`;
    if (list.length > forEach.maxInstances) {
      return `"${forEach.param}" has ${list.length} items, max_instances is ${forEach.maxInstances}`;
    }
    return list.map((item) => ({ [forEach.as]: String(item) }));
  };

  const child = (target: Target, item: number, own: Values): NewChild => {
    const { record } = instance;
    const { failureStrategy, workerGroup, environment, alertGroup, depth = 0 } = record.options;
    return {
      item,
      ...target,
      scheduleTimeMs: record.scheduleTimeMs,
      priority: record.priority,
      options: {
        params: {},
        inherited: { ...handedDown(instance.valuesOf(task)), ...own },
        depth: depth + 1,
        ...(failureStrategy ? { failureStrategy } : {}),
        ...(workerGroup ? { workerGroup } : {}),
        ...(environment ? { environment } : {}),
        ...(alertGroup ? { alertGroup } : {}),
      },
    };
  };

  const begin = async (): Promise<LogicNews> => {
    const life = instance.lifeOf(task);
    const list = items();
    if (typeof list === "string") return { event: { kind: "refused", reason: list } };
    if ((instance.record.options.depth ?? 0) >= deepest) {
      const reason = `sub-workflows are nested more than ${deepest} deep: does ${name} call itself?`;
      return { event: { kind: "refused", reason } };
    }
    const began = { kind: "began", atMs: database.nowMs() } as const;
    const attempt = (life?.attempt ?? 0) + 1;
    if (life?.state === "submitted" && life.carriesOn) {
      const former = await childrenOf(database, parentRef(context, task, life.attempt));
      if (former.length > 0) {
        return { event: began, children: { kind: "adopt", taskIndex: task, from: life.attempt, attempt } };
      }
    }
    const target = await findTarget(database, wanted.project, wanted.workflow);
    if (!target) return { event: { kind: "refused", reason: `workflow ${name} is not deployed here` } };
    const first = list.slice(0, wanted.forEach?.parallelism ?? 1).map((own, item) => child(target, item, own));
    return { event: began, children: { kind: "create", taskIndex: task, attempt, children: first } };
  };

  const look = async (now: LogicLook): Promise<LogicNews> => {
    const { attempt, wish } = now;
    const parent = parentRef(context, task, attempt);
    const children = await childrenOf(database, parent);
    const list = items();
    const wantedCount = typeof list === "string" ? children.length : list.length;
    if (wish !== "run" && children.some((one) => mustBeAsked(one, wish))) {
      await askChildren(database, parent, { wish, owner: context.owner, epoch: context.epoch });
      return {};
    }
    const atMs = database.nowMs();
    const open = children.filter(({ state, isAsked }) => !isOver(state) || isAsked);
    if (open.length === 0 && (children.length >= wantedCount || wish === "stop")) {
      return { event: { kind: "ended", attempt, atMs, ...outcomeOf(children, wantedCount, name) } };
    }
    if (wish === "pause") {
      return open.every(({ state }) => state === "paused") ? { event: { kind: "held", attempt } } : {};
    }
    if (wish === "stop" || typeof list === "string") return {};
    const next = nextItems(children, list, (wanted.forEach?.parallelism ?? 1) - open.length);
    if (next.length === 0) return {};
    const target = await findTarget(database, wanted.project, wanted.workflow);
    if (!target) return {};
    const more = next.map((item) => child(target, item, list[item] ?? {}));
    return { children: { kind: "create", taskIndex: task, attempt, children: more } };
  };

  return { lookEveryMs: 1_000, begin, look };
};

const parentRef = ({ instance }: LogicContext, taskIndex: number, attempt: number) => ({
  instance: instance.record.id,
  taskIndex,
  attempt,
});

/** Built-in names are each instance's own. */
const handedDown = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("system.")));

const mustBeAsked = ({ state }: Child, wish: "pause" | "stop"): boolean =>
  wish === "pause"
    ? state !== "paused" && state !== "pausing" && !isOver(state) && state !== "stopping"
    : !isOver(state);

function outcomeOf(
  children: readonly Child[],
  wanted: number,
  name: string,
): { readonly outcome: "succeeded" | "failed" | "killed"; readonly reason?: string } {
  const failed = children.find(({ state }) => state === "failed");
  if (failed) return { outcome: "failed", reason: `instance ${failed.id} of ${name} failed` };
  const stopped = children.find(({ state }) => state === "stopped");
  if (stopped) return { outcome: "killed", reason: `instance ${stopped.id} of ${name} was stopped` };
  return children.length < wanted ? { outcome: "killed", reason: "stopped" } : { outcome: "succeeded" };
}

/** Items that have no child yet, in order. */
function nextItems(children: readonly Child[], list: readonly unknown[], room: number): readonly number[] {
  const present = new Set(children.map(({ item }) => item));
  const open = Array.from(list, (_, item) => item).filter((item) => !present.has(item));
  return open.slice(0, Math.max(0, room));
}
