// Answers that lead somewhere: definitions, references, highlights, links, symbols of the workspace, call hierarchy, rename.

import {
  type CallHierarchyItem,
  LSPErrorCodes,
  type Range as LspRange,
  ResponseError,
  SymbolKind,
} from "vscode-languageserver/node";
import { neighbours, type TaskItem, taskItem } from "../scheduler/language/features/call-hierarchy.ts";
import { links } from "../scheduler/language/features/links.ts";
import { definitionsOf, nameAt, referencesOf } from "../scheduler/language/features/references.ts";
import {
  usesOf,
  worldDefinitions,
  worldNameAt,
  worldReferences,
} from "../scheduler/language/features/workspace-names.ts";
import { type Here, prepareWorldRename, worldRename } from "../scheduler/language/features/world-rename.ts";
import { toRange } from "./convert.ts";
import type { OpenDocument } from "./documents.ts";
import { type Session, toChanges, toLocation, withDocument, withWorkspace, worldOf } from "./session.ts";

/** More than anyone looks through. */
const mostSymbols = 500;

export function navigating(session: Session): void {
  const { connection, open, files } = session;
  const here = ({ path, document, header }: OpenDocument): Here => ({ path, document, header });

  connection.onDefinition(
    withWorkspace(session, (one, { position, textDocument }) => {
      const name = worldNameAt(one.header, position);
      if (name) return worldDefinitions(worldOf(session), name).map((place) => toLocation(session, place));
      const found = nameAt(one.document, position);
      if (!found) return null;
      return definitionsOf(one.document, found).map((range) => ({ uri: textDocument.uri, range: toRange(range) }));
    }),
  );
  connection.onReferences(
    withWorkspace(session, (one, { position, context, textDocument: { uri } }) => {
      const world = worldOf(session);
      const name = worldNameAt(one.header, position);
      if (name) {
        const defined = context.includeDeclaration
          ? []
          : worldDefinitions(world, name).map((at) => toLocation(session, at));
        const all = worldReferences(world, name).map((at) => toLocation(session, at));
        return all.filter((at) => !defined.some((other) => other.uri === at.uri && key(other.range) === key(at.range)));
      }
      const found = nameAt(one.document, position);
      if (!found) return null;
      const hidden = context.includeDeclaration ? [] : definitionsOf(one.document, found).map(key);
      const own = referencesOf(one.document, found).filter((range) => !hidden.includes(key(range)));
      const isTask = found.kind === "task" && one.header;
      const elsewhere = isTask
        ? usesOf(world, { project: isTask.project, workflow: isTask.name, task: found.name })
        : [];
      return [
        ...own.map((range) => ({ uri, range: toRange(range) })),
        ...elsewhere.map((place) => toLocation(session, place)),
      ];
    }),
  );
  connection.onDocumentHighlight(
    withDocument(session, ({ document }, { position }) => {
      const found = nameAt(document, position);
      return found ? referencesOf(document, found).map((range) => ({ range: toRange(range) })) : null;
    }),
  );
  connection.onDocumentLinks(
    withWorkspace(session, (one) => {
      const { hasFile, uriOf } = files();
      return links(one.path, one.document, one.header, open.headers())
        .filter(({ path, line }) => line !== undefined || hasFile(path))
        .map(({ range, path, line }) => ({
          range: toRange(range),
          target: uriOf(path) + (line === undefined ? "" : `#L${line + 1}`),
        }));
    }),
  );
  connection.onWorkspaceSymbol(async ({ query }) => {
    await session.scanned();
    const wanted = query.toLowerCase();
    const isMatch = (text: string): boolean => {
      let at = 0;
      for (const letter of wanted) {
        at = text.toLowerCase().indexOf(letter, at) + 1;
        if (at === 0) return false;
      }
      return true;
    };
    return open
      .headers()
      .flatMap((header) => {
        const uri = files().uriOf(header.path);
        const location = { uri, range: toRange(header.range) };
        const workflow = { name: header.name, containerName: header.project, kind: SymbolKind.Module, location };
        const tasks = header
          .tasks()
          .filter(({ name }) => isMatch(name))
          .slice(0, mostSymbols)
          .map(({ name, range }) => ({
            name,
            containerName: `${header.project}/${header.name}`,
            kind: SymbolKind.Function,
            location: { uri, range: toRange(range) },
          }));
        return [...(isMatch(`${header.project}/${header.name}`) ? [workflow] : []), ...tasks];
      })
      .slice(0, mostSymbols);
  });

  connection.languages.callHierarchy.onPrepare(
    withDocument(session, ({ document }, { position, textDocument }) => {
      const found = nameAt(document, position);
      const item = found?.kind === "task" ? taskItem(document, found.name) : undefined;
      return item ? [toItem(item, textDocument.uri)] : null;
    }),
  );
  connection.languages.callHierarchy.onIncomingCalls(({ item }) => {
    const document = open.get(item.uri)?.document;
    return (document ? neighbours(document, item.name, "before") : []).map(({ task, places }) => ({
      from: toItem(task, item.uri),
      fromRanges: places.map(toRange),
    }));
  });
  connection.languages.callHierarchy.onOutgoingCalls(({ item }) => {
    const document = open.get(item.uri)?.document;
    return (document ? neighbours(document, item.name, "after") : []).map(({ task, places }) => ({
      to: toItem(task, item.uri),
      fromRanges: places.map(toRange),
    }));
  });

  connection.onPrepareRename(
    withWorkspace(session, (one, { position }) => {
      const found = prepareWorldRename(here(one), position);
      if ("refusal" in found) return refused(found.refusal);
      return { range: toRange(found.range), placeholder: found.name };
    }),
  );
  connection.onRenameRequest(
    withWorkspace(session, (one, { position, newName }) => {
      const world = { ...worldOf(session), text: files().textOf };
      const found = worldRename(world, here(one), position, newName);
      return "refusal" in found ? refused(found.refusal) : { changes: toChanges(session, found) };
    }),
  );
}

const toItem = ({ name, type, range, selection }: TaskItem, uri: string): CallHierarchyItem => ({
  name,
  kind: SymbolKind.Function,
  detail: type,
  uri,
  range: toRange(range),
  selectionRange: toRange(selection),
});

/** The editor shows the message where the name stands. */
const refused = (message: string): ResponseError<undefined> => new ResponseError(LSPErrorCodes.RequestFailed, message);

const key = ({ start }: { readonly start: LspRange["start"] }): string => `${start.line}:${start.character}`;
