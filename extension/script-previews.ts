// The documents that previews of scripts are shown in: read-only, one a task, renewed when it is previewed again.

import * as vscode from "vscode";

const scheme = "porpoise-preview";

export interface ScriptPreviews extends vscode.Disposable {
  readonly show: (of: vscode.Uri, name: string, text: string, language: string) => Promise<void>;
}

export function createScriptPreviews(): ScriptPreviews {
  const texts = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.toString()),
  });
  const closed = vscode.workspace.onDidCloseTextDocument(({ uri }) => void texts.delete(uri.toString()));

  async function show(of: vscode.Uri, name: string, text: string, language: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${name}`, query: of.toString() });
    texts.set(uri.toString(), text);
    changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, language);
    const viewColumn = vscode.ViewColumn.Beside;
    await vscode.window.showTextDocument(document, { viewColumn, preview: true, preserveFocus: true });
  }

  return {
    show,
    dispose: () => {
      provider.dispose();
      closed.dispose();
      changed.dispose();
    },
  };
}
