// How busy this machine is: what masters choose workers by, and people look at.

import { cpus, freemem, totalmem } from "node:os";

export interface Load {
  /** 0…1, in steps of 0.05: what changes less is no news. */
  readonly cpu: number;
  readonly memory: number;
}

export const noLoad: Load = { cpu: 0, memory: 0 };

/** Shorter than this, a measurement says nothing. */
const spanMs = 500;

/** Each call, where it is not too soon, measures the processors since the one before. */
export function loadMeter(): () => Load {
  let before = processorTimes();
  let measuredMs = performance.now();
  let load: Load = { cpu: 0, memory: memoryShare() };
  return () => {
    if (performance.now() - measuredMs < spanMs) return load;
    measuredMs = performance.now();
    const now = processorTimes();
    const total = now.total - before.total;
    const cpu = total > 0 ? 1 - (now.idle - before.idle) / total : 0;
    before = now;
    load = { cpu: rounded(cpu), memory: memoryShare() };
    return load;
  };
}

function processorTimes(): { readonly total: number; readonly idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}

const memoryShare = (): number => rounded(1 - freemem() / totalmem());

const rounded = (share: number): number => Math.min(1, Math.max(0, Math.round(share * 20) / 20));
