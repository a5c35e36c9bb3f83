// "Porpoise: Start Local Scheduler": starts the bundled scheduler for this folder and connects to it.

import * as vscode from "vscode";
import type { Client } from "../client.ts";
import type { Deps } from "../deps.ts";
import { startLocalScheduler } from "../local-scheduler.ts";
import { workspaceFolder } from "../workspace.ts";

export async function startLocal(deps: Deps): Promise<void> {
  await connectToLocal(deps);
}

/** The connected client, or undefined when there is no folder to start a scheduler for. */
export async function connectToLocal({ context, session }: Deps): Promise<Client | undefined> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t("Workflows run programs: trust this folder before you start a scheduler for it."),
    );
    return undefined;
  }
  const folder = workspaceFolder();
  if (folder === undefined) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        "The local scheduler keeps its data in the folder it works for: open a folder on this machine first.",
      ),
    );
    return undefined;
  }
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Starting the local scheduler"),
      cancellable: true,
    },
    async (_progress, cancelled) => {
      const abort = new AbortController();
      const listening = cancelled.onCancellationRequested(() => abort.abort());
      try {
        const program = context.asAbsolutePath("dist/porpoise.mjs");
        await session.connect("local", await startLocalScheduler({ folder, program, signal: abort.signal }));
      } finally {
        listening.dispose();
      }
    },
  );
  return session.client();
}
