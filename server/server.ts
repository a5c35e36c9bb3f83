// The language server: a thin adapter from the LSP to `scheduler/language`.

import {
  CodeActionKind,
  type Connection,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  MarkupKind,
  ResponseError,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { complete } from "../scheduler/language/features/completion.ts";
import { fixesAt } from "../scheduler/language/features/fixes.ts";
import { hover } from "../scheduler/language/features/hover.ts";
import { folds, lensHeader, outline } from "../scheduler/language/features/outline.ts";
import { definitionsOf, nameAt, referencesOf } from "../scheduler/language/features/references.ts";
import { prepareRename, rename } from "../scheduler/language/features/rename.ts";
import { formatEdits } from "../scheduler/language/format.ts";
import { toCodeAction, toCompletionItems, toDocumentSymbol, toRange, toTextEdit } from "./convert.ts";
import { documents } from "./documents.ts";
import { outlineOf } from "./outline.ts";
import { type LensTarget, lensCommands, type OutlineParams, outlineRequest } from "./protocol.ts";
import { workspaceFiles } from "./workspace-files.ts";

export interface ServerDeps {
  /** What hovers of placeholders and schedules count from. */
  readonly now: () => number;
}

/** Answers on the connection from its `initialize` on; the caller made it and listens. */
export function startServer(connection: Connection, { now }: ServerDeps): void {
  const warn = (message: string) => connection.console.warn(message);
  let files = workspaceFiles([], warn);
  const open = documents(connection, () => files);
  const scanning = new AbortController();
  let canWatch = false;

  connection.onInitialize((params): InitializeResult => {
    files = workspaceFiles(foldersOf(params), warn);
    canWatch = params.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false;
    return { capabilities, serverInfo: { name: "porpoise" } };
  });
  connection.onInitialized(async () => {
    if (canWatch) {
      const watchers = [{ globPattern: "**/*.flow" }, { globPattern: "**/porpoise.json" }];
      await connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    await files.scan(scanning.signal);
    open.publishAll();
  });
  connection.onShutdown(() => scanning.abort());

  connection.onDidOpenTextDocument(({ textDocument: { uri, version, text } }) => open.open(uri, version, text));
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
    open.change(uri, version, contentChanges),
  );
  connection.onDidCloseTextDocument(({ textDocument }) => open.close(textDocument.uri));
  connection.onDidChangeWatchedFiles(async ({ changes }) => {
    for (const { uri } of changes) await files.refresh(uri);
    open.publishAll();
  });

  connection.onCompletion(({ textDocument, position }) => {
    const document = open.get(textDocument.uri)?.document;
    if (!document) return null;
    const found = complete(document, position);
    return { isIncomplete: found.isIncomplete, items: toCompletionItems(found, position) };
  });
  connection.onHover(({ textDocument, position }) => {
    const document = open.get(textDocument.uri)?.document;
    const found = document && hover(document, position, now());
    return found
      ? { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: toRange(found.range) }
      : null;
  });
  connection.onDefinition(({ textDocument, position }) => {
    const document = open.get(textDocument.uri)?.document;
    const found = document && nameAt(document, position);
    if (!document || !found) return null;
    return definitionsOf(document, found).map((range) => ({ uri: textDocument.uri, range: toRange(range) }));
  });
  connection.onReferences(({ textDocument, position, context }) => {
    const document = open.get(textDocument.uri)?.document;
    const found = document && nameAt(document, position);
    if (!document || !found) return null;
    const hidden = context.includeDeclaration ? [] : definitionsOf(document, found).map(rangeKey);
    const ranges = referencesOf(document, found).filter((range) => !hidden.includes(rangeKey(range)));
    return ranges.map((range) => ({ uri: textDocument.uri, range: toRange(range) }));
  });
  connection.onDocumentHighlight(({ textDocument, position }) => {
    const document = open.get(textDocument.uri)?.document;
    const found = document && nameAt(document, position);
    return document && found ? referencesOf(document, found).map((range) => ({ range: toRange(range) })) : null;
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = open.get(textDocument.uri)?.document;
    return document ? outline(document).map(toDocumentSymbol) : null;
  });
  connection.onFoldingRanges(({ textDocument }) => {
    const document = open.get(textDocument.uri)?.document;
    return document ? folds(document).map(({ from, to }) => ({ startLine: from, endLine: to })) : null;
  });
  connection.onPrepareRename(({ textDocument, position }) => {
    const document = open.get(textDocument.uri)?.document;
    if (!document) return null;
    const found = prepareRename(document, position);
    if ("refusal" in found) return refused(found.refusal);
    return { range: toRange(found.range), placeholder: found.name };
  });
  connection.onRenameRequest(({ textDocument, position, newName }) => {
    const document = open.get(textDocument.uri)?.document;
    if (!document) return null;
    const found = rename(document, position, newName);
    return "refusal" in found ? refused(found.refusal) : { changes: { [textDocument.uri]: found.map(toTextEdit) } };
  });
  connection.onCodeAction(({ textDocument: { uri }, range, context }) => {
    const document = open.get(uri)?.document;
    const isWanted = context.only?.some((kind) => CodeActionKind.QuickFix.startsWith(kind)) ?? true;
    return document && isWanted ? fixesAt(document, range).map((fix) => toCodeAction(fix, uri)) : null;
  });
  connection.onDocumentFormatting(({ textDocument }) => {
    const document = open.get(textDocument.uri)?.document;
    return document ? formatEdits(document).map(toTextEdit) : null;
  });
  connection.onDocumentRangeFormatting(({ textDocument, range }) => {
    const document = open.get(textDocument.uri)?.document;
    return document ? formatEdits(document, range).map(toTextEdit) : null;
  });
  connection.onCodeLens(({ textDocument: { uri } }) => {
    const one = open.get(uri);
    const header = one && lensHeader(one.document, files.settingsFor(one.path));
    if (!header) return null;
    const target: LensTarget = { uri, project: header.project, workflow: header.workflow };
    const lens = (title: string, command: string) => ({
      range: toRange(header.range),
      command: { title, command, arguments: [target] },
    });
    return [
      lens("Run", lensCommands.run),
      lens("Backfill…", lensCommands.backfill),
      lens("Deploy", lensCommands.deploy),
    ];
  });
  connection.onRequest(outlineRequest, ({ text }: OutlineParams) => outlineOf(text) ?? null);
}

const capabilities: InitializeResult["capabilities"] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  completionProvider: { triggerCharacters: ["{", "[", '"', ">", "=", ":", " ", "."] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  documentSymbolProvider: true,
  foldingRangeProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  renameProvider: { prepareProvider: true },
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  codeLensProvider: {},
};

function foldersOf(params: InitializeParams): readonly string[] {
  if (params.workspaceFolders) return params.workspaceFolders.map((folder) => folder.uri);
  return params.rootUri === null || params.rootUri === undefined ? [] : [params.rootUri];
}

/** The editor shows the message where the name stands. */
const refused = (message: string): ResponseError<undefined> => new ResponseError(LSPErrorCodes.RequestFailed, message);

const rangeKey = ({ start }: { readonly start: { readonly line: number; readonly character: number } }): string =>
  `${start.line}:${start.character}`;
