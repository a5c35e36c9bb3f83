// Numbers for Prometheus: told by the rows and the registry, so that any api tells them of the whole cluster; and behind them its own.

import { Gauge, Registry as MetricsRegistry } from "prom-client";
import { type Member, memberKinds, type Registry } from "../registry/contract.ts";
import { type Backlog, readBacklog } from "../store/backlog.ts";
import type { Database } from "../store/database.ts";
import { countByState } from "../store/queries.ts";

export interface MetricsDeps {
  readonly database: Database;
  readonly registry: Registry;
  readonly processMetrics?: () => Promise<string>;
}

/** A task that waits for so long although a worker has room: something is wrong. */
const idleAfterMs = 30_000;

export interface ClusterMetrics {
  readonly contentType: string;
  /** Each asking reads anew; what cannot be read is left out. */
  text(): Promise<string>;
}

export function clusterMetrics({ database, registry, processMetrics }: MetricsDeps): ClusterMetrics {
  const metrics = new MetricsRegistry();
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge => {
    const made = new Gauge({ name: `porpoise_${name}`, help, labelNames, registers: [metrics] });
    return made;
  };
  const instances = gauge("instances", "Workflow instances that are not over, by state.", ["state"]);
  const owned = gauge("owned_instances", "Workflow instances under way, by the master that owns them.", ["owner"]);
  const tasks = gauge("tasks", "Tasks of running instances that are not over, by state.", ["state"]);
  const commands = gauge("commands", "Commands that no master has obeyed yet.");
  const commandAge = gauge("oldest_command_seconds", "How long the oldest command has waited.");
  const taskAge = gauge(
    "oldest_submitted_task_seconds",
    "How long the task has waited for a worker that waits longest.",
  );
  const scheduleLag = gauge("schedule_lag_seconds", "How late the most overdue schedule is.");
  const alerts = gauge("pending_alerts", "Alerts that have not arrived yet.");
  const members = gauge("members", "Members of the cluster, by kind.", ["kind"]);
  const slots = gauge("worker_slots", "Slots of ready workers.");
  const slotsUsed = gauge("worker_slots_used", "Slots of ready workers in which attempts run.");
  const isAnswering = gauge("answers", "1 where it answers.", ["service"]);
  const idle = gauge("pending_and_idle", "1 when tasks wait for half a minute and more although a worker has room.");

  const tellBacklog = (backlog: Backlog): void => {
    for (const [name, count] of backlog.owned) owned.set({ owner: name }, count);
    for (const [state, count] of backlog.tasks) tasks.set({ state }, count);
    commands.set(backlog.commands);
    commandAge.set(backlog.oldestCommandMs / 1_000);
    taskAge.set(backlog.oldestSubmittedMs / 1_000);
    scheduleLag.set(backlog.scheduleLagMs / 1_000);
    alerts.set(backlog.alerts);
  };
  const readMembers = async (): Promise<readonly Member[]> =>
    (await Promise.all(memberKinds.map((kind) => registry.members(kind)))).flat();

  const read = async (): Promise<void> => {
    const [states, backlog, all] = await Promise.all([
      countByState(database).catch(() => undefined),
      readBacklog(database).catch(() => undefined),
      readMembers().catch(() => undefined),
    ]);
    for (const one of [instances, owned, tasks, members]) one.reset();
    isAnswering.set({ service: "database" }, backlog ? 1 : 0);
    isAnswering.set({ service: "registry" }, all ? 1 : 0);
    for (const [state, count] of states ?? []) instances.set({ state }, count);
    if (backlog) tellBacklog(backlog);
    if (!all) return;
    for (const kind of memberKinds) members.set({ kind }, all.filter((member) => member.kind === kind).length);
    const workers = all.filter(({ kind, data }) => kind === "worker" && data.status !== "draining");
    const room = workers.reduce((sum, { data }) => sum + Math.max(0, data.slots - data.slotsUsed), 0);
    slots.set(workers.reduce((sum, { data }) => sum + data.slots, 0));
    slotsUsed.set(workers.reduce((sum, { data }) => sum + data.slotsUsed, 0));
    if (backlog)
      idle.set(room > 0 && Math.max(backlog.oldestSubmittedMs, backlog.oldestCommandMs) > idleAfterMs ? 1 : 0);
  };
  return {
    contentType: metrics.contentType,
    text: async () => {
      await read();
      return `${await metrics.metrics()}${(await processMetrics?.()) ?? ""}`;
    },
  };
}
