// "Porpoise: Connection": what a click on the status bar offers.

import * as vscode from "vscode";
import type { Deps } from "../deps.ts";

interface Choice extends vscode.QuickPickItem {
  readonly command: string;
}

export async function showConnection({ session }: Deps): Promise<void> {
  const state = session.state();
  const start: Choice = {
    label: `$(play) ${vscode.l10n.t("Start Local Scheduler")}`,
    command: "porpoise.startLocalScheduler",
  };
  const connect: Choice = { label: `$(plug) ${vscode.l10n.t("Connect…")}`, command: "porpoise.connect" };
  const runs: Choice = { label: `$(list-tree) ${vscode.l10n.t("Show Runs")}`, command: "porpoise.runs.focus" };
  const stop: Choice = {
    label: `$(debug-stop) ${vscode.l10n.t("Stop Local Scheduler")}`,
    command: "porpoise.stopLocalScheduler",
  };
  const leave: Choice = { label: `$(debug-disconnect) ${vscode.l10n.t("Disconnect")}`, command: "porpoise.disconnect" };
  const choices =
    state.kind === "disconnected"
      ? [start, connect]
      : state.source === "local"
        ? [runs, ...(state.kind === "unreachable" ? [start] : [stop]), leave, connect]
        : [runs, leave, connect, start];
  const title = state.kind === "disconnected" ? vscode.l10n.t("Not connected") : state.client.url;
  const chosen = await vscode.window.showQuickPick(choices, { title });
  if (chosen !== undefined) await vscode.commands.executeCommand(chosen.command);
}
