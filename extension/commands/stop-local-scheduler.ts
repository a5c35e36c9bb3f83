// "Porpoise: Stop Local Scheduler": ends the scheduler of this folder, after asking if something still runs.

import * as vscode from "vscode";
import { createClient } from "../client.ts";
import type { Deps } from "../deps.ts";
import { runningLocalScheduler, stopLocalScheduler } from "../local-scheduler.ts";
import { workspaceFolder } from "../workspace.ts";

export async function stopLocal({ session }: Deps): Promise<void> {
  const folder = workspaceFolder();
  const connection = folder === undefined ? undefined : await runningLocalScheduler(folder);
  if (connection === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No local scheduler runs for this folder."));
    return;
  }
  const { items } = await createClient(connection).instances({ state: "running", limit: 100 });
  if (items.length > 0 && !(await confirmed(items.length))) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Stopping the local scheduler") },
    () => stopLocalScheduler(connection),
  );
  const state = session.state();
  if (state.kind !== "disconnected" && state.source === "local") await session.disconnect();
}

async function confirmed(running: number): Promise<boolean> {
  const stop = vscode.l10n.t("Stop Scheduler");
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      "{0} workflow instances are running. Their tasks are ended and go on when the scheduler is started again.",
      running,
    ),
    { modal: true },
    stop,
  );
  return chosen === stop;
}
