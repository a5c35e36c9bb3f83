// What reading a block collects beside values: problems and the names that are used.

import type { ProblemCode, Range } from "../model/problem.ts";
import { placeholders } from "../model/substitute.ts";
import type { Atom, BlockProblem, Name } from "./nodes.ts";
import type { Use, UseMode } from "./summary.ts";

export interface Reader {
  readonly error: (code: ProblemCode, range: Range, message: string, related?: BlockProblem["related"]) => void;
  readonly warn: Reader["error"];
  readonly use: (name: Name, mode: UseMode) => void;
  readonly uses: readonly Use[];
  readonly problems: BlockProblem[];
}

export function reader(problems: BlockProblem[]): Reader {
  const uses: Use[] = [];
  const report =
    (severity: "error" | "warning"): Reader["error"] =>
    (code, range, message, related) =>
      void problems.push({ code, severity, message, range, ...(related && { related }) });
  return {
    error: report("error"),
    warn: report("warning"),
    use: (name, mode) => void uses.push({ ...name, mode }),
    uses,
    problems,
  };
}

/** A part of a line as a range. */
export const part = (line: number, start: number, end: number): Range => ({
  start: { line, character: start },
  end: { line, character: end },
});

/** Looks through a string that is substituted: notes the names it uses and reports malformed placeholders. */
export function readPlaceholders(
  reader: Reader,
  atom: Extract<Atom, { kind: "string" }>,
  mode: UseMode = "text",
): void {
  if (!atom.raw.includes("$")) return;
  const { line, character } = atom.range.start;
  const at = character + 1; // behind the quote
  for (const found of placeholders(atom.raw, "text")) {
    const range = part(line, at + found.start, at + found.end);
    if (found.kind === "time") {
      if (!found.result.ok && mode !== "other") reportTime(reader, line, at + found.start, found.result.problem, range);
    } else if (found.isClosed) {
      reader.use({ text: found.name, range }, mode);
    } else if (mode !== "other") {
      const message = 'the braces are not closed: add }, or write "\\$" where a plain dollar is meant';
      reader.error("script/unknown-placeholder", range, message);
    }
  }
}

/** Looks through a script's lines; `from` is the first one's number in the block. */
export function readScriptPlaceholders(reader: Reader, lines: readonly string[], from: number, mode: UseMode): void {
  lines.forEach((line, index) => {
    readEnvironmentNames(reader, line, from + index);
    if (!line.includes("$")) return;
    for (const found of placeholders(line, "script")) {
      const range = part(from + index, found.start, found.end);
      if (found.kind === "name") reader.use({ text: found.name, range }, mode);
      else if (!found.result.ok && mode !== "other")
        reportTime(reader, from + index, found.start, found.result.problem, range);
    }
  });
}

/** `$PORPOISE_NAME` and the like: a use of the param, in whatever language. */
export function readEnvironmentNames(reader: Reader, line: string, lineNumber: number): void {
  if (!line.includes("PORPOISE_")) return;
  for (const match of line.matchAll(/PORPOISE_([\p{L}\p{N}_]+)/gu)) {
    const range = part(lineNumber, match.index, match.index + match[0].length);
    reader.use({ text: match[1] ?? "", range }, "environment");
  }
}

function reportTime(
  reader: Reader,
  line: number,
  start: number,
  problem: { readonly at: number; readonly message: string },
  whole: Range,
): void {
  const at = Math.min(start + 2 + problem.at, whole.end.character - 1);
  reader.error("time/placeholder", part(line, at, whole.end.character), problem.message);
}
