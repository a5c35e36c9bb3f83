// Shows what would happen, row by row, and asks whether to do it.

import * as vscode from "vscode";

export interface PlanRow {
  readonly group: string;
  readonly icon: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

export interface Plan {
  readonly title: string;
  /** What Enter does, said as a sentence: "Deploy 2 workflows". */
  readonly go: string;
  readonly rows: readonly PlanRow[];
}

/** True when the user wants it done. Rows can be read and searched, but only the first entry does something. */
export function confirmPlan(plan: Plan): Promise<boolean> {
  const pick = vscode.window.createQuickPick();
  const go: vscode.QuickPickItem = { label: `$(check) ${plan.go}`, alwaysShow: true };
  pick.title = plan.title;
  pick.placeholder = vscode.l10n.t("This is what will be done. Enter does it, Escape does nothing.");
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  pick.items = [go, ...itemsOf(plan.rows)];
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      if (pick.activeItems[0] !== go) return;
      resolve(true);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(false);
      pick.dispose();
    });
    pick.show();
  });
}

function itemsOf(rows: readonly PlanRow[]): readonly vscode.QuickPickItem[] {
  const items: vscode.QuickPickItem[] = [];
  let group: string | undefined;
  for (const row of rows) {
    if (row.group !== group) {
      group = row.group;
      items.push({ label: group, kind: vscode.QuickPickItemKind.Separator });
    }
    items.push({
      label: `$(${row.icon}) ${row.label}`,
      ...(row.description === undefined ? {} : { description: row.description }),
      ...(row.detail === undefined ? {} : { detail: row.detail }),
    });
  }
  return items;
}
