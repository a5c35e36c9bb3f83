// What reading workflow and task blocks has in common: their summaries, names, and lines that do not belong.

import { statements } from "../tasks/workflow-attributes.ts";
import type { AttributeLine, BodyLine, Line, Name } from "./nodes.ts";
import type { BodyPlace } from "./read-lines.ts";
import type { Reader } from "./reader.ts";
import type { Summary } from "./summary.ts";

/** Shared by all blocks: most have nothing of most kinds, and there may be many thousand blocks. */
const none: readonly never[] = [];
export const listOf = <T>(list: readonly T[] | undefined): readonly T[] =>
  list === undefined || list.length === 0 ? none : list;

export const summary = (given: Partial<Summary> & Pick<Summary, "kind">): Summary => ({
  ...given,
  params: listOf(given.params),
  ins: listOf(given.ins),
  outs: listOf(given.outs),
  after: listOf(given.after),
  branches: listOf(given.branches),
  groups: listOf(given.groups),
  uses: listOf(given.uses),
  files: listOf(given.files),
  resources: listOf(given.resources),
  workflows: listOf(given.workflows),
  conditions: listOf(given.conditions),
});

export const isAttribute = (line: Line): line is AttributeLine | BodyLine =>
  line.kind === "attribute" || line.kind === "body";

export function checkName(name: Name, reader: Reader): void {
  if (name.text === "" || /\p{Cc}/u.test(name.text) || name.text.trim() !== name.text || name.text.length > 200)
    reader.error("value/range", name.range, "a name has 1 to 200 visible characters, without spaces at its ends");
  else if (/[/\\]/.test(name.text))
    reader.error("value/range", name.range, `"${name.text}" holds a slash, which a name must not`);
}

/** Lines whose keyword does not belong where they stand. */
export function refuseLines(lines: readonly Line[], place: BodyPlace, reader: Reader): void {
  for (const line of lines) {
    if (line.kind === "param") {
      const home = statements.find((one) => one.keyword === line.keyword.text)?.places ?? [];
      if (place.kind === "defaults" || !home.includes(place.kind))
        reader.error(
          "attribute/not-here",
          line.keyword.range,
          `${line.keyword.text} belongs to ${home.join(" and ")} blocks, not to ${place.called}`,
        );
    } else if (line.kind === "fence" && place.kind !== "task") {
      reader.error("attribute/not-here", line.range, `a script belongs to a task, not to ${place.called}`);
    } else if (line.kind === "branch" && place.kind !== "task") {
      reader.error(
        "attribute/not-here",
        line.keyword.range,
        `${line.keyword.text} belongs to tasks, not to ${place.called}`,
      );
    }
  }
}
