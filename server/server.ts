// The language server: a thin adapter from the LSP to `scheduler/language`.

import {
  CodeActionKind,
  type Connection,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticReportKind,
  type InitializeParams,
  type InitializeResult,
  InlayHintRefreshRequest,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import type { ServerNames } from "../scheduler/language/check-workspace.ts";
import { embeddedScriptAt, previewScript } from "../scheduler/language/features/preview.ts";
import { semanticModifiers, semanticTypes } from "../scheduler/language/features/semantic-tokens.ts";
import { type Configuration, defaultConfiguration, readConfiguration } from "./configuration.ts";
import { documents } from "./documents.ts";
import { editing } from "./editing.ts";
import { navigating } from "./navigating.ts";
import { outlineOf } from "./outline.ts";
import {
  type EmbeddedParams,
  embeddedRequest,
  type ImportAnswer,
  type ImportParams,
  type InitializationOptions,
  importRequest,
  type OutlineParams,
  outlineRequest,
  type PreviewParams,
  previewRequest,
  type ServerNamesParams,
  serverNamesNotification,
} from "./protocol.ts";
import type { Session } from "./session.ts";
import { showing } from "./showing.ts";
import { workspaceFiles } from "./workspace-files.ts";

export interface ServerDeps {
  /** What hovers of placeholders and schedules count from. */
  readonly now: () => number;
}

/** Answers on the connection from its `initialize` on; the caller made it and listens. */
export function startServer(connection: Connection, { now }: ServerDeps): void {
  const warn = (message: string) => connection.console.warn(message);
  const scanning = new AbortController();
  const scan = Promise.withResolvers<void>();
  let files = workspaceFiles([], warn);
  let client = clientOf({});
  let configuration = defaultConfiguration;
  let known: ServerNames | undefined;
  const open = documents({
    connection,
    files: () => files,
    known: () => known,
    severities: () => configuration.severities,
    doesPush: () => !client.pulls,
    refresh: () => void (client.refreshesDiagnostics && connection.sendRequest(DiagnosticRefreshRequest.type)),
  });
  const session: Session = {
    connection,
    open,
    files: () => files,
    configuration: () => configuration,
    known: () => known,
    now,
    scanned: () => scan.promise,
  };

  const configure = async (given?: unknown): Promise<void> => {
    configuration = await askConfiguration(connection, client.hasConfiguration, given, warn);
    open.publishAll();
    if (client.refreshesHints) await connection.sendRequest(InlayHintRefreshRequest.type);
  };

  connection.onInitialize((params): InitializeResult => {
    files = workspaceFiles(foldersOf(params), warn);
    client = clientOf(params);
    return {
      capabilities: { ...capabilities, ...(client.pulls && { diagnosticProvider }) },
      serverInfo: { name: "porpoise" },
    };
  });
  connection.onInitialized(async () => {
    await files.scan(scanning.signal).finally(scan.resolve);
    if (client.watches) {
      const watchers = [{ globPattern: "**/*.flow" }, { globPattern: "**/porpoise.json" }];
      await connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    if (client.tellsConfiguration)
      await connection.client.register(DidChangeConfigurationNotification.type, { section: "porpoise" });
    await configure();
  });
  connection.onShutdown(() => {
    scanning.abort();
    scan.resolve();
  });
  connection.onDidChangeConfiguration(({ settings }) => configure(settings));

  connection.onDidOpenTextDocument(({ textDocument: { uri, version, text } }) => open.open(uri, version, text));
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
    open.change(uri, version, contentChanges),
  );
  connection.onDidCloseTextDocument(({ textDocument }) => open.close(textDocument.uri));
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const { uri } of changes) files.refresh(uri);
    open.publishAll();
  });
  connection.languages.diagnostics.on(({ textDocument: { uri } }) => ({
    kind: DocumentDiagnosticReportKind.Full,
    items: open.diagnostics(uri),
  }));

  editing(session);
  navigating(session);
  showing(session);

  connection.onNotification(serverNamesNotification, ({ names }: ServerNamesParams) => {
    known = names ?? undefined;
    open.publishAll();
  });
  connection.onRequest(outlineRequest, ({ text }: OutlineParams) => outlineOf(text) ?? null);
  connection.onRequest(previewRequest, ({ uri, position, params }: PreviewParams) => {
    const one = open.get(uri);
    const settings = one && files.settingsFor(one.path);
    const facts = { baseTimeMs: now(), settings, ...(params && { params }) };
    return (one && previewScript(one.document, position, facts)) ?? null;
  });
  connection.onRequest<ImportAnswer, never>(importRequest, async ({ text, project }: ImportParams) => {
    // Loaded when it is asked for: a YAML parser is nothing that every window should keep in memory.
    const { importText } = await import("../scheduler/language/import/import.ts");
    return importText(text, project);
  });
  connection.onRequest(embeddedRequest, ({ uri, position }: EmbeddedParams) => {
    const one = open.get(uri);
    return (one && embeddedScriptAt(one.document, position)) ?? null;
  });
}

const diagnosticProvider = { interFileDependencies: true, workspaceDiagnostics: false };

const capabilities: InitializeResult["capabilities"] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  completionProvider: { triggerCharacters: ["{", "[", '"', ">", "=", ":", " ", ".", "/", "@", "("] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  documentSymbolProvider: true,
  workspaceSymbolProvider: true,
  documentLinkProvider: {},
  callHierarchyProvider: true,
  selectionRangeProvider: true,
  foldingRangeProvider: true,
  inlayHintProvider: true,
  semanticTokensProvider: {
    legend: { tokenTypes: [...semanticTypes], tokenModifiers: [...semanticModifiers] },
    full: { delta: true },
    range: true,
  },
  codeActionProvider: {
    codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, CodeActionKind.RefactorExtract],
  },
  renameProvider: { prepareProvider: true },
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  documentOnTypeFormattingProvider: { firstTriggerCharacter: "}" },
  codeLensProvider: {},
  workspace: { workspaceFolders: { supported: true } },
};

/** What the client can do, as far as it matters here. */
function clientOf({ capabilities: can, initializationOptions }: Partial<InitializeParams>) {
  // Whatever a client sends; only one word of it is known here.
  const options = (initializationOptions ?? {}) as InitializationOptions;
  return {
    pulls: can?.textDocument?.diagnostic !== undefined && options.diagnostics !== "push",
    refreshesDiagnostics: can?.workspace?.diagnostics?.refreshSupport ?? false,
    refreshesHints: can?.workspace?.inlayHint?.refreshSupport ?? false,
    watches: can?.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false,
    hasConfiguration: can?.workspace?.configuration ?? false,
    tellsConfiguration: can?.workspace?.didChangeConfiguration?.dynamicRegistration ?? false,
  };
}

/** Asked for where the client can be asked, else what it has sent. */
async function askConfiguration(
  connection: Connection,
  canAsk: boolean,
  given: unknown,
  warn: (message: string) => void,
): Promise<Configuration> {
  const ask = async (): Promise<unknown> => connection.workspace.getConfiguration("porpoise");
  const asked = canAsk
    ? await ask().catch((error: unknown) => warn(`the client did not tell its settings: ${String(error)}`))
    : undefined;
  const sent = typeof given === "object" && given !== null && "porpoise" in given ? given.porpoise : given;
  return readConfiguration(asked ?? sent, warn);
}

function foldersOf(params: InitializeParams): readonly string[] {
  if (params.workspaceFolders) return params.workspaceFolders.map((folder) => folder.uri);
  return params.rootUri === null || params.rootUri === undefined ? [] : [params.rootUri];
}
