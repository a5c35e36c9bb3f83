// "Why does this task wait?": read from rows and the registry, in words.

import type { WaitTree, WorkflowDefinition } from "../../model/definition.ts";
import { graph } from "../../model/graph.ts";
import type { ListedInstance } from "../../store/queries.ts";
import type { TaskRecord } from "../../store/records.ts";
import { type PoolPlace, poolPlaces } from "../../store/task-groups.ts";
import { asTold, groupsByRows } from "../../store/worker-groups.ts";
import type { WaitingShape } from "../contract.ts";
import { time } from "../present.ts";
import type { RouteDeps } from "./deps.ts";

interface Asked {
  readonly instance: ListedInstance;
  readonly definition: WorkflowDefinition;
  readonly tasks: readonly TaskRecord[];
}

/** For each task of an instance that goes on, what it waits for; undefined for those that do not. */
export async function whyTasksWait(
  { database, registry }: RouteDeps,
  { instance, definition, tasks }: Asked,
): Promise<(task: number) => WaitingShape | undefined> {
  const known = new Map(tasks.map((task) => [task.taskIndex, task]));
  const waitsForWorker = tasks.some((task) => task.life.state === "submitted");
  const [workers, groupsOf, places] = await Promise.all([
    waitsForWorker ? registry.members("worker").catch(() => undefined) : [],
    waitsForWorker ? groupsByRows(database) : asTold,
    waitsForWorker ? poolPlaces(database, instance.id) : [],
  ]);
  const before = graph(definition.tasks.length, definition.edges).predecessors;
  const groupOf = (task: number): string =>
    definition.tasks[task]?.workerGroup ?? instance.options.workerGroup ?? definition.workerGroup;

  const forWorker = (task: number): WaitingShape => {
    if (!workers) {
      const text = "waits for a worker; the registry does not answer, so nothing is known about them";
      return { reason: "dispatch", text };
    }
    const group = groupOf(task);
    const count = workers.filter((worker) => groupsOf(worker.incarnation, worker.data.groups).includes(group)).length;
    if (count === 0) {
      const text = `no worker is in group "${group}": start one, or choose another group`;
      return { reason: "group", text };
    }
    return { reason: "dispatch", text: `waits for one of the ${count} workers of group "${group}" to be free` };
  };

  return (task) => {
    const life = known.get(task)?.life;
    const definitionOfTask = definition.tasks[task];
    if (life === undefined) return forUpstream(instance, before[task]?.map((one) => definition.tasks[one]?.name) ?? []);
    switch (life.state) {
      case "submitted": {
        const place = places.find((one) => one.taskIndex === task);
        return place && !place.isGranted ? forSlot(place) : forWorker(task);
      }
      case "delayed":
        return { reason: "delay", text: `starts at ${time(life.untilMs)}` };
      case "retry_wait":
        return { reason: "retry", text: `is tried again at ${time(life.untilMs)}` };
      case "dispatched":
        return { reason: "dispatch", text: `was given to worker ${life.worker}, which has not started it yet` };
      case "running": {
        const tree = definitionOfTask?.dependency?.waitFor;
        return tree && { reason: "dependent", text: `waits for ${wordsOf(tree)}` };
      }
      case "paused":
      case "killed":
      case "failed":
      case "succeeded":
      case "forced_success":
      case "skipped":
      case "disabled":
        return undefined;
    }
  };
}

function forUpstream(instance: ListedInstance, before: readonly (string | undefined)[]): WaitingShape {
  if (instance.state === "serial_wait") {
    return { reason: "serial", text: "waits for earlier instances of this workflow to end" };
  }
  const text = before.length > 0 ? `waits for ${before.join(", ")}` : "the instance has not started yet";
  return { reason: "upstream", text };
}

function forSlot({ group, size, taken }: PoolPlace): WaitingShape {
  const text =
    size === null
      ? `this server has no task group "${group}": create it, or name another`
      : `waits for one of the ${size} slots of task group "${group}", of which ${taken} are taken`;
  return { reason: "pool", text };
}

function wordsOf(tree: WaitTree): string {
  if (tree.kind !== "one") return `${tree.kind}(${tree.of.map(wordsOf).join(", ")})`;
  return `${tree.project}/${tree.workflow}${tree.task === undefined ? "" : `.${tree.task}`} @ ${tree.window}`;
}
