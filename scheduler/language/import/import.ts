// Workflows of other schedulers → `.flow` files. What cannot be carried over becomes a comment and a warning, never silence.

import { parse as parseYaml } from "yaml";
import { formatText } from "../format.ts";
import { readDolphinJson } from "./dolphin-json.ts";
import { readDolphinYaml } from "./dolphin-yaml.ts";
import type { ImportedWorkflow } from "./imported.ts";
import { mend } from "./mend.ts";
import { writeFlow } from "./write-flow.ts";

export interface ImportedFile {
  /** `<workflow>.flow`, of characters that every file system has. */
  readonly name: string;
  readonly text: string;
  /** One sentence for each thing that was not carried over. */
  readonly warnings: readonly string[];
}

export type Imported = { readonly files: readonly ImportedFile[] } | { readonly wrong: string };

/** `text`: a JSON export or a YAML file. `project`: for workflows whose source names none. */
export function importText(text: string, project?: string): Imported {
  const read = readText(text.replace(/^\ufeff/, ""));
  if ("wrong" in read) return read;
  const found = readDolphinJson(read.value) ?? readDolphinYaml(read.value);
  if (!found)
    return {
      wrong:
        "this is neither an export of DolphinScheduler (JSON with workflowDefinition or processDefinition and taskDefinitionList) nor a file of pydolphinscheduler (YAML with workflow and tasks)",
    };
  const taken = new Set<string>();
  return { files: found.map((one) => importWorkflow({ ...(project !== undefined && { project }), ...one }, taken)) };
}

function readText(text: string): { readonly value: unknown } | { readonly wrong: string } {
  try {
    const value: unknown = /^\s*[[{]/.test(text) ? JSON.parse(text) : parseYaml(text);
    return { value };
  } catch (error) {
    return { wrong: `the file cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function importWorkflow(workflow: ImportedWorkflow, taken: Set<string>): ImportedFile {
  const unique = withUniqueTasks(workflow);
  const { text, mended } = mend(writeFlow(unique));
  const about = (where: string) => (one: { readonly text: string }) => `${where}: ${one.text}`;
  return {
    name: fileName(workflow.name, taken),
    text: formatText(text).text,
    warnings: [
      ...unique.notes.map(about(workflow.name)),
      ...unique.tasks.flatMap((task) => task.notes.map(about(`${workflow.name}, task ${task.name}`))),
      ...mended,
    ],
  };
}

/** Names there may hold what ours may not. */
function withUniqueTasks(workflow: ImportedWorkflow): ImportedWorkflow {
  const name = (text: string) => text.replaceAll(/[/\\]/g, "_").trim();
  const fitting = (text: string) => (name(text) === "" ? "unnamed" : name(text));
  return {
    ...workflow,
    name: fitting(workflow.name),
    tasks: workflow.tasks.map((task) => ({ ...task, name: fitting(task.name) })),
    edges: workflow.edges.map(([from, to]) => [fitting(from), fitting(to)] as const),
  };
}

function fileName(workflow: string, taken: Set<string>): string {
  const base = workflow.replaceAll(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^[._]+/, "") || "workflow";
  let name = base;
  for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${base}_${number}`;
  taken.add(name.toLowerCase());
  return `${name}.flow`;
}
