// `wait_for`: trees of `all(…)` and `any(…)` over `project/workflow[.task] @ window`.

import type { JsonValue } from "../model/definition.ts";
import { windowNames } from "../model/time/windows.ts";
import { didYouMean } from "./nearest.ts";
import type { Atom, PathAtom, Value } from "./nodes.ts";
import { valueName } from "./parse-value.ts";
import type { ValueSink } from "./read-value.ts";
import { orList, shown } from "./wording.ts";

const form = "all(…), any(…) or project/workflow @ window";

/** The tree as a definition holds it, but for projects that are left out. */
export function readWait(key: string, value: Value, sink: ValueSink): JsonValue | undefined {
  const [first, mark, window, extra] = value.atoms;
  const { reader } = sink;
  if (first?.kind === "call") {
    const { text } = first.name;
    if (text !== "all" && text !== "any") {
      reader.error("value/type", first.name.range, `${key} is ${shown(first)}, must be ${form}`);
      return undefined;
    }
    if (mark) reader.error("syntax/unexpected", mark.range, `found ${shown(mark)}, expected , or ) after ${text}(…)`);
    if (first.args.length === 0) reader.error("value/type", first.range, `${text}() is empty: name what is waited for`);
    const of = first.args.map((one) => readWait(key, one, sink));
    return of.includes(undefined) ? undefined : { kind: text, of: of.filter((one) => one !== undefined) };
  }
  const path = first && pathIn(first);
  if (!first || !path) {
    reader.error("value/type", value.range, `${key} is ${first ? shown(first) : "nothing"}, must be ${form}`);
    return undefined;
  }
  const { project, name, task } = path;
  sink.workflow({ kind: "waits", ...(project && { project }), workflow: name, ...(task && { task }) });
  if (mark?.kind !== "mark" || mark.text !== "@") {
    const written = first.kind === "path" ? first.text : shown(first);
    reader.error("value/type", value.range, `${written} needs a window: write it as … @ last_1_days`);
    return undefined;
  }
  if (extra) reader.error("syntax/unexpected", extra.range, `found ${shown(extra)}, expected the end after the window`);
  const word = window?.kind === "path" ? window.text : "";
  if (window && windowNames.includes(word)) return leaf(path, word);
  const found = window ? `window is ${shown(window)}, must be` : "the window is missing, one of";
  const advice = didYouMean(word, windowNames) || "";
  reader.error("time/window", window?.range ?? mark.range, `${found} ${orList(windowNames)}${advice}`);
  return undefined;
}

type Path = Pick<PathAtom, "project" | "name" | "task">;

/** A workflow's name alone may be a string. */
function pathIn(atom: Atom): Path | undefined {
  if (atom.kind === "path") return atom;
  const name = valueName({ atoms: [atom], range: atom.range });
  return name && name.text !== "" ? { name } : undefined;
}

const leaf = ({ project, name, task }: Path, window: string): JsonValue => ({
  kind: "one",
  ...(project && { project: project.text }),
  workflow: name.text,
  ...(task && { task: task.text }),
  window,
});
