// One output channel for each task instance (or followed instance) whose log was asked for. After a reload they come back whole.

import * as vscode from "vscode";
import { followInstance } from "./instance-follower.ts";
import { followTaskLog } from "./log-follower.ts";
import type { Session } from "./session.ts";

const savedKey = "porpoise.openLogs";
/** The oldest channel makes room for the newest. */
const mostChannels = 20;
/** In characters. The Output panel is an editor, and an editor is no place for a gigabyte. */
const longestShown = 16 * 1024 * 1024;

export type LogTarget =
  | { readonly kind: "task"; readonly instance: string; readonly taskInstance: string; readonly title: string }
  | { readonly kind: "instance"; readonly instance: string; readonly title: string };

interface Saved {
  /** The scheduler's name, see Session.key. */
  readonly scheduler: string;
  readonly target: LogTarget;
}

interface Open extends Saved {
  readonly channel: vscode.OutputChannel;
  readonly abort: AbortController;
}

export interface LogChannels extends vscode.Disposable {
  /** Shows the log, from its beginning on if it is not open yet. */
  readonly show: (target: LogTarget) => void;
}

export function createLogChannels(context: vscode.ExtensionContext, session: Session): LogChannels {
  const open = new Map<string, Open>();

  const save = () =>
    context.workspaceState.update(
      savedKey,
      [...open.values()].map(({ scheduler, target }): Saved => ({ scheduler, target })),
    );

  const start = (saved: Saved): Open => {
    const channel = vscode.window.createOutputChannel(`Porpoise: ${saved.target.title}`);
    const opened: Open = { ...saved, channel, abort: new AbortController() };
    open.set(nameOf(saved), opened);
    for (const [name, oldest] of open) {
      if (open.size <= mostChannels) break;
      close(oldest);
      open.delete(name);
    }
    void fill(opened, session);
    return opened;
  };

  const restore = () => {
    const scheduler = session.key();
    if (scheduler === undefined) return;
    for (const saved of context.workspaceState.get<readonly Saved[]>(savedKey, [])) {
      if (saved.scheduler === scheduler && !open.has(nameOf(saved))) start(saved);
    }
  };
  const listening = session.onDidChange(restore);
  restore();

  return {
    show: (target) => {
      const scheduler = session.key();
      if (scheduler === undefined) return;
      const saved: Saved = { scheduler, target };
      const shown = open.get(nameOf(saved)) ?? start(saved);
      shown.channel.show(true);
      void save();
    },
    dispose: () => {
      listening.dispose();
      for (const one of open.values()) close(one);
      open.clear();
    },
  };
}

const nameOf = ({ scheduler, target }: Saved) =>
  `${scheduler} ${target.kind} ${target.kind === "task" ? target.taskInstance : target.instance}`;

function close(opened: Open): void {
  opened.abort.abort();
  opened.channel.dispose();
}

async function fill(opened: Open, session: Session): Promise<void> {
  const { channel, target, abort, scheduler } = opened;
  // Another connection's scheduler may know other instances by the same id.
  const client = () => (session.key() === scheduler ? session.client() : undefined);
  const remark = (text: string) => channel.appendLine(`── ${text}`);
  const attempt = (task: string, number: number) => vscode.l10n.t("{0}, attempt {1}", task, number);
  const append = bounded(opened, remark);
  try {
    const deps = { client, signal: abort.signal };
    if (target.kind === "instance") {
      const line = (text: string) => append(`${text}\n`);
      const attemptStarted = (task: string, number: number) => remark(attempt(task, number));
      await followInstance(target.instance, { ...deps, line, attemptStarted });
    } else {
      const attemptStarted = (number: number) => {
        if (number > 1) remark(attempt(target.title, number));
      };
      await followTaskLog(target.instance, target.taskInstance, { attemptStarted, text: append }, deps);
    }
  } catch (error) {
    if (!abort.signal.aborted) remark(error instanceof Error ? error.message : String(error));
  }
}

function bounded({ channel, target, abort }: Open, remark: (text: string) => void): (text: string) => void {
  let shown = 0;
  return (text) => {
    if (abort.signal.aborted) return;
    channel.append(plain(text));
    shown += text.length;
    if (shown < longestShown) return;
    abort.abort();
    const command = target.kind === "task" ? `porpoise logs ${target.taskInstance}` : "porpoise logs";
    channel.appendLine("");
    remark(vscode.l10n.t("This log is too long to be shown here. The rest: {0}", command));
  };
}

/** The Output panel shows text, not a terminal: colours and cursor movements would stand there as rubbish. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, "");
}
