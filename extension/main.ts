// The extension's entry: builds its long-lived parts and registers commands and views.

import * as vscode from "vscode";
import { lensCommands } from "../server/protocol.ts";
import { backfill } from "./commands/backfill.ts";
import { connect } from "./commands/connect.ts";
import { showConnection } from "./commands/connection.ts";
import { deploy } from "./commands/deploy.ts";
import { disconnect } from "./commands/disconnect.ts";
import { follow } from "./commands/follow.ts";
import { importWorkflows } from "./commands/import.ts";
import { openSource } from "./commands/open-source.ts";
import { previewScript } from "./commands/preview-script.ts";
import { run } from "./commands/run.ts";
import { showLog } from "./commands/show-log.ts";
import { startLocal } from "./commands/start-local-scheduler.ts";
import { stop } from "./commands/stop.ts";
import { stopLocal } from "./commands/stop-local-scheduler.ts";
import type { Deps } from "./deps.ts";
import { registerCommand } from "./failure.ts";
import { startLanguageClient } from "./language-client.ts";
import { createLogChannels } from "./log-channels.ts";
import { createRunNotifier } from "./run-notifier.ts";
import { createScriptPreviews } from "./script-previews.ts";
import { tellServerNames } from "./server-names.ts";
import { createSession } from "./session.ts";
import { registerRunsTree } from "./views/runs-tree.ts";
import { registerStatusBar } from "./views/status-bar.ts";

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel("Porpoise");
  const session = createSession(context);
  const logs = createLogChannels(context, session);
  const notifier = createRunNotifier(context, session, logs);
  const language = startLanguageClient(context);
  const previews = createScriptPreviews();
  const deps: Deps = { context, session, language, logs, notifier, previews, output };
  context.subscriptions.push(output, session, language, logs, notifier, previews, tellServerNames(session, language));

  // What activates the extension is a .flow file, or someone who asks for one.
  void vscode.commands.executeCommand("setContext", "porpoise.hasFlows", true);
  registerStatusBar(context, session);
  registerRunsTree(context, session);

  registerCommand(deps, "porpoise.startLocalScheduler", startLocal);
  registerCommand(deps, "porpoise.stopLocalScheduler", stopLocal);
  registerCommand(deps, "porpoise.connect", connect);
  registerCommand(deps, "porpoise.disconnect", disconnect);
  registerCommand(deps, "porpoise.connection", showConnection);
  registerCommand(deps, lensCommands.deploy, deploy);
  registerCommand(deps, lensCommands.run, run);
  registerCommand(deps, lensCommands.backfill, backfill);
  registerCommand(deps, "porpoise.stop", stop);
  registerCommand(deps, "porpoise.showLog", showLog);
  registerCommand(deps, "porpoise.follow", follow);
  registerCommand(deps, "porpoise.openSource", openSource);
  registerCommand(deps, "porpoise.previewScript", previewScript);
  registerCommand(deps, "porpoise.import", importWorkflows);
}
