// A task's script as a worker would run it: substituted by the same functions, for a schedule time of now.

import { taskValues, type Values, workflowValues } from "../../model/params.ts";
import type { Position } from "../../model/problem.ts";
import { substituteScript } from "../../model/substitute.ts";
import type { Settings } from "../assemble.ts";
import { draftOf, type FlowDocument } from "../document.ts";
import { lineContent } from "../lines.ts";
import { tokenize } from "../tokens.ts";

export interface Preview {
  readonly task: string;
  readonly language: string;
  readonly text: string;
  /** Names in scope that only a run gives a value: they stand in the text as they are. */
  readonly open: readonly string[];
}

export interface PreviewFacts {
  readonly baseTimeMs: number;
  readonly settings: Settings | undefined;
  /** Values of params as at a start. */
  readonly params?: Values;
}

/** Undefined where the position is in no task with a script, or the file has errors. */
export function previewScript(document: FlowDocument, { line }: Position, facts: PreviewFacts): Preview | undefined {
  const block = document.blocks()[document.blockAt(line)];
  const draft = block && draftOf(block);
  const definition = document.definition(facts.settings);
  const task = draft?.kind === "task" ? definition?.tasks.find((one) => one.name === draft.name) : undefined;
  if (!definition || !task?.script) return undefined;
  const { language, raw, text } = task.script;
  if (raw) return { task: task.name, language, text, open: [] };
  const run = { definition, workflowInstance: "", baseTimeMs: facts.baseTimeMs, startParams: facts.params ?? {} };
  const shared = workflowValues(run);
  const all = taskValues(run, shared, task, "", {});
  // Ids are given at the start, and params without a value by whoever starts it.
  const values = Object.fromEntries(Object.entries(all).filter(([name]) => !unknown.includes(name)));
  const open = [...text.matchAll(/\$\{([^}\n]+)\}/g)].map(([, name = ""]) => name);
  const outputs = new Set(definition.tasks.flatMap((one) => one.outputs.map((out) => out.name)));
  const params = new Set(definition.params.map((one) => one.name));
  const isOpen = (name: string) =>
    !Object.hasOwn(values, name) && (outputs.has(name) || params.has(name) || unknown.includes(name));
  return {
    task: task.name,
    language,
    text: substituteScript(text, { values, baseTimeMs: facts.baseTimeMs, zone: definition.zone }),
    open: [...new Set(open.filter(isOpen))],
  };
}

const unknown: readonly string[] = [
  "system.workflow.instance.id",
  "system.task.instance.id",
  "system.task.execute.path",
];

/** The script that a position is in, for editors that ask another language's server about it. */
export interface EmbeddedScript {
  readonly language: string;
  /** Lines of the script in the file, from (inclusive) to (exclusive), and the indent that is no part of it. */
  readonly from: number;
  readonly to: number;
  readonly indent: number;
}

export function embeddedScriptAt(document: FlowDocument, { line }: Position): EmbeddedScript | undefined {
  const index = document.blockAt(line);
  const start = document.starts()[index] ?? 0;
  for (const token of tokenize((document.blocks()[index]?.lines ?? []).map(lineContent))) {
    if (token.kind !== "fence" || line < start + token.from || line >= start + token.to) continue;
    const language = /^\s*([^\s]+)/.exec(token.fence.info)?.[1] ?? "";
    return { language, from: start + token.from, to: start + token.to, indent: token.fence.indent };
  }
  return undefined;
}
