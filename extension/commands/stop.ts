// "Porpoise: Stop…": ends an instance; its running tasks are killed.

import * as vscode from "vscode";
import type { Deps } from "../deps.ts";
import type { AnyNode } from "../views/run-items.ts";
import { needClient } from "./need-client.ts";
import { isActive, pickInstance } from "./pick-instance.ts";

export async function stop(deps: Deps, node?: AnyNode): Promise<void> {
  const client = await needClient(deps);
  if (client === undefined) return;
  const instance = await pickInstance(client, node, {
    title: vscode.l10n.t("Stop which run?"),
    accepts: isActive,
    none: vscode.l10n.t("Nothing runs."),
  });
  if (instance === undefined) return;
  await client.act(instance.id, "stop");
  await vscode.commands.executeCommand("porpoise.refreshRuns");
}
