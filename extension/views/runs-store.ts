// Holds what the runs tree shows and keeps it fresh: workflows, the newest instances of those opened, tasks of instances opened.

import type { InstanceShape, WorkflowShape } from "../../scheduler/api/contract.ts";
import type { Client } from "../client.ts";
import { watchInstance } from "../instance-watch.ts";
import { isOver } from "../states.ts";

/** How many of a workflow's newest instances are shown. */
const shownInstances = 30;

export interface RunsStore {
  readonly workflows: () => readonly WorkflowShape[];
  /** An opened instance as it is now. */
  readonly instance: (id: string) => InstanceShape | undefined;
  /** What is opened is kept fresh, the rest is forgotten. */
  readonly openWorkflow: (workflow: WorkflowKey) => Promise<readonly InstanceShape[]>;
  readonly openInstance: (id: string) => Promise<InstanceShape>;
  readonly close: (what: { readonly workflow: WorkflowKey } | { readonly instance: string }) => void;
  /** Asks the scheduler for all of it again. Throws a RequestError. */
  readonly refresh: () => Promise<void>;
  readonly dispose: () => void;
}

export interface WorkflowKey {
  readonly project: string;
  readonly workflow: string;
}

export interface RunsStoreDeps {
  readonly client: Client;
  /** Something that is shown looks different now. */
  readonly changed: () => void;
}

export function createRunsStore({ client, changed }: RunsStoreDeps): RunsStore {
  const stop = new AbortController();
  let workflows: readonly WorkflowShape[] = [];
  const openWorkflows = new Map<string, { key: WorkflowKey; instances: readonly InstanceShape[] }>();
  const openInstances = new Map<string, { shape: InstanceShape; watch: AbortController | undefined }>();

  const fetchInstances = async (key: WorkflowKey): Promise<readonly InstanceShape[]> => {
    const page = await client.instances({ ...key, limit: shownInstances }, stop.signal);
    return page.items;
  };

  /** An instance that is not over is watched, so that its tasks change as they happen and not when someone asks again. */
  const watch = (id: string) => {
    const entry = openInstances.get(id);
    if (entry === undefined || entry.watch !== undefined || isOver(entry.shape.state)) return;
    const abort = new AbortController();
    entry.watch = abort;
    const signal = AbortSignal.any([stop.signal, abort.signal]);
    const run = async () => {
      for await (const shape of watchInstance(() => client, id, signal)) {
        if (openInstances.get(id) !== entry) return;
        const isNews = !sameData(entry.shape, shape);
        entry.shape = shape;
        if (isNews) changed();
      }
    };
    run()
      // The next refresh meets the same failure and says it where the user looks.
      .catch(() => undefined)
      .finally(() => {
        entry.watch = undefined;
      });
  };

  const openInstance = async (id: string): Promise<InstanceShape> => {
    const known = openInstances.get(id);
    if (known !== undefined) return known.shape;
    const shape = await client.instance(id, stop.signal);
    openInstances.set(id, { shape, watch: undefined });
    watch(id);
    return shape;
  };

  const openWorkflow = async (key: WorkflowKey): Promise<readonly InstanceShape[]> => {
    const known = openWorkflows.get(nameOf(key));
    if (known !== undefined) return known.instances;
    const instances = await fetchInstances(key);
    openWorkflows.set(nameOf(key), { key, instances });
    return instances;
  };

  const refreshInstances = async (): Promise<boolean> => {
    let isNews = false;
    for (const entry of openWorkflows.values()) {
      const instances = await fetchInstances(entry.key);
      isNews ||= !sameData(entry.instances, instances);
      entry.instances = instances;
      for (const shape of instances) {
        const opened = openInstances.get(shape.id);
        // Also one that was over may have been rerun.
        if (opened === undefined || opened.watch !== undefined || opened.shape.state === shape.state) continue;
        opened.shape = await client.instance(shape.id, stop.signal);
        isNews = true;
        watch(shape.id);
      }
    }
    return isNews;
  };

  return {
    workflows: () => workflows,
    instance: (id) => openInstances.get(id)?.shape,
    openWorkflow,
    openInstance,
    close: (what) => {
      if ("workflow" in what) openWorkflows.delete(nameOf(what.workflow));
      else {
        openInstances.get(what.instance)?.watch?.abort();
        openInstances.delete(what.instance);
      }
    },
    refresh: async () => {
      const { items: projects } = await client.projects(stop.signal);
      const found = (await Promise.all(projects.map(({ project }) => client.workflows(project, stop.signal)))).flat();
      const isNews = !sameData(workflows, found);
      workflows = found;
      const moreNews = await refreshInstances();
      if (isNews || moreNews) changed();
    },
    dispose: () => stop.abort(),
  };
}

const nameOf = (key: WorkflowKey) => `${key.project}/${key.workflow}`;

/** Both come from the same route, so that equal data has equal text. */
const sameData = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
