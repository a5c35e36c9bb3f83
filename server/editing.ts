// Answers that change text: completion, code actions, formatting.

import { CodeActionKind } from "vscode-languageserver/node";
import type { CompletionContext } from "../scheduler/language/features/complete-workflows.ts";
import { complete } from "../scheduler/language/features/completion.ts";
import { fixesAt } from "../scheduler/language/features/fixes.ts";
import { type Refactoring, refactoringsAt } from "../scheduler/language/features/refactorings.ts";
import { formatEdits } from "../scheduler/language/format.ts";
import { folderOf, joinPath } from "../scheduler/language/paths.ts";
import { toCodeAction, toCompletionItems, toTextEdit } from "./convert.ts";
import type { OpenDocument } from "./documents.ts";
import { type Session, withDocument } from "./session.ts";

export function editing(session: Session): void {
  const { connection, open, files } = session;

  connection.onCompletion(
    withDocument(session, (one, { position }) => {
      const found = complete(one.document, position, contextOf(session, one));
      return { isIncomplete: found.isIncomplete, items: toCompletionItems(found, position) };
    }),
  );
  connection.onCodeAction(
    withDocument(session, ({ uri, path, document }, { range, context }) => {
      const isWanted = (kind: string) =>
        context.only?.some((only) => kind === only || kind.startsWith(`${only}.`)) ?? true;
      const create = (name: string) => files().uriOf(joinPath(folderOf(path), name));
      const fixes = isWanted(CodeActionKind.QuickFix)
        ? fixesAt(document, range, open.problems(uri)).map((fix) => toCodeAction(fix, uri, create))
        : [];
      const rewrites = refactoringsAt(document, range.start)
        .filter(({ kind }) => isWanted(refactoringKinds[kind]))
        .map(({ title, kind, edits }) => ({
          title,
          kind: refactoringKinds[kind],
          edit: { changes: { [uri]: edits.map(toTextEdit) } },
        }));
      const all = [...fixes, ...rewrites];
      return all.length === 0 && context.only ? null : all;
    }),
  );
  connection.onDocumentFormatting(withDocument(session, ({ document }) => formatEdits(document).map(toTextEdit)));
  connection.onDocumentRangeFormatting(
    withDocument(session, ({ document }, { range }) => formatEdits(document, range).map(toTextEdit)),
  );
  // The `}` that ends a block lays the block out.
  connection.onDocumentOnTypeFormatting(
    withDocument(session, ({ document }, { position }) => {
      const at = { line: position.line, character: 0 };
      return formatEdits(document, { start: at, end: { line: position.line, character: 1 } }).map(toTextEdit);
    }),
  );
}

const refactoringKinds: { readonly [kind in Refactoring["kind"]]: CodeActionKind } = {
  rewrite: CodeActionKind.RefactorRewrite,
  extract: CodeActionKind.RefactorExtract,
};

function contextOf({ open, known }: Session, one: OpenDocument): CompletionContext {
  const own = one.header;
  return {
    ...(own && { project: own.project }),
    workflows: open
      .headers()
      .filter((header) => header.path !== one.path)
      .map((header) => ({
        project: header.project,
        name: header.name,
        tasks: () => header.tasks().map(({ name }) => name),
      })),
    known: known() ?? {},
  };
}
