// Completion and hovers inside scripts: the script is shown to VS Code as a file of its own language, and what that knows is offered.

import * as vscode from "vscode";
import { type Embedded, scriptLanguages } from "../server/protocol.ts";

const scheme = "porpoise-script";

export interface EmbeddedScripts extends vscode.Disposable {
  readonly completions: (
    document: vscode.TextDocument,
    position: vscode.Position,
    script: Embedded,
    trigger: string | undefined,
  ) => Promise<vscode.CompletionList | undefined>;
}

/** Endings by which VS Code and other extensions know a language. */
const endings: { readonly [language: string]: string } = {
  shellscript: "sh",
  python: "py",
  javascript: "js",
  sql: "sql",
  json: "json",
};

export function createEmbeddedScripts(): EmbeddedScripts {
  const texts = new Map<string, string>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: (uri) => texts.get(uri.path),
  });

  async function completions(
    document: vscode.TextDocument,
    position: vscode.Position,
    script: Embedded,
    trigger: string | undefined,
  ): Promise<vscode.CompletionList | undefined> {
    const language = scriptLanguages[script.language];
    const ending = language && endings[language];
    if (ending === undefined) return undefined;
    // One for each state of the text: VS Code reads such a file once.
    const path = `/${document.uri.path.replaceAll("/", "_")}/${document.version}-${script.from}.${ending}`;
    texts.clear();
    texts.set(path, alone(document, script));
    const uri = vscode.Uri.from({ scheme, path });
    return vscode.commands.executeCommand<vscode.CompletionList>(
      "vscode.executeCompletionItemProvider",
      uri,
      position,
      trigger,
    );
  }

  return { completions, dispose: () => provider.dispose() };
}

/** The script alone, every line and column where it is in the file. */
function alone(document: vscode.TextDocument, { from, to }: Embedded): string {
  const lines: string[] = [];
  for (let line = 0; line < to; line += 1) lines.push(line < from ? "" : document.lineAt(line).text);
  return lines.join("\n");
}
