// Starts the language server that comes with the extension, and asks it what a text declares.

import * as vscode from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  TransportKind,
} from "vscode-languageclient/node";
import { type Outline, type OutlineParams, outlineRequest } from "../server/protocol.ts";

export interface FlowLanguage {
  /** What a `.flow` text declares; undefined where it holds no workflow or the language server is not there. */
  readonly outline: (text: string) => Promise<Outline | undefined>;
}

/** Does not wait: the window does not stand still while the server starts. */
export function startLanguageClient(context: vscode.ExtensionContext): FlowLanguage {
  const module = context.asAbsolutePath("dist/server.mjs");
  const server: ServerOptions = {
    run: { module, transport: TransportKind.stdio },
    debug: { module, transport: TransportKind.stdio, options: { execArgv: ["--inspect=0"] } },
  };
  // Not every scheme: the left side of a diff shows a file's past, and its problems are nobody's.
  const documentSelector = ["file", "untitled"].map((scheme) => ({ scheme, language: "flow" }));
  const options: LanguageClientOptions = { documentSelector };
  const client = new LanguageClient("porpoise", vscode.l10n.t("Porpoise Language Server"), server, options);
  context.subscriptions.push({ dispose: () => void client.stop() });
  const started = client.start().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(vscode.l10n.t("The language server did not start: {0}", reason));
  });
  return {
    outline: async (text) => {
      await started;
      if (!client.isRunning()) return undefined;
      const params: OutlineParams = { text };
      return (await client.sendRequest<Outline | null>(outlineRequest, params)) ?? undefined;
    },
  };
}
