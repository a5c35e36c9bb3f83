// A task's fence moved to where the formatter has it: its text stays the same, however it was indented.

import type { Position } from "../../model/problem.ts";
import { indentOf } from "../blocks.ts";
import type { FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import type { TextEdit } from "../text-edit.ts";
import { type FenceToken, tokenize } from "../tokens.ts";

/** Two spaces: the indent of a task's body. */
const indent = "  ";

/** The fence that the position is in; undefined where there is none, or where nothing would change. */
export function indentScript(document: FlowDocument, { line }: Position): TextEdit | undefined {
  const index = document.blockAt(line);
  const block = document.blocks()[index];
  const start = document.starts()[index] ?? 0;
  if (!block) return undefined;
  const lines = block.lines.map(lineContent);
  const isAround = (token: FenceToken) => start + token.line <= line && line <= start + token.to;
  const fence = tokenize(lines).find((token) => token.kind === "fence" && isAround(token));
  if (fence?.kind !== "fence" || !fence.isClosed) return undefined;
  const last = fence.to;
  const moved = lines.slice(fence.line, last + 1).map((text, at) => {
    const isEdge = at === 0 || fence.line + at === last;
    const rest = isEdge ? text.trim() : text.slice(Math.min(indentOf(text), fence.fence.indent));
    return rest === "" ? "" : indent + rest;
  });
  const old = lines.slice(fence.line, last + 1);
  if (moved.every((text, at) => text === old[at])) return undefined;
  const lineEnd = block.lines[fence.line]?.endsWith("\r\n") ? "\r\n" : "\n";
  return {
    range: {
      start: { line: start + fence.line, character: 0 },
      end: { line: start + last, character: (lines[last] ?? "").length },
    },
    text: moved.join(lineEnd),
  };
}
