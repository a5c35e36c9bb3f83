// What every answer of the server needs: the open files, the workspace, the settings, the time.

import type { Connection } from "vscode-languageserver/node";
import type { ServerNames } from "../scheduler/language/check-workspace.ts";
import { isSettings } from "../scheduler/language/compile.ts";
import type { Place, World } from "../scheduler/language/features/workspace-names.ts";
import type { TextEdit } from "../scheduler/language/text-edit.ts";
import type { Configuration } from "./configuration.ts";
import { toRange, toTextEdit } from "./convert.ts";
import type { Documents, OpenDocument } from "./documents.ts";
import type { WorkspaceFiles } from "./workspace-files.ts";

export interface Session {
  readonly connection: Connection;
  readonly open: Documents;
  readonly files: () => WorkspaceFiles;
  readonly configuration: () => Configuration;
  /** What the client's scheduler has, as far as it told. */
  readonly known: () => ServerNames | undefined;
  readonly now: () => number;
  /** Settled once the workspace's files have been read for the first time. */
  readonly scanned: () => Promise<void>;
}

interface AboutDocument {
  readonly textDocument: { readonly uri: string };
}

/** An answer about an open workflow file; null where it is not open, or is a `porpoise.json`, which has problems only. */
export const withDocument =
  <P extends AboutDocument, R>({ open }: Session, answer: (one: OpenDocument, params: P) => R) =>
  (params: P): R | null => {
    const one = open.get(params.textDocument.uri);
    return one && !isSettings(one) ? answer(one, params) : null;
  };

/** The same for answers that need every file: who asks while they are read waits. */
export const withWorkspace =
  <P extends AboutDocument, R>(session: Session, answer: (one: OpenDocument, params: P) => R) =>
  async (params: P): Promise<R | null> => {
    await session.scanned();
    return withDocument(session, answer)(params);
  };

export const worldOf = ({ open }: Session): World => ({ headers: open.headers(), document: open.byPath });

export const toLocation = ({ files }: Session, { path, range }: Place) => ({
  uri: files().uriOf(path),
  range: toRange(range),
});

/** Edits of several files, by address. */
export function toChanges(
  session: Session,
  edits: ReadonlyMap<string, readonly TextEdit[]>,
): { [uri: string]: ReturnType<typeof toTextEdit>[] } {
  const uriOf = session.files().uriOf;
  return Object.fromEntries([...edits].map(([path, list]) => [uriOf(path), list.map(toTextEdit)]));
}
