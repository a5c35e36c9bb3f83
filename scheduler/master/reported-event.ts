// What a worker's report means to the task: one reading, whether it came by itself or as the answer to a question.

import type { TaskEvent } from "../model/life/task.ts";
import type { Report } from "../wire/messages.ts";
import type { EndDetails } from "./instance-state.ts";

export interface ReportedEvent {
  readonly event: TaskEvent;
  readonly details?: EndDetails;
}

/** `nowMs`: the database's time when the report arrived; hosts do not compare clocks. */
export function reportedEvent(report: Report, nowMs: number): ReportedEvent {
  const { attempt } = report;
  const atMs = nowMs - report.agoMs;
  if (report.kind === "started") {
    const job = report.job === undefined ? {} : { job: report.job };
    return { event: { kind: "started", attempt, atMs, ...job } };
  }
  const { outcome, reason, outputs, exitCode } = report;
  const handedOver = report.handedOver ? { handedOver: true as const } : {};
  return {
    event: { kind: "ended", attempt, atMs, outcome, ...(reason ? { reason } : {}), ...handedOver },
    details: { outputs, ...(exitCode === undefined ? {} : { exitCode }) },
  };
}
