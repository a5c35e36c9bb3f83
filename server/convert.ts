// Plain data of the language → shapes of the LSP.

import {
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentSymbol,
  InsertTextFormat,
  type Range as LspRange,
  MarkupKind,
  SymbolKind,
  type TextEdit,
} from "vscode-languageserver/node";
import type { Completions } from "../scheduler/language/features/completion.ts";
import type { Completion } from "../scheduler/language/features/completion-item.ts";
import type { Fix } from "../scheduler/language/features/fix.ts";
import type { OutlineSymbol } from "../scheduler/language/features/outline.ts";
import type { Position, Problem, Range, Severity } from "../scheduler/model/problem.ts";

/** More than anyone reads; the worst come first. */
const mostDiagnostics = 1000;

const severities: { readonly [severity in Severity]: DiagnosticSeverity } = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** Codes of things that could go: editors show them faded. */
const unnecessary: readonly string[] = ["name/unused-param", "graph/duplicate-edge"];

export function toDiagnostics(
  problems: readonly Problem[],
  uri: string,
  uriOf: (path: string) => string,
): Diagnostic[] {
  const shown =
    problems.length <= mostDiagnostics
      ? problems
      : problems.toSorted((a, b) => severities[a.severity] - severities[b.severity]).slice(0, mostDiagnostics);
  return shown.map((problem) => ({
    range: toRange(problem.range),
    severity: severities[problem.severity],
    code: problem.code,
    source: "porpoise",
    message: problem.message,
    ...(unnecessary.includes(problem.code) && { tags: [DiagnosticTag.Unnecessary] }),
    ...(problem.related && {
      relatedInformation: problem.related.map((one) => ({
        message: one.message,
        location: { uri: one.path === undefined ? uri : uriOf(one.path), range: toRange(one.range) },
      })),
    }),
  }));
}

/** The LSP's types are not readonly; the values are never changed. */
export const toRange = ({ start, end }: { readonly start: Position; readonly end: Position }): LspRange => ({
  start: { line: start.line, character: start.character },
  end: { line: end.line, character: end.character },
});

export const toTextEdit = ({ range, text }: { readonly range: Range; readonly text: string }): TextEdit => ({
  range: toRange(range),
  newText: text,
});

/** `create`: the address of a file beside the document. */
export const toCodeAction = (
  { title, problem, edit, isPreferred, creates }: Fix,
  uri: string,
  create: (path: string) => string,
): CodeAction => ({
  title,
  kind: CodeActionKind.QuickFix,
  diagnostics: toDiagnostics([problem], uri, (path) => path),
  isPreferred,
  edit:
    creates === undefined
      ? { changes: { [uri]: [toTextEdit(edit)] } }
      : { documentChanges: [{ kind: "create", uri: create(creates), options: { ignoreIfExists: true } }] },
});

const completionKinds: { readonly [kind in Completion["kind"]]: CompletionItemKind } = {
  attribute: CompletionItemKind.Property,
  keyword: CompletionItemKind.Keyword,
  type: CompletionItemKind.Class,
  task: CompletionItemKind.Function,
  value: CompletionItemKind.Value,
  name: CompletionItemKind.Variable,
  snippet: CompletionItemKind.Snippet,
};

export const toCompletionItems = ({ items, from }: Completions, position: Position): CompletionItem[] =>
  items.map((item) => ({
    label: item.label,
    kind: completionKinds[item.kind],
    ...(item.detail !== undefined && item.detail !== "" && { detail: item.detail }),
    ...(item.markdown !== undefined && { documentation: { kind: MarkupKind.Markdown, value: item.markdown } }),
    sortText: `${item.rank}${item.label}`,
    filterText: item.label,
    insertTextFormat: item.isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    textEdit: {
      range: { start: { line: position.line, character: from }, end: { ...position } },
      newText: item.insert,
    },
  }));

const symbolKinds: { readonly [kind in OutlineSymbol["kind"]]: SymbolKind } = {
  workflow: SymbolKind.Module,
  task: SymbolKind.Function,
  param: SymbolKind.Variable,
  output: SymbolKind.Field,
};

export const toDocumentSymbol = (symbol: OutlineSymbol): DocumentSymbol => ({
  name: symbol.name === "" ? '""' : symbol.name,
  detail: symbol.detail,
  kind: symbolKinds[symbol.kind],
  range: toRange(symbol.range),
  selectionRange: toRange(symbol.selection),
  children: symbol.children.map(toDocumentSymbol),
});
