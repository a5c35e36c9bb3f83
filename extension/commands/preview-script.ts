// "Porpoise: Preview Script": the script under the cursor as a worker would run it now, beside the text.

import * as vscode from "vscode";
import { scriptLanguages } from "../../server/protocol.ts";
import type { Deps } from "../deps.ts";

export async function previewScript({ language, previews }: Deps): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "flow") {
    void vscode.window.showInformationMessage(vscode.l10n.t("Put the cursor into a task of a .flow file first."));
    return;
  }
  const preview = await language.preview(editor.document.uri, editor.selection.active);
  if (preview === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        "There is no script to preview here: put the cursor into a task with a script, in a file without errors.",
      ),
    );
    return;
  }
  const { task, text } = preview;
  await previews.show(editor.document.uri, task, text, scriptLanguages[preview.language] ?? "plaintext");
  if (preview.open.length > 0)
    void vscode.window.showInformationMessage(
      vscode.l10n.t("{0}: only a run gives a value to {1}.", preview.task, preview.open.join(", ")),
    );
}
