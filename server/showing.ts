// Answers that an editor draws: symbols, folds, selections, colours by meaning, inlay hints, code lenses, hovers.

import {
  InlayHintKind,
  type Range as LspRange,
  MarkupKind,
  type SelectionRange,
  SemanticTokensBuilder,
} from "vscode-languageserver/node";
import { hover } from "../scheduler/language/features/hover.ts";
import { inlayHints } from "../scheduler/language/features/inlay-hints.ts";
import { folds, lensHeader, outline } from "../scheduler/language/features/outline.ts";
import { selectionRanges } from "../scheduler/language/features/selection-ranges.ts";
import { semanticTokens } from "../scheduler/language/features/semantic-tokens.ts";
import { worldDefinitions, worldNameAt } from "../scheduler/language/features/workspace-names.ts";
import { toDocumentSymbol, toRange } from "./convert.ts";
import { type LensTarget, lensCommands } from "./protocol.ts";
import { type Session, withDocument, worldOf } from "./session.ts";

export function showing(session: Session): void {
  const { connection, files, now, configuration } = session;

  connection.onDocumentSymbol(withDocument(session, ({ document }) => outline(document).map(toDocumentSymbol)));
  connection.onFoldingRanges(
    withDocument(session, ({ document }) => folds(document).map(({ from, to }) => ({ startLine: from, endLine: to }))),
  );
  connection.onSelectionRanges(
    withDocument(session, ({ document }, { positions }) =>
      positions.map((position) => nested(selectionRanges(document, position).map(toRange), position)),
    ),
  );
  connection.onHover(
    withDocument(session, (one, { position }) => {
      const found = workflowHover(session, one.header, position) ?? hover(one.document, position, now());
      return found
        ? { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: toRange(found.range) }
        : null;
    }),
  );
  connection.languages.inlayHint.on(
    withDocument(session, ({ document }, { range }) =>
      inlayHints(document, range, now(), configuration().hints).map(({ at, text, tooltip }) => ({
        position: { ...at },
        label: text,
        kind: InlayHintKind.Parameter,
        paddingLeft: true,
        ...(tooltip !== undefined && { tooltip }),
      })),
    ),
  );
  connection.onCodeLens(
    withDocument(session, ({ uri, path, document }) => {
      const header = lensHeader(document, files().settingsFor(path));
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
    }),
  );
  colours(session);
}

/** The last answer of each file is kept, so that an edit sends only what it changes. */
function colours(session: Session): void {
  const { connection, open } = session;
  const tokens = semanticTokens();
  const builders = new Map<string, SemanticTokensBuilder>();
  const builderOf = (uri: string): SemanticTokensBuilder => {
    const found = builders.get(uri) ?? new SemanticTokensBuilder();
    builders.set(uri, found);
    return found;
  };
  const fill = (builder: SemanticTokensBuilder, data: readonly number[]) => {
    let line = 0;
    let character = 0;
    for (let at = 0; at < data.length; at += 5) {
      const lines = data[at] ?? 0;
      line += lines;
      character = (lines === 0 ? character : 0) + (data[at + 1] ?? 0);
      builder.push(line, character, data[at + 2] ?? 0, data[at + 3] ?? 0, data[at + 4] ?? 0);
    }
  };
  const none = { data: [] };
  connection.languages.semanticTokens.on(({ textDocument: { uri } }) => {
    const document = open.get(uri)?.document;
    if (!document) return none;
    const builder = builderOf(uri);
    builder.previousResult("");
    fill(builder, tokens.encode(document));
    return builder.build();
  });
  connection.languages.semanticTokens.onDelta(({ textDocument: { uri }, previousResultId }) => {
    const document = open.get(uri)?.document;
    if (!document) return none;
    const builder = builderOf(uri);
    builder.previousResult(previousResultId);
    fill(builder, tokens.encode(document));
    return builder.buildEdits();
  });
  connection.languages.semanticTokens.onRange(({ textDocument: { uri }, range }) => {
    const document = open.get(uri)?.document;
    return document ? { data: tokens.encode(document, range) } : none;
  });
}

/** The workflow or task of another file that is named here: what its own file says of it. */
function workflowHover(
  session: Session,
  header: Parameters<typeof worldNameAt>[0],
  position: LspRange["start"],
): { readonly markdown: string; readonly range: LspRange } | undefined {
  const name = worldNameAt(header, position);
  if (!name || (header?.project === name.project && header.name === name.workflow && name.task === undefined))
    return undefined;
  const [place] = worldDefinitions(worldOf(session), name);
  const document = place && session.open.byPath(place.path);
  const found = document && hover(document, place.range.start, session.now());
  const title = `**workflow** \`${name.project}/${name.workflow}\``;
  const where = place ? `\n\n${place.path}` : "";
  const markdown = name.task === undefined && found ? found.markdown + where : (found?.markdown ?? title) + where;
  return { markdown, range: toRange(name.range) };
}

function nested(ranges: readonly LspRange[], position: LspRange["start"]): SelectionRange {
  const result = ranges.reduceRight<SelectionRange | undefined>(
    (parent, range) => ({ range, ...(parent && { parent }) }),
    undefined,
  );
  return result ?? { range: { start: position, end: position } };
}
