// Forgets old instances with their logs, in small pieces and one after the other, for as long as there is something to forget.

import type { LogStore } from "../logs/contract.ts";
import type { Clock } from "../model/clock.ts";
import type { WorkflowInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Database } from "../store/database.ts";
import { workflow } from "../store/queries.ts";
import { crowded, expired, forgetInstances, forgottenOf, surplus } from "../store/retention.ts";

export interface RetentionRule {
  /** 0: for ever. */
  readonly days: number;
  /** The newest so many of each workflow; 0: all. */
  readonly instances: number;
}

export interface RetentionSettings extends RetentionRule {
  /** By `project/workflow`: instead of the rule for all. */
  readonly workflows: { readonly [name: string]: RetentionRule };
}

export const keepAll: RetentionSettings = { days: 0, instances: 0, workflows: {} };

export interface RetentionDeps {
  readonly database: Database;
  readonly logs: LogStore;
  readonly settings: RetentionSettings;
  readonly clock: Clock;
  readonly log: Logger;
}

const dayMs = 24 * 3_600_000;
const everyMs = 5 * 60_000;
const atOnce = 50;
/** Logs without rows are looked for at the start and once a day: only a process that dies in the middle leaves some. */
const sweepEveryMs = dayMs;
const lookedUpAtOnce = 500;
/** Others get the database in between. */
const restMs = 20;

/** Returns how to end it; it ends after the piece that is under way. */
export function startRetention(deps: RetentionDeps): () => Promise<void> {
  const { settings, clock, log } = deps;
  const rules = [settings, ...Object.values(settings.workflows)];
  if (rules.every(({ days, instances }) => days === 0 && instances === 0)) return async () => {};
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    let sweepAtMs = clock.monotonicMs();
    while (!ending.signal.aborted) {
      try {
        if (clock.monotonicMs() >= sweepAtMs) {
          const left = await sweepLogs(deps, ending.signal);
          if (left > 0) log.info({ instances: left }, "removed logs of instances that were forgotten before");
          sweepAtMs = clock.monotonicMs() + sweepEveryMs;
        }
        const count = await forgetOld(deps, ending.signal);
        if (count > 0) log.info({ instances: count }, "forgot old instances");
      } catch (error) {
        log.warn({ error }, "cannot forget old instances now, trying again later");
      }
      await clock.sleep(everyMs, ending.signal);
    }
  };
  const running = run();
  return async () => {
    ending.abort();
    await running;
  };
}

/** One round; tells how many instances were forgotten. */
export async function forgetOld(deps: RetentionDeps, signal: AbortSignal): Promise<number> {
  const { database, settings } = deps;
  const own = new Map<string, RetentionRule>();
  for (const [name, rule] of Object.entries(settings.workflows)) {
    const [project = "", one = ""] = name.split("/");
    const found = await workflow(database, project, one);
    if (found) own.set(found.id, rule);
  }
  const except = [...own.keys()];
  let count = 0;
  const all = async (next: () => Promise<readonly WorkflowInstanceId[]>): Promise<void> => {
    count += await forgetAll(deps, signal, next);
  };
  if (settings.days > 0) await all(() => expired(database, { forMs: settings.days * dayMs, except, limit: atOnce }));
  for (const [only, { days }] of own) {
    if (days > 0) await all(() => expired(database, { forMs: days * dayMs, only, limit: atOnce }));
  }
  const few = [settings, ...own.values()].flatMap(({ instances }) => (instances > 0 ? [instances] : []));
  if (few.length === 0) return count;
  for (const workflowId of await crowded(database, Math.min(...few))) {
    const { instances } = own.get(workflowId) ?? settings;
    if (instances > 0) await all(() => surplus(database, { workflowId, instances, limit: atOnce }));
  }
  return count;
}

/** Removes logs whose rows are gone; tells of how many instances. */
export async function sweepLogs(
  { database, logs, clock }: Omit<RetentionDeps, "settings" | "log">,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  const remove = async (candidates: readonly WorkflowInstanceId[]): Promise<void> => {
    for (const instance of await forgottenOf(database, candidates)) {
      await logs.remove(instance);
      count += 1;
    }
    await clock.sleep(restMs, signal);
  };
  let some: WorkflowInstanceId[] = [];
  for await (const instance of logs.instances()) {
    if (signal.aborted) return count;
    some.push(instance);
    if (some.length < lookedUpAtOnce) continue;
    await remove(some);
    some = [];
  }
  if (some.length > 0) await remove(some);
  return count;
}

async function forgetAll(
  { database, logs, clock }: RetentionDeps,
  signal: AbortSignal,
  next: () => Promise<readonly WorkflowInstanceId[]>,
): Promise<number> {
  let count = 0;
  while (!signal.aborted) {
    const candidates = await next();
    const gone = await forgetInstances(database, candidates);
    // Rows first: a log without rows is only space, rows without their log would be a lie.
    for (const instance of gone) await logs.remove(instance);
    count += gone.length;
    if (gone.length === 0 || candidates.length < atOnce) break;
    await clock.sleep(restMs, signal);
  }
  return count;
}
