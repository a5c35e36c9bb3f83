// "Porpoise: Show Log…": the log of one task instance, in an output channel of its own.

import * as vscode from "vscode";
import type { InstanceShape, TaskInstanceShape } from "../../scheduler/api/contract.ts";
import type { Deps } from "../deps.ts";
import { lookOf } from "../states.ts";
import type { AnyNode } from "../views/run-items.ts";
import { day, stateWord } from "../words.ts";
import { needClient } from "./need-client.ts";
import { pickInstance } from "./pick-instance.ts";

export async function showLog(deps: Deps, node?: AnyNode): Promise<void> {
  if (node?.kind === "task") return show(deps, node.instance, node.shape);
  const client = await needClient(deps);
  if (client === undefined) return;
  const picked = await pickInstance(client, node, {
    title: vscode.l10n.t("Show the log of which run?"),
    accepts: () => true,
    none: vscode.l10n.t("Nothing has run yet."),
  });
  if (picked === undefined) return;
  const instance = await client.instance(picked.id);
  const title = `${instance.workflow} #${instance.id}`;
  const all = { label: `$(list-flat) ${vscode.l10n.t("All tasks, each line with its task's name")}`, value: undefined };
  const tasks = (instance.tasks ?? [])
    .filter((task) => task.attempts.length > 0)
    .map((task) => ({
      label: `$(${lookOf(task.state).icon}) ${task.name}`,
      description: stateWord(task.state),
      value: task,
    }));
  const chosen = await vscode.window.showQuickPick([all, ...tasks], { title });
  if (chosen === undefined) return;
  if (chosen.value === undefined) deps.logs.show({ kind: "instance", instance: instance.id, title });
  else show(deps, instance, chosen.value);
}

function show({ logs }: Deps, instance: InstanceShape, task: TaskInstanceShape): void {
  const date = instance.scheduleTime === null ? "" : ` ${day(instance.scheduleTime)}`;
  const title = `${task.name} (${instance.workflow} #${instance.id}${date})`;
  logs.show({ kind: "task", instance: instance.id, taskInstance: task.id, title });
}
