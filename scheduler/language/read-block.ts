// One block's lines → what it says, what is wrong in it, and what the rest of the file needs to know of it.

import { type Draft, noDraft } from "./drafts.ts";
import type { BlockNode, BlockProblem } from "./nodes.ts";
import { parseBlock } from "./parse.ts";
import { listOf, summary } from "./read-body.ts";
import { readTask } from "./read-task.ts";
import { readWorkflow } from "./read-workflow.ts";
import { type Reader, reader } from "./reader.ts";
import type { Summary } from "./summary.ts";

export interface ReadBlock {
  readonly summary: Summary;
  readonly draft: Draft;
  readonly problems: readonly BlockProblem[];
}

/** Reads a block from its lines, given without their ends. */
export function readBlock(lines: readonly string[]): ReadBlock {
  const { node, problems } = parseBlock(lines);
  const isUnsure = problems.some((problem) => mayHideNames(problem, node, lines));
  const { summary, draft } = readNode(node, lines, reader(problems));
  return { summary: isUnsure ? { ...summary, isUnsure } : summary, draft, problems: listOf(problems) };
}

/** A broken line that may declare a name or say an edge (one word may become any); one that is not closed may have swallowed such. */
function mayHideNames({ code, range }: BlockProblem, node: BlockNode, lines: readonly string[]): boolean {
  if (node.kind === "nothing" || node.kind === "edge" || code === "syntax/unclosed") return true;
  const line = lines[range.start.line] ?? "";
  return /^(\S|\s+(after|param|in|out|when|else|wait_for|`+)(?![\p{L}\p{N}_-])|\s+\S*\s*$)/u.test(line);
}

function readNode(node: BlockNode, lines: readonly string[], reader: Reader): Omit<ReadBlock, "problems"> {
  switch (node.kind) {
    case "workflow":
      return readWorkflow(node, reader);
    case "task":
      return readTask(node, lines, reader);
    case "edge":
      return { summary: summary({ kind: "edge", groups: node.groups }), draft: noDraft };
    case "nothing":
      return { summary: summary({ kind: "nothing" }), draft: noDraft };
  }
}
