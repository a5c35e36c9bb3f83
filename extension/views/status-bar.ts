// The status bar entry: what this window is connected to; a click offers what can be done about it.

import * as vscode from "vscode";
import type { Session } from "../session.ts";

export function registerStatusBar(context: vscode.ExtensionContext, session: Session): void {
  const item = vscode.window.createStatusBarItem("porpoise.connection", vscode.StatusBarAlignment.Left, 10);
  item.name = vscode.l10n.t("Porpoise Connection");
  item.command = "porpoise.connection";
  const show = () => {
    const state = session.state();
    switch (state.kind) {
      case "disconnected":
        item.text = `$(debug-disconnect) Porpoise`;
        item.tooltip = vscode.l10n.t("Not connected to a scheduler. Click to start the local one or to connect.");
        item.backgroundColor = undefined;
        break;
      case "connected":
        item.text = `$(vm-running) Porpoise: ${placeOf(state)}`;
        item.tooltip = vscode.l10n.t("Connected to {0}", state.client.url);
        item.backgroundColor = undefined;
        break;
      case "unreachable":
        item.text = `$(warning) Porpoise: ${placeOf(state)}`;
        item.tooltip = state.reason;
        item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
        break;
    }
  };
  show();
  item.show();
  context.subscriptions.push(item, session.onDidChange(show));
}

function placeOf({
  source,
  client,
}: {
  readonly source: "local" | "server";
  readonly client: { readonly url: string };
}): string {
  return source === "local" ? vscode.l10n.t("local") : new URL(client.url).host;
}
