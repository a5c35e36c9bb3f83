// Asks for a backfill's dates: a range or a list. Checks their form only; what they mean is the scheduler's to say.

import * as vscode from "vscode";
import type { WorkflowShape } from "../../scheduler/api/contract.ts";
import type { Deps } from "../deps.ts";
import { choose } from "./option-menu.ts";

export type Dates = { readonly from: string; readonly to: string } | { readonly dates: readonly string[] };

export function datesText(dates: Dates): string {
  return "dates" in dates ? dates.dates.join(", ") : vscode.l10n.t("{0} to {1}, both included", dates.from, dates.to);
}

export async function askDates({ context }: Deps, shape: WorkflowShape): Promise<Dates | undefined> {
  const key = `porpoise.dates:${shape.project}/${shape.workflow}`;
  const before = context.workspaceState.get<Dates>(key);
  const kind = await choose(vscode.l10n.t("Backfill {0}: which dates?", shape.workflow), [
    {
      label: `$(arrow-both) ${vscode.l10n.t("A range")}`,
      description: vscode.l10n.t("from a first to a last day"),
      value: "range" as const,
    },
    {
      label: `$(list-unordered) ${vscode.l10n.t("A list")}`,
      description: vscode.l10n.t("days, separated by commas"),
      value: "list" as const,
    },
  ]);
  const dates = kind === undefined ? undefined : kind === "range" ? await askRange(before) : await askList(before);
  if (dates !== undefined) await context.workspaceState.update(key, dates);
  return dates;
}

async function askRange(before: Dates | undefined): Promise<Dates | undefined> {
  const known = before !== undefined && "from" in before ? before : undefined;
  const from = await askDate(vscode.l10n.t("First day"), known?.from ?? "", () => undefined);
  if (from === undefined) return undefined;
  const to = await askDate(vscode.l10n.t("Last day (included)"), known?.to ?? from, (text) =>
    text < from ? vscode.l10n.t("The last day is before the first, {0}", from) : undefined,
  );
  return to === undefined ? undefined : { from, to };
}

async function askList(before: Dates | undefined): Promise<Dates | undefined> {
  const answer = await vscode.window.showInputBox({
    title: vscode.l10n.t("Days"),
    prompt: vscode.l10n.t("Separated by commas: 2026-01-30, 2026-02-01"),
    value: before !== undefined && "dates" in before ? before.dates.join(", ") : "",
    ignoreFocusOut: true,
    validateInput: (text) => {
      const wrong = listOf(text).find((one) => !isDate(one));
      if (wrong !== undefined) return formText(wrong);
      return listOf(text).length === 0 ? formText("") : undefined;
    },
  });
  return answer === undefined ? undefined : { dates: listOf(answer) };
}

async function askDate(
  title: string,
  value: string,
  check: (text: string) => string | undefined,
): Promise<string | undefined> {
  const answer = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("A day like 2026-01-31, or a time like 2026-01-31T02:00:00"),
    value,
    ignoreFocusOut: true,
    validateInput: (text) => (isDate(text.trim()) ? check(text.trim()) : formText(text.trim())),
  });
  return answer?.trim();
}

const listOf = (text: string): string[] => text.split(/[\s,;]+/).filter((one) => one !== "");

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?$/.test(text);

const formText = (found: string) => vscode.l10n.t('"{0}" is no day: write it like 2026-01-31', found);
