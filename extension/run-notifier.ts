// Says when a run that was started from this window has ended, and offers its log.

import * as vscode from "vscode";
import type { InstanceShape } from "../scheduler/api/contract.ts";
import { watchInstance } from "./instance-watch.ts";
import type { LogChannels } from "./log-channels.ts";
import type { Session } from "./session.ts";
import { duration } from "./words.ts";

export interface RunNotifier extends vscode.Disposable {
  readonly watch: (instance: InstanceShape) => void;
}

export function createRunNotifier(session: Session, logs: LogChannels): RunNotifier {
  const stop = new AbortController();
  const watch = async (started: InstanceShape): Promise<void> => {
    const key = session.key();
    const client = () => (session.key() === key ? session.client() : undefined);
    let last = started;
    for await (const shape of watchInstance(client, started.id, stop.signal)) last = shape;
    if (!stop.signal.aborted) await announce(last, logs);
  };
  return {
    // An instance that cannot be watched any more (deleted, another scheduler) has nothing to announce.
    watch: (instance) => void watch(instance).catch(() => undefined),
    dispose: () => stop.abort(),
  };
}

async function announce(instance: InstanceShape, logs: LogChannels): Promise<void> {
  const wanted = vscode.workspace.getConfiguration("porpoise").get<string>("notifications", "all");
  const failed = instance.state === "failed";
  if (wanted === "none" || (wanted === "failures" && !failed)) return;
  const showLog = vscode.l10n.t("Show Log");
  const name = `${instance.workflow} #${instance.id}`;
  const chosen = failed
    ? await vscode.window.showErrorMessage(failureText(name, instance), showLog)
    : await vscode.window.showInformationMessage(endText(name, instance), showLog);
  if (chosen === showLog) logs.show({ kind: "instance", instance: instance.id, title: name });
}

function failureText(name: string, instance: InstanceShape): string {
  const failed = (instance.tasks ?? []).filter((task) => task.state === "failed").map((task) => task.name);
  return failed.length === 0
    ? vscode.l10n.t("{0} failed.", name)
    : vscode.l10n.t("{0} failed: {1}.", name, failed.slice(0, 3).join(", "));
}

function endText(name: string, instance: InstanceShape): string {
  switch (instance.state) {
    case "stopped":
      return vscode.l10n.t("{0} was stopped.", name);
    case "paused":
      return vscode.l10n.t("{0} is paused.", name);
    default: {
      if (instance.startedAt === null || instance.endedAt === null) return vscode.l10n.t("{0} succeeded.", name);
      const took = duration(Date.parse(instance.endedAt) - Date.parse(instance.startedAt));
      return vscode.l10n.t("{0} succeeded in {1}.", name, took);
    }
  }
}
