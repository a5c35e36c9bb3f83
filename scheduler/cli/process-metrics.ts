// The numbers of one process for Prometheus: what its parts count, and gauges that are read when somebody asks.

import { Counter, collectDefaultMetrics, Gauge, Registry as MetricsRegistry } from "prom-client";
import type { Master } from "../master/master.ts";
import { type CounterName, counters, type Meter } from "../model/meter.ts";
import type { Registry } from "../registry/contract.ts";
import type { Worker } from "../worker/worker.ts";

export interface ProcessMetrics {
  readonly meter: Meter;
  readonly contentType: string;
  watchRegistry(registry: Registry): void;
  watchMaster(master: Master): void;
  watchWorker(worker: Worker): void;
  text(): Promise<string>;
}

export function processMetrics(): ProcessMetrics {
  const metrics = new MetricsRegistry();
  const registers = [metrics];
  collectDefaultMetrics({ register: metrics });
  const counts = new Map<CounterName, Counter>();
  for (const name of Object.keys(counters) as CounterName[]) {
    counts.set(name, new Counter({ name: `porpoise_${name}_total`, help: counters[name], registers }));
  }
  const meter: Meter = { count: (what, by = 1) => counts.get(what)?.inc(by) };
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `porpoise_${name}`,
      help,
      registers,
      collect() {
        const value = read();
        if (Number.isFinite(value)) this.set(value);
        else this.remove();
      },
    });
  };
  return {
    meter,
    contentType: metrics.contentType,
    watchRegistry: (registry) => {
      let isConnected = false;
      registry.onSession((state) => {
        isConnected = state === "connected";
        if (state === "lost") meter.count("sessions_lost");
      });
      gauge("registry_session", "1 while this process has a session with the registry.", () => Number(isConnected));
    },
    watchMaster: (master) => {
      const work = () => master.work();
      gauge("master_instances", "Instances that this master owns and works on.", () => work().instances);
      gauge("master_placed_attempts", "Attempts for which this master holds a slot.", () => work().placed);
      gauge(
        "master_database_silence_seconds",
        "How long ago the database last told this master what it owns.",
        () => work().provenAgoMs / 1_000,
      );
      new Gauge({
        name: "porpoise_master_waiting_tasks",
        help: "Tasks of this master's instances that wait for a worker, by worker group.",
        labelNames: ["group"],
        registers,
        collect() {
          this.reset();
          for (const [group, count] of work().waitingByGroup) this.set({ group }, count);
        },
      });
    },
    watchWorker: (worker) => {
      const work = () => worker.work();
      gauge("worker_running_attempts", "Attempts that run on this worker.", () => work().running);
      gauge("worker_queued_attempts", "Attempts that wait for a slot of this worker.", () => work().queued);
      gauge("worker_unkept_reports", "Attempts of which no master has confirmed the news yet.", () => work().unkept);
      gauge(
        "worker_report_lag_seconds",
        "How long the end of an attempt has waited for its owner's confirmation; the oldest.",
        () => work().reportLagMs / 1_000,
      );
      gauge("worker_unsent_logs", "Logs that are not whole at an api yet.", () => work().unsentLogs);
    },
    text: () => metrics.metrics(),
  };
}
