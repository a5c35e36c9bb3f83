// "Porpoise: Import Workflows…": a DolphinScheduler export or a pydolphinscheduler file as `.flow` files beside each other.

import * as vscode from "vscode";
import type { Deps } from "../deps.ts";

export async function importWorkflows({ language, output }: Deps, given?: vscode.Uri): Promise<void> {
  const source = given ?? (await pickSource());
  if (source === undefined) return;
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  const answer = await language.importText(text);
  if (answer === undefined) return;
  if ("wrong" in answer) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t("{0}: {1}", vscode.workspace.asRelativePath(source), answer.wrong),
    );
    return;
  }
  const folder = await pickFolder(vscode.Uri.joinPath(source, ".."));
  if (folder === undefined) return;
  const files = answer.files.map((file) => ({ ...file, uri: vscode.Uri.joinPath(folder, file.name) }));
  const there: string[] = [];
  for (const { uri, name } of files) if (await exists(uri)) there.push(name);
  if (there.length > 0 && !(await mayReplace(there))) return;
  for (const { uri, text: flow } of files) await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(flow));
  const warnings = files.flatMap(({ name, warnings: of }) => of.map((one) => `${name}: ${one}`));
  for (const one of warnings) output.appendLine(one);
  const [first] = files;
  if (first) await vscode.window.showTextDocument(first.uri);
  await tell(files.length, warnings.length, output);
}

async function pickSource(): Promise<vscode.Uri | undefined> {
  const [source] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Import which file of DolphinScheduler?"),
      openLabel: vscode.l10n.t("Import"),
      filters: { DolphinScheduler: ["json", "yaml", "yml"] },
    })) ?? [];
  return source;
}

async function pickFolder(near: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Where do the workflow files go?"),
      openLabel: vscode.l10n.t("Write here"),
      canSelectFolders: true,
      canSelectFiles: false,
      defaultUri: near,
    })) ?? [];
  return folder;
}

async function mayReplace(names: readonly string[]): Promise<boolean> {
  const replace = vscode.l10n.t("Replace");
  const question = vscode.l10n.t("{0} is already there. Replace it?", names.join(", "));
  return (await vscode.window.showWarningMessage(question, { modal: true }, replace)) === replace;
}

async function tell(files: number, warnings: number, output: vscode.OutputChannel): Promise<void> {
  if (warnings === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("{0} workflow files written; all was carried over.", files),
    );
    return;
  }
  const show = vscode.l10n.t("Show");
  const sentence = vscode.l10n.t(
    "{0} workflow files written; {1} things were not carried over and stand in them as comments.",
    files,
    warnings,
  );
  if ((await vscode.window.showWarningMessage(sentence, show)) === show) output.show();
}

const exists = (uri: vscode.Uri): Promise<boolean> =>
  Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    () => true,
    () => false, // not there
  );
