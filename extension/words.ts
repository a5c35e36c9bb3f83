// Words for people: states, triggers, times, durations.

import * as vscode from "vscode";
import type { AttemptShape, InstanceShape } from "../scheduler/api/contract.ts";
import type { AnyState } from "./states.ts";

export function stateWord(state: AnyState | AttemptShape["state"]): string {
  switch (state) {
    case "submitted":
      return vscode.l10n.t("submitted");
    case "serial_wait":
      return vscode.l10n.t("waiting for its turn");
    case "delayed":
      return vscode.l10n.t("delayed");
    case "dispatched":
      return vscode.l10n.t("dispatched");
    case "running":
      return vscode.l10n.t("running");
    case "retry_wait":
      return vscode.l10n.t("waiting to retry");
    case "pausing":
      return vscode.l10n.t("pausing");
    case "paused":
      return vscode.l10n.t("paused");
    case "stopping":
      return vscode.l10n.t("stopping");
    case "stopped":
      return vscode.l10n.t("stopped");
    case "killed":
      return vscode.l10n.t("killed");
    case "cancelled":
      return vscode.l10n.t("cancelled");
    case "failed":
      return vscode.l10n.t("failed");
    case "succeeded":
      return vscode.l10n.t("succeeded");
    case "forced_success":
      return vscode.l10n.t("forced success");
    case "skipped":
      return vscode.l10n.t("skipped");
    case "disabled":
      return vscode.l10n.t("disabled");
    case "lost":
      return vscode.l10n.t("lost");
  }
}

export function triggerWord(trigger: InstanceShape["trigger"]): string {
  switch (trigger) {
    case "manual":
      return vscode.l10n.t("by hand");
    case "schedule":
      return vscode.l10n.t("schedule");
    case "backfill":
      return vscode.l10n.t("backfill");
    case "sub_workflow":
      return vscode.l10n.t("sub-workflow");
  }
}

/** `2026-11-20`, with `02:30` behind it unless it is midnight: the wall clock of the time's own offset, as the workflow means it. */
export function day(iso: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(iso);
  if (match === null) return iso;
  return match[2] === "00:00" ? (match[1] ?? iso) : `${match[1]} ${match[2]}`;
}

/** Today's times as the clock on the user's wall, other days with their date. */
export function clock(iso: string): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString(vscode.env.language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.toLocaleDateString(vscode.env.language)} ${time}`;
}

/** `40 ms`, `1.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
