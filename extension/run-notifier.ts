// Says when a run that was started from this window has ended, and offers its log.

import * as vscode from "vscode";
import type { InstanceShape } from "../scheduler/api/contract.ts";
import { watchInstance } from "./instance-watch.ts";
import type { LogChannels } from "./log-channels.ts";
import type { Session } from "./session.ts";
import { duration } from "./words.ts";

const savedKey = "porpoise.watchedRuns";

export interface RunNotifier extends vscode.Disposable {
  /** Announces the end of this instance, also if the window is reloaded before. */
  readonly watch: (instance: InstanceShape) => void;
}

interface Watched {
  /** See Session.key. */
  readonly scheduler: string;
  readonly instance: string;
}

export function createRunNotifier(context: vscode.ExtensionContext, session: Session, logs: LogChannels): RunNotifier {
  const stop = new AbortController();
  const watched = new Map<string, Watched>();
  const save = () => context.workspaceState.update(savedKey, [...watched.values()]);

  const untilOver = async ({ scheduler, instance }: Watched): Promise<void> => {
    const client = () => (session.key() === scheduler ? session.client() : undefined);
    let last: InstanceShape | undefined;
    for await (const shape of watchInstance(client, instance, stop.signal)) last = shape;
    if (!stop.signal.aborted && last !== undefined) void announce(last, logs);
  };

  const start = (one: Watched) => {
    const name = `${one.scheduler} ${one.instance}`;
    if (watched.has(name)) return;
    watched.set(name, one);
    untilOver(one)
      // An instance that cannot be watched any more (deleted, another token) has nothing to announce.
      .catch(() => undefined)
      .finally(() => {
        watched.delete(name);
        // What is stopped because the window closes is watched by the next one.
        if (!stop.signal.aborted) void save();
      });
  };

  const resume = () => {
    for (const one of context.workspaceState.get<readonly Watched[]>(savedKey, [])) {
      if (one.scheduler === session.key()) start(one);
    }
  };
  const listening = session.onDidChange(resume);
  resume();

  return {
    watch: ({ id }) => {
      const scheduler = session.key();
      if (scheduler === undefined) return;
      start({ scheduler, instance: id });
      void save();
    },
    dispose: () => {
      listening.dispose();
      stop.abort();
    },
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
