// Starts the language server that comes with the extension, and speaks with it beyond the LSP.

import * as vscode from "vscode";
import type { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";
import {
  type Embedded,
  type EmbeddedParams,
  embeddedRequest,
  type ImportAnswer,
  type ImportParams,
  type InitializationOptions,
  importRequest,
  type Outline,
  type OutlineParams,
  outlineRequest,
  type Preview,
  type PreviewParams,
  previewRequest,
  type ServerNames,
  type ServerNamesParams,
  serverNamesNotification,
} from "../server/protocol.ts";
import { createEmbeddedScripts, type EmbeddedScripts } from "./embedded-scripts.ts";

export interface FlowLanguage extends vscode.Disposable {
  /** What a `.flow` text declares; undefined where it holds no workflow or the language server is not there. */
  readonly outline: (text: string) => Promise<Outline | undefined>;
  /** A task's script as it would run now; undefined where there is none. */
  readonly preview: (uri: vscode.Uri, position: vscode.Position) => Promise<Preview | undefined>;
  /** A file of another scheduler as `.flow` files; undefined where the language server is not there. */
  readonly importText: (text: string) => Promise<ImportAnswer | undefined>;
  /** Tells what the connected scheduler has; false where the language server is not there (yet). */
  readonly knows: (names: ServerNames | null) => Promise<boolean>;
}

/** Does not wait: neither the window nor the extension stands still while client and server start. */
export function startLanguageClient(context: vscode.ExtensionContext): FlowLanguage {
  const scripts = createEmbeddedScripts();
  const started = start(context.asAbsolutePath("dist/server.mjs"), scripts).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(vscode.l10n.t("The language server did not start: {0}", reason));
    return undefined;
  });
  const running = async (): Promise<LanguageClient | undefined> => {
    const client = await started;
    return client?.isRunning() === true ? client : undefined;
  };
  return {
    outline: async (text) => {
      const params: OutlineParams = { text };
      return (await (await running())?.sendRequest<Outline | null>(outlineRequest, params)) ?? undefined;
    },
    preview: async (uri, { line, character }) => {
      const params: PreviewParams = { uri: uri.toString(), position: { line, character } };
      return (await (await running())?.sendRequest<Preview | null>(previewRequest, params)) ?? undefined;
    },
    importText: async (text) => {
      const params: ImportParams = { text };
      return (await running())?.sendRequest<ImportAnswer>(importRequest, params);
    },
    knows: async (names) => {
      const client = await running();
      const params: ServerNamesParams = { names };
      await client?.sendNotification(serverNamesNotification, params);
      return client !== undefined;
    },
    dispose: () => {
      scripts.dispose();
      void started.then((client) => client?.stop());
    },
  };
}

async function start(module: string, scripts: EmbeddedScripts): Promise<LanguageClient> {
  // Loaded here and not above: it is most of the extension's code, and nobody is to wait for it when a window opens.
  const { LanguageClient, TransportKind } = await import("vscode-languageclient/node");
  const server: ServerOptions = {
    run: { module, transport: TransportKind.stdio },
    debug: { module, transport: TransportKind.stdio, options: { execArgv: ["--inspect=0"] } },
  };
  const initializationOptions: InitializationOptions = { diagnostics: "push" };
  const options: LanguageClientOptions = {
    // Not every scheme: the left side of a diff shows a file's past, and its problems are nobody's.
    documentSelector: [
      ...["file", "untitled"].map((scheme) => ({ scheme, language: "flow" })),
      { scheme: "file", pattern: "**/porpoise.json" },
    ],
    initializationOptions,
    middleware: {
      provideCompletionItem: async (document, position, context, token, next) => {
        const own = await next(document, position, context, token);
        const count = Array.isArray(own) ? own.length : (own?.items.length ?? 0);
        // Names and times of the workflow come first; where there are none, the script's own language is asked.
        if (count > 0 || token.isCancellationRequested) return own;
        const params: EmbeddedParams = {
          uri: document.uri.toString(),
          position: { line: position.line, character: position.character },
        };
        const script = await client.sendRequest<Embedded | null>(embeddedRequest, params, token);
        return script ? scripts.completions(document, position, script, context.triggerCharacter) : own;
      },
    },
  };
  const name = vscode.l10n.t("Porpoise Language Server");
  const client = new LanguageClient("porpoise", name, server, options);
  await client.start();
  return client;
}
