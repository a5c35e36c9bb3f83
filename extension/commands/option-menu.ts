// A menu whose first entry goes ahead and whose others change one option each, so that Enter alone is the quick way.

import * as vscode from "vscode";

export interface MenuOption {
  readonly icon: string;
  readonly label: string;
  /** What it is set to now. */
  readonly value: () => string;
  readonly ask: () => Promise<void>;
}

interface Entry extends vscode.QuickPickItem {
  readonly option?: MenuOption;
}

/** True: go ahead. False: the user has left. */
export async function askOptions(title: string, go: string, options: readonly MenuOption[]): Promise<boolean> {
  for (;;) {
    const entries: Entry[] = [
      { label: `$(play) ${go}` },
      { label: vscode.l10n.t("options"), kind: vscode.QuickPickItemKind.Separator },
      ...options.map((option) => ({ label: `$(${option.icon}) ${option.label}`, description: option.value(), option })),
    ];
    const chosen = await vscode.window.showQuickPick(entries, { title });
    if (chosen === undefined) return false;
    if (chosen.option === undefined) return true;
    await chosen.option.ask();
  }
}

export interface Choice<T> {
  readonly label: string;
  readonly description?: string;
  readonly value: T;
}

/** One of a few; undefined when the user leaves things as they are. */
export async function choose<T>(title: string, choices: readonly Choice<T>[]): Promise<T | undefined> {
  return (await vscode.window.showQuickPick(choices, { title }))?.value;
}
