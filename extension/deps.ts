// What every command and view is handed: the long-lived parts of the extension.

import type * as vscode from "vscode";
import type { FlowLanguage } from "./language-client.ts";
import type { LogChannels } from "./log-channels.ts";
import type { RunNotifier } from "./run-notifier.ts";
import type { ScriptPreviews } from "./script-previews.ts";
import type { Session } from "./session.ts";

export interface Deps {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly language: FlowLanguage;
  readonly logs: LogChannels;
  readonly notifier: RunNotifier;
  readonly previews: ScriptPreviews;
  /** What has no place of its own: a scheduler's last words, the problems of a deployment. */
  readonly output: vscode.OutputChannel;
}
