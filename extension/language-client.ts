// Starts the language server that comes with the extension, and asks it what a text declares.

import * as vscode from "vscode";
import type { LanguageClient, ServerOptions } from "vscode-languageclient/node";
import { type Outline, type OutlineParams, outlineRequest } from "../server/protocol.ts";

export interface FlowLanguage extends vscode.Disposable {
  /** What a `.flow` text declares; undefined where it holds no workflow or the language server is not there. */
  readonly outline: (text: string) => Promise<Outline | undefined>;
}

/** Does not wait: neither the window nor the extension stands still while client and server start. */
export function startLanguageClient(context: vscode.ExtensionContext): FlowLanguage {
  const started = start(context.asAbsolutePath("dist/server.mjs")).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(vscode.l10n.t("The language server did not start: {0}", reason));
    return undefined;
  });
  return {
    outline: async (text) => {
      const client = await started;
      if (client?.isRunning() !== true) return undefined;
      const params: OutlineParams = { text };
      return (await client.sendRequest<Outline | null>(outlineRequest, params)) ?? undefined;
    },
    dispose: () => void started.then((client) => client?.stop()),
  };
}

async function start(module: string): Promise<LanguageClient> {
  // Loaded here and not above: it is most of the extension's code, and nobody is to wait for it when a window opens.
  const { LanguageClient, TransportKind } = await import("vscode-languageclient/node");
  const server: ServerOptions = {
    run: { module, transport: TransportKind.stdio },
    debug: { module, transport: TransportKind.stdio, options: { execArgv: ["--inspect=0"] } },
  };
  // Not every scheme: the left side of a diff shows a file's past, and its problems are nobody's.
  const documentSelector = ["file", "untitled"].map((scheme) => ({ scheme, language: "flow" }));
  const name = vscode.l10n.t("Porpoise Language Server");
  const client = new LanguageClient("porpoise", name, server, { documentSelector });
  await client.start();
  return client;
}
