// The instances this master owns: takes them with their commands, keeps one actor each, and compares actors with rows.

import type { Clock } from "../model/clock.ts";
import { type Incarnation, splitTaskInstanceId, type TaskInstanceId, type WorkflowInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import { batchWriter } from "../store/batch-writer.ts";
import { type Database, isPassing } from "../store/database.ts";
import { type LoadedDefinition, type LoadedInstance, loadDefinition, loadInstances } from "../store/loading.ts";
import { commandsFor, epochsOf, ownedInstances, takeInstances } from "../store/ownership.ts";
import type { CommandKind, CommandRecord } from "../store/records.ts";
import { admit } from "../store/serial-queue.ts";
import { type Actor, type ActorEvent, actor } from "./actor.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { giveUp as giveUpFor } from "./giving-up.ts";
import { instanceState } from "./instance-state.ts";
import type { Pools } from "./pools.ts";
import type { Preparations } from "./preparation.ts";
import type { WorkerLinks } from "./worker-links.ts";

export interface Inbox {
  /** Takes what waits for an owner and what was asked of instances that are owned; once at a time. */
  look(): Promise<void>;
  /** Compares rows with actors, and proves that this master still owns what it works on. */
  compare(): Promise<void>;
  post(task: TaskInstanceId, event: Omit<Extract<ActorEvent, { readonly kind: "task" }>, "kind" | "task">): boolean;
  /** Whether the task's instance has its actor here. */
  holds(task: TaskInstanceId | undefined): boolean;
  /**
   * How long ago the request was sent whose answer last proved ownership under this epoch, in milliseconds; undefined when
   * the instance is not owned under it.
   */
  ownershipProvenAgoMs(instance: WorkflowInstanceId, epoch: number): number | undefined;
  /** Likewise of the answer that last told all that is owned; infinite: there was none. */
  provenAgoMs(): number;
  size(): number;
  close(): void;
}

export interface InboxDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly owner: Incarnation;
  readonly dispatcher: Dispatcher;
  readonly links: () => WorkerLinks;
  readonly pools: Pools;
  readonly preparations: Preparations;
  readonly log: Logger;
  readonly meter?: Meter;
  /** This master's place among the live ones. */
  readonly slot: () => { readonly slot: number; readonly slots: number };
  /** Instances at most; the rest waits in the database. */
  readonly capacity: number;
  readonly lostLimit: number;
  /** There are new commands in the database. */
  readonly onCommands: () => void;
  /** An instance came to rest, and this is committed. `isQueued`: runs of its workflow wait for each other. */
  readonly onRest: (instance: LoadedInstance["instance"], isQueued: boolean) => void;
}

const takeAtOnce = 200;
const runsAgain: ReadonlySet<CommandKind> = new Set(["rerun", "recover_failed", "run_task", "force_success"]);
const keptDefinitions = 500;

