// The open files and what is wrong in them: told at every change, at once, or given to clients that ask.

import type { Connection, Diagnostic, TextDocumentContentChangeEvent } from "vscode-languageserver/node";
import type { ServerNames } from "../scheduler/language/check-workspace.ts";
import { isSettings, problemsOf } from "../scheduler/language/compile.ts";
import { type FlowDocument, openDocument } from "../scheduler/language/document.ts";
import type { FileNames } from "../scheduler/language/file-names.ts";
import { readSettings } from "../scheduler/language/settings.ts";
import { type Severities, withSeverities } from "../scheduler/language/severities.ts";
import { type Header, headerOf } from "../scheduler/language/workspace.ts";
import type { Problem } from "../scheduler/model/problem.ts";
import { toDiagnostics } from "./convert.ts";
import type { WorkspaceFiles } from "./workspace-files.ts";

export interface OpenDocument {
  readonly uri: string;
  readonly path: string;
  readonly document: FlowDocument;
  version: number;
  header: Header | undefined;
  /** What was known of its names when the others were last told of them. */
  names: FileNames;
}

export interface Documents {
  readonly open: (uri: string, version: number, text: string) => void;
  readonly change: (uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]) => void;
  readonly close: (uri: string) => void;
  readonly get: (uri: string) => OpenDocument | undefined;
  /** Workflows of the workspace; what is open hides what is on disk. */
  readonly headers: () => readonly Header[];
  /** An open file, or one of the disk. */
  readonly byPath: (path: string) => FlowDocument | undefined;
  readonly problems: (uri: string) => readonly Problem[];
  readonly diagnostics: (uri: string) => Diagnostic[];
  /** After the disk, the server or the settings have changed: all may be told anew. */
  readonly publishAll: () => void;
}

export interface DocumentsDeps {
  readonly connection: Connection;
  readonly files: () => WorkspaceFiles;
  readonly known: () => ServerNames | undefined;
  readonly severities: () => Severities;
  /** False: the client asks. */
  readonly doesPush: () => boolean;
  /** Tells a client that asks that answers may have changed. */
  readonly refresh: () => void;
}

export function documents(deps: DocumentsDeps): Documents {
  const { connection, files } = deps;
  const all = new Map<string, OpenDocument>();

  const headerFor = ({ path, document }: Pick<OpenDocument, "path" | "document">) =>
    headerOf(path, document, files().settingsFor(path));

  function headers(): readonly Header[] {
    const opened = new Set([...all.values()].map((one) => one.path));
    const own = [...all.values()].flatMap((one) => one.header ?? []);
    const others = files().headers();
    return [...own, ...others.filter((one) => !opened.has(one.path))];
  }

  function byPath(path: string): FlowDocument | undefined {
    for (const one of all.values()) if (one.path === path) return one.document;
    const text = files().textOf(path);
    return text === undefined ? undefined : openDocument(text);
  }

  function problemsIn(one: OpenDocument, known: readonly Header[]): readonly Problem[] {
    const { uri, path, document, header } = one;
    const { hasFile, settingsFor } = files();
    if (isSettings({ path })) return readSettings(document.text()).problems;
    const names = deps.known();
    const options = {
      ...(uri.startsWith("file:") && { hasFile, hasFolder: hasFile }),
      ...(names && { known: names }),
    };
    const found = problemsOf({ path, document, header, settings: settingsFor(path) }, known, options);
    return withSeverities(found, deps.severities());
  }

  function publish(one: OpenDocument, known: readonly Header[]): void {
    if (!deps.doesPush()) return;
    const { uri, version } = one;
    const diagnostics = toDiagnostics(problemsIn(one, known), uri, files().uriOf);
    void connection.sendDiagnostics({ uri, version, diagnostics });
  }

  function publishAll(): void {
    for (const one of all.values()) {
      one.header = headerFor(one);
      one.names = one.document.names();
    }
    if (!deps.doesPush()) {
      deps.refresh();
      return;
    }
    const known = headers();
    for (const one of all.values()) publish(one, known);
  }

  function open(uri: string, version: number, text: string): void {
    const path = files().pathOf(uri);
    const document = openDocument(text);
    const one: OpenDocument = { uri, path, document, version, header: undefined, names: document.names() };
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
    const before = one.header;
    one.header = headerFor(one);
    if (concernsOthers(one, before)) publishAll();
    else publish(one, headers());
  }

  /** Another name, other workflows that it runs, or other tasks that somebody may wait for. */
  function concernsOthers(one: OpenDocument, before: Header | undefined): boolean {
    const { header } = one;
    if (header?.name !== before?.name || header?.project !== before?.project) return true;
    if (all.size === 1) return false;
    if (usesKey(header) !== usesKey(before)) return true;
    const isAwaited = [...all.values()].some((other) => other !== one && (other.header?.uses.length ?? 0) > 0);
    return isAwaited && one.names !== one.document.names();
  }

  function close(uri: string): void {
    all.delete(uri);
    if (deps.doesPush()) void connection.sendDiagnostics({ uri, diagnostics: [] });
    publishAll();
  }

  function problems(uri: string): readonly Problem[] {
    const one = all.get(uri);
    return one ? problemsIn(one, headers()) : [];
  }

  return {
    open,
    change,
    close,
    get: (uri) => all.get(uri),
    headers,
    byPath,
    problems,
    diagnostics: (uri) => toDiagnostics(problems(uri), uri, files().uriOf),
    publishAll,
  };
}

const usesKey = (header: Header | undefined): string =>
  (header?.uses ?? []).map(({ kind, project, workflow, task }) => `${kind} ${project} ${workflow} ${task}`).join("\n");
