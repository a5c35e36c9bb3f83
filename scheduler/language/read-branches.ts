// `when` and `else` lines: what stands in a block of each type, and what one block alone shows to be wrong.

import type { TaskType } from "../tasks/attribute.ts";
import type { DraftBranches } from "./drafts.ts";
import { conditionText, constantTruth, nodesIn } from "./expression-nodes.ts";
import type { BranchLine, ExpressionNode, Name, TaskNode } from "./nodes.ts";
import type { Reader } from "./reader.ts";

export interface ReadBranches {
  /** Tasks that a branch leads to, in the order of the text. */
  readonly targets: readonly Name[];
  readonly conditions: readonly ExpressionNode[];
  readonly draft?: DraftBranches;
}

const noBranches: ReadBranches = { targets: [], conditions: [] };

export function readBranches(node: TaskNode, type: TaskType | undefined, reader: Reader): ReadBranches {
  const lines = node.lines.filter((line) => line.kind === "branch");
  if (type && !type.branches) {
    for (const { keyword } of lines) {
      const message = `${keyword.text} belongs to switch and conditions tasks, not to ${type.name} tasks`;
      reader.error("attribute/not-here", keyword.range, message);
    }
    return noBranches;
  }
  if (type && node.type && lines.length === 0) {
    const example = type.branches === "params" ? "when rows == 0 >> task" : "when task is succeeded >> other";
    const message = `a ${type.name} task needs branches: add \`${example}\` or \`else >> task\``;
    reader.error("attribute/missing", node.type.range, message);
  }
  if (type) {
    refuseSecondElse(lines, reader);
    reportNeverTaken(lines, reader);
  }
  for (const word of lines.flatMap((line) => line.words)) reader.use(word, "other");
  const conditions = lines.flatMap((line) => line.condition ?? []);
  for (const one of conditions.flatMap(nodesIn)) {
    if (one.kind === "name") reader.use(one.name, "condition");
    if (one.kind === "outcome" && type?.branches === "params") {
      const message = `"is ${one.is}" belongs to conditions tasks: a switch task looks at params`;
      reader.error("expr/type", one.range, message);
    }
  }
  return { targets: lines.flatMap((line) => line.targets), conditions, draft: draftOf(lines) };
}

const draftOf = (lines: readonly BranchLine[]): DraftBranches => ({
  whens: lines.flatMap(({ condition, targets }) => (condition ? [{ condition, to: textsOf(targets) }] : [])),
  otherwise: textsOf(lines.find((line) => line.keyword.text === "else")?.targets ?? []),
});

const textsOf = (names: readonly Name[]): readonly string[] => names.map((name) => name.text);

function refuseSecondElse(lines: readonly BranchLine[], reader: Reader): void {
  const [first, ...others] = lines.filter((line) => line.keyword.text === "else");
  for (const { keyword } of others) {
    const related = [{ message: "the first else", range: first?.keyword.range ?? keyword.range }];
    reader.error("name/duplicate", keyword.range, "else is given twice: keep one of them", related);
  }
}

/** A branch behind one that is always taken, one that can never be true, one whose condition an earlier one had. */
function reportNeverTaken(lines: readonly BranchLine[], reader: Reader): void {
  const whens = lines.filter((line) => line.keyword.text === "when");
  const seen = new Map<string, Name>();
  let always: Name | undefined;
  const report = ({ keyword }: BranchLine, why: string, at: Name) =>
    reader.warn("graph/unreachable", keyword.range, `this branch is never taken: ${why}`, [
      { message: "because of this one", range: at.range },
    ]);
  for (const line of [...whens, ...lines.filter((one) => one.keyword.text === "else")]) {
    if (always) report(line, "the branch above always is", always);
    if (!line.condition || always) continue;
    const text = conditionText(line.condition);
    const first = seen.get(text);
    const constant = constantTruth(line.condition);
    if (first) report(line, "an earlier one has the same condition", first);
    else if (constant === false) report(line, "its condition is always false", line.keyword);
    seen.set(text, line.keyword);
    if (constant === true) always = line.keyword;
  }
}
