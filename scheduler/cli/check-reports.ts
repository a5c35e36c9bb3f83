// Problems as text with an excerpt of the source, as JSON, and as SARIF 2.1.0.

import type { CompiledFile } from "../language/compile.ts";
import { lineContent, splitLines } from "../language/lines.ts";
import { problemDocs } from "../language/problem-docs.ts";
import type { Problem, ProblemCode } from "../model/problem.ts";

interface Names {
  readonly textOf: (path: string) => string;
  /** A path as it is shown. */
  readonly nameOf: (path: string) => string;
}

type Report = (files: readonly CompiledFile[], names: Names) => string;

export const checkReports: { readonly [format in "text" | "json" | "sarif"]: Report } = {
  text: textReport,
  json: (files, names) =>
    `${JSON.stringify({ problems: files.flatMap((file) => withPath(file, names)) }, undefined, 2)}\n`,
  sarif: (files, names) => `${JSON.stringify(sarif(files, names), undefined, 2)}\n`,
};

/** The shape that the API and the editor speak of problems in. */
function withPath(file: CompiledFile, { nameOf }: Names): readonly object[] {
  return file.problems.map(({ related, ...problem }) => ({
    path: nameOf(file.path),
    ...problem,
    ...(related && {
      related: related.map((one) => ({ path: nameOf(one.path ?? file.path), message: one.message, range: one.range })),
    }),
  }));
}

function textReport(files: readonly CompiledFile[], names: Names): string {
  return files
    .filter((file) => file.problems.length > 0)
    .map((file) => {
      const lines = splitLines(names.textOf(file.path).slice(0, 20_000_000)).map(lineContent);
      return file.problems.map((problem) => textProblem(file.path, problem, lines, names)).join("");
    })
    .join("");
}

function textProblem(path: string, problem: Problem, lines: readonly string[], { nameOf }: Names): string {
  const { start } = problem.range;
  const head = `${nameOf(path)}:${start.line + 1}:${start.character + 1} ${problem.severity} ${problem.code} ${problem.message}\n`;
  const related = (problem.related ?? []).map(
    (one) =>
      `    ${nameOf(one.path ?? path)}:${one.range.start.line + 1}:${one.range.start.character + 1} ${one.message}\n`,
  );
  return head + excerpt(problem, lines) + related.join("");
}

const longestExcerpt = 160;

/** The line with its marked part underlined. Of what is no text nothing is shown: its bytes could command the terminal. */
function excerpt({ code, range: { start, end } }: Problem, lines: readonly string[]): string {
  if (code === "syntax/not-text") return "";
  const line = lines[start.line];
  if (line === undefined || line.trim() === "" || line.length > longestExcerpt) return "";
  const shown = line.replaceAll("\t", " ");
  const until = end.line === start.line ? end.character : line.length;
  const marks = " ".repeat(start.character) + "^".repeat(Math.max(1, until - start.character));
  const gutter = String(start.line + 1);
  return `  ${gutter} | ${shown}\n  ${" ".repeat(gutter.length)} | ${marks}\n`;
}

const levels = { error: "error", warning: "warning", information: "note", hint: "note" } as const;

function sarif(files: readonly CompiledFile[], names: Names): object {
  const codes = [...new Set(files.flatMap((file) => file.problems.map((problem) => problem.code)))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "porpoise", rules: codes.map(rule) } },
        columnKind: "utf16CodeUnits",
        results: files.flatMap((file) => file.problems.map((problem) => sarifResult(file.path, problem, names))),
      },
    ],
  };
}

const rule = (id: ProblemCode): object => ({
  id,
  shortDescription: { text: problemDocs[id].doc },
  defaultConfiguration: { level: levels[problemDocs[id].severity] },
});

const sarifResult = (path: string, problem: Problem, { nameOf }: Names): object => ({
  ruleId: problem.code,
  level: levels[problem.severity],
  message: { text: problem.message },
  locations: [sarifLocation(nameOf(path), problem.range)],
  ...(problem.related && {
    relatedLocations: problem.related.map((one, id) => ({
      id,
      message: { text: one.message },
      ...sarifLocation(nameOf(one.path ?? path), one.range),
    })),
  }),
});

/** SARIF counts from one; an end column is exclusive. */
const sarifLocation = (path: string, { start, end }: Problem["range"]): object => ({
  physicalLocation: {
    artifactLocation: { uri: path.split("/").map(encodeURIComponent).join("/") },
    region: {
      startLine: start.line + 1,
      startColumn: start.character + 1,
      endLine: end.line + 1,
      endColumn: end.character + 1,
    },
  },
});
