// What may be typed in `when` and `else` lines.

import { findTaskType } from "../../tasks/task-types.ts";
import type { FlowDocument } from "../document.ts";
import { functionForms } from "../expression-types.ts";
import { isPunctuation } from "../parser.ts";
import type { Token } from "../tokens.ts";
import { writtenName } from "../written-name.ts";
import { possibleSuccessors, taskItems } from "./complete-tasks.ts";
import type { Completion } from "./completion-item.ts";
import type { PlaceInBlock } from "./place.ts";
import { namesInScope } from "./references.ts";

/** `done`: the words of the line before the one that is being typed, the keyword first. */
export function branchItems(
  document: FlowDocument,
  place: PlaceInBlock,
  done: readonly Token[],
): readonly Completion[] {
  if (done.some((token) => isPunctuation(token, ">>"))) return taskItems(document, possibleSuccessors(document, place));
  const [keyword] = done;
  if (keyword?.kind === "word" && keyword.text === "else") return [arrow];
  const last = done[done.length - 1];
  if (last?.kind === "word" && last.text === "is")
    return ["succeeded", "failed"].map((word): Completion => ({ label: word, kind: "value", insert: word, rank: 0 }));
  return isOperandNext(done) ? operands(document, place) : operators(place);
}

const arrow: Completion = { label: ">>", kind: "keyword", detail: "the tasks that come then", insert: ">> ", rank: 0 };

/** Behind an operator or an opening bracket a value is missing, behind a value an operator. */
function isOperandNext(done: readonly Token[]): boolean {
  const last = done[done.length - 1];
  if (!last || done.length === 1) return true;
  if (last.kind === "word") return ["and", "or", "not", "in"].includes(last.text);
  return last.kind === "punctuation" && last.text !== ")" && last.text !== "]";
}

function operands(document: FlowDocument, place: PlaceInBlock): readonly Completion[] {
  const type = findTaskType(place.block.summary.type?.text ?? "");
  const { tasks, graph } = document.names();
  const own = tasks.indexOf(place.index);
  const before = type?.branches === "outcomes" && own >= 0 ? (graph().predecessors[own] ?? []) : [];
  const outcomes = before.flatMap((task): readonly Completion[] => {
    const name = document.blocks()[tasks[task] ?? -1]?.summary.name?.text;
    if (name === undefined) return [];
    const insert = `${writtenName(name)} is `;
    return [{ label: name, kind: "task", detail: "is succeeded | is failed", insert, rank: 0 }];
  });
  const names = namesInScope(document, place).map(
    ({ name, from }): Completion => ({ label: name, kind: "name", detail: from, insert: name, rank: 1 }),
  );
  const functions = functionForms.map(
    ({ name, form, doc }): Completion => ({
      label: name,
      kind: "snippet",
      detail: form,
      markdown: doc,
      insert: `${name}($1)`,
      isSnippet: true,
      rank: 2,
    }),
  );
  const words = ["not", "true", "false"].map(
    (word): Completion => ({ label: word, kind: "keyword", insert: word, rank: 3 }),
  );
  return [...outcomes, ...names, ...functions, ...words];
}

function operators({ block }: PlaceInBlock): readonly Completion[] {
  const isOutcomes = findTaskType(block.summary.type?.text ?? "")?.branches === "outcomes";
  const all = [...(isOutcomes ? ["is"] : []), "==", "!=", ">", ">=", "<", "<=", "in", "and", "or", ">>"];
  return all.map((word, rank): Completion => ({ label: word, kind: "keyword", insert: `${word} `, rank }));
}
