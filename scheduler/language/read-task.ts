// A task's block.

import type { OutputDefinition } from "../model/definition.ts";
import type { TaskType } from "../tasks/attribute.ts";
import { taskAttributes } from "../tasks/task-attributes.ts";
import { attributesOf, findTaskType, taskTypes } from "../tasks/task-types.ts";
import type { TaskDraft } from "./drafts.ts";
import { didYouMean } from "./nearest.ts";
import type { Name, TaskNode } from "./nodes.ts";
import { checkName, isAttribute, listOf, refuseLines, summary } from "./read-body.ts";
import { readBranches } from "./read-branches.ts";
import { type BodyPlace, readAttributes, reportMissing } from "./read-lines.ts";
import { readParams } from "./read-params.ts";
import { readScript } from "./read-script.ts";
import type { ValueSink } from "./read-value.ts";
import type { Reader } from "./reader.ts";
import type { ResourceUse, Summary, WorkflowUse } from "./summary.ts";
import { orList } from "./wording.ts";

export function readTask(
  node: TaskNode & { doc?: string },
  lines: readonly string[],
  reader: Reader,
): { summary: Summary; draft: TaskDraft } {
  const type = node.type && readTaskType(node.type, reader);
  const after: Name[] = [];
  const files: Name[] = [];
  const workflows: WorkflowUse[] = [];
  const resources: ResourceUse[] = [];
  const sink: ValueSink = {
    reader,
    task: (name) => void after.push(name),
    file: (name) => void files.push(name),
    workflow: (use) => void workflows.push(use),
    resource: (use) => void resources.push(use),
  };
  const place: BodyPlace = {
    kind: "task",
    called: type ? `${type.name} tasks` : "tasks",
    attributes: type ? attributesOf(type) : taskAttributes,
    isUnknown: type === undefined,
  };
  const { values, given } = readAttributes(node.lines.filter(isAttribute), place, sink);
  if (node.type && type)
    reportMissing(place, given, { text: `task "${node.name?.text ?? ""}"`, range: node.type.range }, reader);
  const params = node.lines.filter((line) => line.kind === "param");
  const inputs = readParams(params, "in", reader);
  const outputs = readParams(params, "out", reader);
  const branches = readBranches(node, type, reader);
  refuseLines(node.lines, place, reader);
  const script = readScript(node, type, given, lines, reader);
  if (node.name) checkName(node.name, reader);
  return {
    summary: summary({
      kind: "task",
      ...(node.name && { name: node.name }),
      ...(node.type && { type: node.type }),
      ins: inputs.names,
      outs: outputs.names,
      after,
      branches: branches.targets,
      conditions: branches.conditions,
      uses: reader.uses,
      files,
      workflows,
      resources,
    }),
    draft: {
      kind: "task",
      ...(node.name && { name: node.name.text }),
      ...(type && { type: type.name }),
      ...(node.doc !== undefined && { doc: node.doc }),
      values,
      inputs: listOf(inputs.definitions),
      outputs: listOf(outputs.definitions.map(({ name, type }): OutputDefinition => ({ name, type }))),
      ...(script && { script }),
      ...(branches.draft && { branches: branches.draft }),
    },
  };
}

function readTaskType(name: Name, reader: Reader): TaskType | undefined {
  const type = findTaskType(name.text);
  if (type) return type;
  const names = taskTypes.map((one) => one.name);
  const message = `task type is "${name.text}", must be ${orList(names)}${didYouMean(name.text, names)}`;
  reader.error("value/choice", name.range, message);
  return undefined;
}
