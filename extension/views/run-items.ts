// How a workflow, an instance and a task look as rows of the runs tree.

import * as vscode from "vscode";
import type { InstanceShape, TaskInstanceShape, WorkflowShape } from "../../scheduler/api/contract.ts";
import { type AnyState, isOver, lookOf } from "../states.ts";
import { clock, day, duration, stateWord, triggerWord } from "../words.ts";

export type AnyNode =
  | { readonly kind: "workflow"; readonly shape: WorkflowShape }
  | { readonly kind: "instance"; readonly shape: InstanceShape }
  | { readonly kind: "task"; readonly instance: InstanceShape; readonly shape: TaskInstanceShape };

export function workflowItem(shape: WorkflowShape): vscode.TreeItem {
  const item = new vscode.TreeItem(shape.workflow, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `workflow ${shape.project}/${shape.workflow}`;
  item.contextValue = "workflow";
  item.description = `${shape.project} · v${shape.version}`;
  item.iconPath =
    shape.lastInstance === undefined ? new vscode.ThemeIcon("type-hierarchy") : icon(shape.lastInstance.state);
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(`${shape.project}/${shape.workflow}`);
  if (shape.title !== null) tooltip.appendText(` — ${shape.title}`);
  tooltip.appendText(`\n\n${vscode.l10n.t("Version {0}, from {1}", shape.version, shape.path)}`);
  if (shape.cron !== null) tooltip.appendText(`\n\n${shape.cron} (${shape.zone})`);
  if (shape.nextFireAt !== null) tooltip.appendText(`\n\n${vscode.l10n.t("Next at {0}", shape.nextFireAt)}`);
  item.tooltip = tooltip;
  return item;
}

export function instanceItem(shape: InstanceShape): vscode.TreeItem {
  const label = shape.scheduleTime === null ? `#${shape.id}` : `#${shape.id} · ${day(shape.scheduleTime)}`;
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `instance ${shape.id}`;
  item.contextValue = isOver(shape.state) ? "instance.over" : "instance.active";
  item.iconPath = icon(shape.state);
  item.description = words([
    stateWord(shape.state),
    took(shape.startedAt, shape.endedAt),
    shape.startedAt === null ? undefined : clock(shape.startedAt),
    shape.dryRun ? vscode.l10n.t("dry run") : undefined,
    shape.waiting?.text,
  ]);
  item.tooltip = instanceTooltip(shape);
  item.accessibilityInformation = { label: `${shape.workflow} ${label} ${stateWord(shape.state)}` };
  return item;
}

function instanceTooltip(shape: InstanceShape): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(`${shape.project}/${shape.workflow} #${shape.id} · v${shape.version} · ${stateWord(shape.state)}`);
  tooltip.appendText(`\n\n${vscode.l10n.t("Trigger: {0}", triggerWord(shape.trigger))}`);
  if (shape.scheduleTime !== null) tooltip.appendText(`\n\n${vscode.l10n.t("Schedule time {0}", shape.scheduleTime)}`);
  if (shape.startedAt !== null) tooltip.appendText(`\n\n${vscode.l10n.t("Started {0}", shape.startedAt)}`);
  if (shape.endedAt !== null) tooltip.appendText(`\n\n${vscode.l10n.t("Ended {0}", shape.endedAt)}`);
  for (const [name, value] of Object.entries(shape.params)) tooltip.appendText(`\n\n${name} = ${value}`);
  return tooltip;
}

export function taskItem(instance: InstanceShape, shape: TaskInstanceShape): vscode.TreeItem {
  const item = new vscode.TreeItem(shape.name, vscode.TreeItemCollapsibleState.None);
  const last = shape.attempts.at(-1);
  item.id = `task ${shape.id}`;
  item.contextValue = shape.attempts.length > 0 ? "task.logged" : "task";
  item.iconPath = icon(shape.state);
  item.description = words([
    stateWord(shape.state),
    shape.attempts.length > 1 ? vscode.l10n.t("attempt {0}", shape.attempts.length) : undefined,
    took(shape.startedAt, shape.endedAt),
    shape.waiting?.text,
    shape.state === "failed" ? last?.reason : undefined,
  ]);
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(`${shape.name} (${shape.type}) · ${stateWord(shape.state)}`);
  for (const one of shape.attempts) {
    const where = one.worker === null ? "" : ` · ${one.worker}`;
    const job = one.job === undefined ? "" : ` · ${vscode.l10n.t("job {0}", one.job)}`;
    const why = one.reason === undefined ? "" : ` · ${one.reason}`;
    tooltip.appendText(`\n\n${vscode.l10n.t("attempt {0}", one.attempt)}: ${stateWord(one.state)}${where}${job}${why}`);
  }
  for (const [name, value] of Object.entries(shape.outputs)) tooltip.appendText(`\n\n${name} = ${value}`);
  item.tooltip = tooltip;
  item.accessibilityInformation = { label: `${shape.name} ${stateWord(shape.state)}` };
  if (shape.attempts.length > 0) {
    const node: AnyNode = { kind: "task", instance, shape };
    item.command = { command: "porpoise.showLog", title: vscode.l10n.t("Show Log"), arguments: [node] };
  }
  return item;
}

const words = (parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(" · ");

function icon(state: AnyState): vscode.ThemeIcon {
  const look = lookOf(state);
  return new vscode.ThemeIcon(look.icon, new vscode.ThemeColor(look.color));
}

function took(startedAt: string | null, endedAt: string | null): string | undefined {
  return startedAt === null || endedAt === null ? undefined : duration(Date.parse(endedAt) - Date.parse(startedAt));
}
