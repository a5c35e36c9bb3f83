// "Porpoise: Follow Run": all tasks of an instance in one output channel, each line behind its task's name.

import * as vscode from "vscode";
import type { Deps } from "../deps.ts";
import type { AnyNode } from "../views/run-items.ts";
import { needClient } from "./need-client.ts";
import { pickInstance } from "./pick-instance.ts";

export async function follow(deps: Deps, node?: AnyNode): Promise<void> {
  const client = await needClient(deps);
  if (client === undefined) return;
  const instance = await pickInstance(client, node, {
    title: vscode.l10n.t("Follow which run?"),
    accepts: () => true,
    none: vscode.l10n.t("Nothing has run yet."),
  });
  if (instance === undefined) return;
  deps.logs.show({ kind: "instance", instance: instance.id, title: `${instance.workflow} #${instance.id}` });
}