export function inbox(deps: InboxDeps): Inbox {
  const { database, clock, owner, log, meter } = deps;
  const actors = new Map<WorkflowInstanceId, Actor>();
  /** Being loaded: two looks may find the same instance, and it must not get two actors. */
  const adopting = new Set<WorkflowInstanceId>();
  /** Instances of serial workflows, whose start asks the queue first. */
  const serial = new Map<WorkflowInstanceId, Omit<Parameters<typeof admit>[1], "command">>();
  const definitions = new Map<string, LoadedDefinition>();
  const writer = batchWriter({
    database,
    clock,
    owner,
    onTrouble: (error) => {
      log.warn({ error }, "cannot save, trying again");
      meter?.count("saves_repeated");
    },
  });
  let proof: { readonly atMs: number; readonly epochs: ReadonlyMap<WorkflowInstanceId, number> } = {
    atMs: Number.NEGATIVE_INFINITY,
    epochs: new Map(),
  };
  let isClosed = false;

  const look = async (): Promise<void> => {
    for (let isMore = true; isMore && !isClosed; ) {
      isMore = await takeSome();
      if (actors.size > 0 && !isClosed) await deliver(await commandsFor(database, owner));
      // Thousands may wait: what has come in meanwhile goes between two rounds.
      if (isMore) await new Promise<void>((resolve) => void clock.soon(resolve));
    }
  };

  /** Tells whether more may be waiting. */
  const takeSome = async (): Promise<boolean> => {
    const limit = Math.min(deps.capacity - actors.size, takeAtOnce);
    if (limit <= 0) return false;
    const taken = await takeInstances(database, { owner, limit, ...deps.slot() });
    if (taken.length > 0) await adopt(taken);
    return taken.length === takeAtOnce;
  };

  const adopt = async (ids: readonly WorkflowInstanceId[]): Promise<void> => {
    const mine = ids.filter((id) => !actors.has(id) && !adopting.has(id));
    if (mine.length === 0) return;
    for (const id of mine) adopting.add(id);
    try {
      await loadAndStart(mine);
    } finally {
      for (const id of mine) adopting.delete(id);
    }
  };

  const loadAndStart = async (ids: readonly WorkflowInstanceId[]): Promise<void> => {
    for (const loaded of await load(ids)) {
      // Between taking and loading somebody may have decided that this master is gone.
      if (isClosed || loaded.instance.owner !== owner) continue;
      try {
        await startActor(loaded);
      } catch (error) {
        if (isPassing(error)) throw error;
        await giveUp(loaded.instance.id, loaded.instance.ownerEpoch, error);
      }
    }
  };

  /** Rows that cannot be read must not keep the others waiting: then each is tried alone. */
  const load = async (ids: readonly WorkflowInstanceId[]): Promise<readonly LoadedInstance[]> => {
    try {
      return await loadInstances(database, ids);
    } catch (error) {
      if (isPassing(error)) throw error;
      const [id, another] = ids;
      if (id === undefined) return [];
      if (another !== undefined) {
        const found: LoadedInstance[] = [];
        for (const one of ids) found.push(...(await load([one])));
        return found;
      }
      await giveUp(id, (await epochsOf(database, [id])).get(id) ?? 0, error);
      return [];
    }
  };

  const startActor = async (loaded: LoadedInstance): Promise<void> => {
    const { instance } = loaded;
    const files = await definitionOf(instance.workflowId, instance.version);
    const needsParams = files.definition.params.some(({ value }) => value === undefined);
    const projectParams = needsParams ? await deps.preparations.projectParams(files.definition.project) : {};
    if (isClosed) return;
    const fresh = actor({
      owner,
      epoch: instance.ownerEpoch,
      instance: instanceState({
        loaded,
        definition: files.definition,
        epoch: instance.ownerEpoch,
        nowMs: database.nowMs,
        lostLimit: deps.lostLimit,
        projectParams,
      }),
      files: files.files,
      database,
      pools: deps.pools,
      preparations: deps.preparations,
      save: (transition) => writer.save(transition),
      nowMs: database.nowMs,
      clock,
      dispatcher: deps.dispatcher,
      links: deps.links(),
      log,
      onCommands: deps.onCommands,
      onRest: (one) => {
        const isQueued = serial.has(one.instance);
        drop(one);
        // Its parent would find it by looking; if it is here it need not wait for that.
        if (instance.parent) actors.get(instance.parent.instance)?.look(instance.parent.taskIndex);
        deps.onRest(instance, isQueued);
      },
      onLost: (one) => {
        log.warn({ instance: one.instance, epoch: one.epoch }, "another master owns this instance now");
        meter?.count("epochs_lost");
        drop(one);
      },
      onFault: (one, error) => {
        drop(one);
        void giveUp(one.instance, one.epoch, error);
      },
    });
    actors.set(instance.id, fresh);
    const { concurrency } = files.definition;
    if (concurrency !== "parallel" && (instance.trigger === "manual" || instance.trigger === "schedule")) {
      const { id, workflowId, ownerEpoch } = instance;
      serial.set(id, { instance: id, workflowId, concurrency, owner, epoch: ownerEpoch });
    }
    log.info({ instance: instance.id, epoch: instance.ownerEpoch }, "this master owns the instance now");
    fresh.recover();
  };

  const drop = (one: Actor): void => {
    one.close();
    if (actors.get(one.instance) !== one) return;
    actors.delete(one.instance);
    serial.delete(one.instance);
  };

  const giveUp = (instance: WorkflowInstanceId, epoch: number, error: unknown): Promise<void> =>
    giveUpFor(
      { database, owner, log, definitionOf: async (...version) => (await definitionOf(...version)).definition },
      { instance, epoch, error },
    );

  const definitionOf = async (workflowId: string, version: number): Promise<LoadedDefinition> => {
    const key = `${workflowId}@${version}`;
    const known = definitions.get(key);
    if (known) return known;
    const found = await loadDefinition(database, workflowId, version);
    if (!found) throw new Error(`version ${version} of workflow ${workflowId} is not in the database`);
    if (definitions.size >= keptDefinitions) definitions.clear();
    definitions.set(key, found);
    return found;
  };

  const deliver = async (commands: readonly CommandRecord[]): Promise<void> => {
    for (const command of commands) {
      const found = actors.get(command.instance);
      if (!found) continue;
      const queue = asksForRun(command, found) ? serial.get(command.instance) : undefined;
      if (queue) {
        const admission = await admit(database, { ...queue, command });
        if (admission === "queued" || admission === "not_owned") drop(found);
        if (admission !== "admitted") continue;
      }
      found.post({ kind: "command", command });
    }
  };

  /** Reruns of what is over take their turn like starts. A paused one holds the queue: its resume does not wait. */
  const asksForRun = ({ kind }: CommandRecord, found: Actor): boolean =>
    kind === "start" || (found.isOver() && runsAgain.has(kind));

  const compare = async (): Promise<void> => {
    const atMs = clock.monotonicMs();
    const epochs = await ownedInstances(database, owner);
    if (isClosed) return;
    proof = { atMs, epochs };
    await forgetTaken(epochs);
    const orphans = [...epochs.keys()].filter((id) => !actors.has(id) && !adopting.has(id));
    if (orphans.length > 0) await adopt(orphans.slice(0, takeAtOnce));
  };

  /** Not among the owned may also mean: came to rest a moment ago. Only a higher epoch takes an actor its instance. */
  const forgetTaken = async (owned: ReadonlyMap<WorkflowInstanceId, number>): Promise<void> => {
    const doubtful = [...actors.values()].filter((one) => owned.get(one.instance) !== one.epoch);
    if (doubtful.length === 0) return;
    const epochs = await epochsOf(
      database,
      doubtful.map((one) => one.instance),
    );
    for (const one of doubtful) if ((epochs.get(one.instance) ?? 0) > one.epoch) drop(one);
  };

  return {
    look,
    compare,
    post: (task, event) => {
      const parts = splitTaskInstanceId(task);
      const found = parts && actors.get(parts.instance);
      if (!parts || !found) return false;
      found.post({ ...event, kind: "task", task: parts.taskIndex });
      return true;
    },
    holds: (task) => {
      const parts = task === undefined ? undefined : splitTaskInstanceId(task);
      return parts !== undefined && actors.has(parts.instance);
    },
    provenAgoMs: () => clock.monotonicMs() - proof.atMs,
    ownershipProvenAgoMs: (instance, epoch) => {
      if (actors.get(instance)?.epoch !== epoch || proof.epochs.get(instance) !== epoch) return undefined;
      return clock.monotonicMs() - proof.atMs;
    },
    size: () => actors.size,
    close: () => {
      isClosed = true;
      writer.close();
      for (const one of [...actors.values()]) one.close();
      actors.clear();
    },
  };
}
