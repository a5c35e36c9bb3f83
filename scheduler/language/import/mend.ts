// What the checker says of an imported text, mended where it is known how: an import makes no errors of its own.

import type { Problem } from "../../model/problem.ts";
import { compile } from "../compile.ts";
import { type FlowDocument, openDocument } from "../document.ts";
import { nodesIn } from "../expression-nodes.ts";
import { lineText } from "../features/fix-text.ts";
import { fixesAt } from "../features/fixes.ts";

/** More than any file has; each round mends at least one. */
const mostRounds = 500;

/** `mended`: what was done, or is left, in sentences. */
export function mend(text: string): { readonly text: string; readonly mended: readonly string[] } {
  const document = openDocument(text);
  const mended: string[] = [];
  for (let round = 0; round < mostRounds; round += 1) {
    const errors = document.problems().filter((problem) => problem.severity === "error");
    const done = errors.map((problem) => mendOne(document, problem)).find((one) => one !== undefined);
    if (done === undefined) break;
    if (done !== "") mended.push(done);
  }
  const left = compile([{ path: "imported.flow", text: document.text() }]).flatMap(({ problems }) =>
    problems.filter((problem) => problem.severity === "error"),
  );
  return {
    text: document.text(),
    mended: [...mended, ...left.map((one) => `line ${one.range.start.line + 1}: ${one.message}`)],
  };
}

/** What was done, empty where it needs no words; undefined where nothing is known to be done. */
function mendOne(document: FlowDocument, problem: Problem): string | undefined {
  switch (problem.code) {
    case "script/unknown-placeholder":
    case "param/not-produced":
      return plainDollar(document, problem);
    case "expr/type":
      return numberParams(document, problem) ?? falseCondition(document, problem);
    case "name/unknown-param":
      return falseCondition(document, problem);
    default:
      return undefined;
  }
}

const at = (problem: Problem): string => `line ${problem.range.start.line + 1}`;

function plainDollar(document: FlowDocument, problem: Problem): string | undefined {
  const { start } = problem.range;
  if (lineText(document, start.line)[start.character] !== "$") return undefined;
  const asUnknown: Problem = { ...problem, code: "script/unknown-placeholder" };
  const fix = fixesAt(document, problem.range, [asUnknown]).find((one) => one.title.startsWith("Write a plain dollar"));
  if (!fix) return undefined;
  document.edit(fix.edit.range, fix.edit.text);
  return `${at(problem)}: ${problem.message.split(":")[0]}: its dollar is a plain one now`;
}

/** Text there is compared with numbers as a matter of course: names of such a condition become numbers where their values are. */
function numberParams(document: FlowDocument, problem: Problem): string | undefined {
  for (const name of namesAt(document, problem)) {
    for (const [index, block] of document.blocks().entries())
      for (const [line, text] of block.lines.entries()) {
        const found = new RegExp(`^(\\s*(?:param|in|out) ${name}: )string( = "-?\\d+")?\\s*$`).exec(text);
        if (!found) continue;
        const start = (document.starts()[index] ?? 0) + line;
        const from = (found[1] ?? "").length;
        const range = {
          start: { line: start, character: from },
          end: { line: start, character: from + "string".length },
        };
        document.edit(range, "integer");
        return "";
      }
  }
  return undefined;
}

function namesAt(document: FlowDocument, { range }: Problem): readonly string[] {
  const index = document.blockAt(range.start.line);
  const line = range.start.line - (document.starts()[index] ?? 0);
  return (document.blocks()[index]?.summary.conditions ?? [])
    .filter((one) => one.range.start.line === line)
    .flatMap(nodesIn)
    .flatMap((node) => (node.kind === "name" ? [node.name.text] : []));
}

function falseCondition(document: FlowDocument, problem: Problem): string | undefined {
  const { line } = problem.range.start;
  const found = /^(\s*when )(.*?)( >> .*)$/.exec(lineText(document, line));
  const condition = found?.[2] ?? "";
  if (!found || condition === "false") return undefined;
  const from = (found[1] ?? "").length;
  const range = { start: { line, character: from }, end: { line, character: from + condition.length } };
  document.edit(range, "false");
  return `${at(problem)}: the condition \`${condition}\` does not work here (${problem.message}): false stands in its place`;
}
