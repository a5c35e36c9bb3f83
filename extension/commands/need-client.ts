// What a command does first that needs a scheduler: takes the connected one, or offers the ways to get one.

import * as vscode from "vscode";
import type { Client } from "../client.ts";
import type { Deps } from "../deps.ts";
import { connectToServer } from "./connect.ts";
import { connectToLocal } from "./start-local-scheduler.ts";

/** Undefined: the user would rather not. */
export async function needClient(deps: Deps): Promise<Client | undefined> {
  const client = deps.session.client();
  if (client !== undefined) return client;
  const local = {
    label: `$(play) ${vscode.l10n.t("Start Local Scheduler")}`,
    description: vscode.l10n.t("nothing else is needed"),
  };
  const server = {
    label: `$(plug) ${vscode.l10n.t("Connect…")}`,
    description: vscode.l10n.t("to a scheduler that runs already"),
  };
  const chosen = await vscode.window.showQuickPick([local, server], {
    title: vscode.l10n.t("This needs a scheduler, and none is connected"),
  });
  if (chosen === local) return connectToLocal(deps);
  if (chosen === server) return connectToServer(deps);
  return undefined;
}
