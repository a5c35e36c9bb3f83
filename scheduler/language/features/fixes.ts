// Quick fixes: for problems where it is known what would mend them.

import type { Problem, Range } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import type { Fix } from "./fix.ts";
import { addProducer, cycleEdges, neverTaken, oddEdges, strayEdge } from "./fix-graph.ts";
import { missingAttribute, missingFile, missingHeader, missingScript } from "./fix-missing.ts";
import { declareParam, escapeDollar, removed, removeParam, renumber, suggestion } from "./fix-names.ts";
import { unclosed, unexpected } from "./fix-syntax.ts";
import { touches } from "./fix-text.ts";
import { expressionFixes, valueFixes } from "./fix-values.ts";

/** More problems in one place than anyone mends at once. */
const mostProblems = 20;

/** `problems`: those of the file, also those that other files and a server bring. */
export function fixesAt(document: FlowDocument, range: Range, problems = document.problems()): readonly Fix[] {
  return problems
    .filter((problem) => touches(problem.range, range))
    .slice(0, mostProblems)
    .flatMap((problem) => fixesOf(document, problem));
}

function fixesOf(document: FlowDocument, problem: Problem): readonly Fix[] {
  switch (problem.code) {
    case "syntax/unclosed":
      return unclosed(document, problem);
    case "syntax/unexpected":
      return [...unexpected(document, problem), ...missingHeader(document, problem), ...suggestion(document, problem)];
    case "name/duplicate":
      return renumber(document, problem);
    case "name/unknown-param":
      return [...suggestion(document, problem), ...declareParam(document, problem)];
    case "name/unused-param":
      return removeParam(document, problem);
    case "script/unknown-placeholder":
      return [
        ...suggestion(document, problem),
        ...(problem.severity === "error" ? declareParam(document, problem) : []),
        ...escapeDollar(document, problem),
      ];
    case "attribute/missing":
      return missingAttribute(document, problem);
    case "attribute/not-here":
      return removed(document, problem);
    case "attribute/unknown":
      return [...suggestion(document, problem), ...removed(document, problem)];
    case "script/missing":
      return missingScript(document, problem);
    case "file/not-found":
      return missingFile(problem);
    case "graph/duplicate-edge":
    case "graph/self-edge":
      return oddEdges(document, problem);
    case "graph/cycle":
      return cycleEdges(document, problem);
    case "graph/branch-edge":
      return strayEdge(document, problem);
    case "graph/unreachable":
      return neverTaken(problem);
    case "param/not-produced":
      return addProducer(document, problem);
    case "value/type":
    case "value/range":
      return [...valueFixes(document, problem), ...suggestion(document, problem)];
    case "expr/type":
      return expressionFixes(document, problem);
    default:
      return suggestion(document, problem);
  }
}
