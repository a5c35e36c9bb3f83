// The open files and their diagnostics: pushed at every change, at once.

import type { Connection, TextDocumentContentChangeEvent } from "vscode-languageserver/node";
import { isSettings, problemsOf } from "../scheduler/language/compile.ts";
import { type FlowDocument, openDocument } from "../scheduler/language/document.ts";
import { readSettings } from "../scheduler/language/settings.ts";
import { type Header, headerOf } from "../scheduler/language/workspace.ts";
import { toDiagnostics } from "./convert.ts";
import type { WorkspaceFiles } from "./workspace-files.ts";

export interface OpenDocument {
  readonly uri: string;
  readonly path: string;
  readonly document: FlowDocument;
  version: number;
  header: Header | undefined;
}

export interface Documents {
  readonly open: (uri: string, version: number, text: string) => void;
  readonly change: (uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]) => void;
  readonly close: (uri: string) => void;
  readonly get: (uri: string) => OpenDocument | undefined;
  /** After the disk has changed: projects and duplicates may have, too. */
  readonly publishAll: () => void;
}

export function documents(connection: Connection, files: () => WorkspaceFiles): Documents {
  const all = new Map<string, OpenDocument>();

  const headerFor = ({ path, document }: Pick<OpenDocument, "path" | "document">) =>
    headerOf(path, document, files().settingsFor(path));

  /** What is open hides what is on disk. */
  function headers(): readonly Header[] {
    const opened = new Set([...all.values()].map((one) => one.path));
    const own = [...all.values()].flatMap((one) => one.header ?? []);
    return [
      ...own,
      ...files()
        .headers()
        .filter((one) => !opened.has(one.path)),
    ];
  }

  function publish(one: OpenDocument, known: readonly Header[]): void {
    const { uri, path, document, version, header } = one;
    const { hasFile, settingsFor, uriOf } = files();
    const problems = isSettings({ path })
      ? readSettings(document.text()).problems
      : problemsOf(
          { path, document, header, settings: settingsFor(path) },
          known,
          uri.startsWith("file:") ? { hasFile, hasFolder: hasFile } : {},
        );
    const diagnostics = toDiagnostics(problems, uri, uriOf);
    void connection.sendDiagnostics({ uri, version, diagnostics });
  }

  function publishAll(): void {
    for (const one of all.values()) one.header = headerFor(one);
    const known = headers();
    for (const one of all.values()) publish(one, known);
  }

  function open(uri: string, version: number, text: string): void {
    const path = files().pathOf(uri);
    const document = openDocument(text);
    const one: OpenDocument = { uri, path, document, version, header: undefined };
    one.header = headerFor(one);
    all.set(uri, one);
    if (one.header) publishAll();
    else publish(one, headers());
  }

  function change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): void {
    const one = all.get(uri);
    if (!one) return;
    for (const edit of changes) one.document.edit("range" in edit ? edit.range : undefined, edit.text);
    one.version = version;
    const header = headerFor(one);
    const isRenamed = header?.name !== one.header?.name || header?.project !== one.header?.project;
    one.header = header;
    if (isRenamed) publishAll();
    else publish(one, headers());
  }

  function close(uri: string): void {
    all.delete(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
    publishAll();
  }

  return { open, change, close, get: (uri) => all.get(uri), publishAll };
}
