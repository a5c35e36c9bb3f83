// A task's fence: its text, what it uses, and whether it belongs there.

import type { ScriptDefinition } from "../model/definition.ts";
import type { TaskType } from "../tasks/attribute.ts";
import { indentOf } from "./blocks.ts";
import { didYouMean } from "./nearest.ts";
import type { FenceLine, Name, TaskNode } from "./nodes.ts";
import { type Reader, readEnvironmentNames, readScriptPlaceholders } from "./reader.ts";
import { orList } from "./wording.ts";

export function readScript(
  node: TaskNode,
  type: TaskType | undefined,
  given: ReadonlyMap<string, Name>,
  lines: readonly string[],
  reader: Reader,
): ScriptDefinition | undefined {
  const [fence, second] = node.lines.filter((line) => line.kind === "fence");
  if (second) reader.error("syntax/unexpected", second.range, "a task has one script, this is the second");
  if (!fence) {
    if (type?.script.need === "required" && node.type)
      reader.error(
        "script/missing",
        node.type.range,
        `a ${type.name} task needs a script: add a fence that begins with \`\`\`${type.script.languages[0] ?? ""}`,
      );
    return undefined;
  }
  const script = scriptOf(fence, lines);
  if (type) checkScript(fence, script, type, given, reader);
  const scriptLines = lines.slice(fence.from, fence.to);
  // Of a type that nobody knows nothing is expected, but what its script uses is used.
  if (!fence.raw) readScriptPlaceholders(reader, scriptLines, fence.from, type ? "script" : "other");
  else for (const [index, line] of scriptLines.entries()) readEnvironmentNames(reader, line, fence.from + index);
  return script;
}

function checkScript(
  fence: FenceLine,
  script: ScriptDefinition,
  type: TaskType,
  given: ReadonlyMap<string, Name>,
  reader: Reader,
): void {
  const { need, languages, insteadOf } = type.script;
  if (need === "none") reader.error("attribute/not-here", fence.range, `${type.name} tasks have no script: remove it`);
  else if (languages.length > 0 && script.language !== "" && !languages.includes(script.language)) {
    const message = `the script's language is "${script.language}", of a ${type.name} task it must be ${orList(languages)}${didYouMean(script.language, languages)}`;
    reader.error("value/choice", fence.language.range, message);
  }
  if (need === "required" && script.text.trim() === "")
    reader.error("script/missing", fence.range, "the script is empty: write at least one line");
  const other = insteadOf === undefined ? undefined : given.get(insteadOf);
  if (other) {
    const related = [{ message: `${other.text} is given here`, range: other.range }];
    reader.error(
      "attribute/not-here",
      fence.range,
      `the script says the same as ${other.text}: keep one of them`,
      related,
    );
  }
}

/** Up to the fence's indent is taken from each line; the script ends in one LF. */
function scriptOf(fence: FenceLine, lines: readonly string[]): ScriptDefinition {
  const texts = lines.slice(fence.from, fence.to).map((line) => line.slice(Math.min(indentOf(line), fence.indent)));
  const text = `${texts.join("\n").replace(/\n+$/, "")}\n`;
  return { language: fence.language.text, raw: fence.raw, text };
}
