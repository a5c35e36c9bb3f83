// The workflow's own block.

import { defaultAttributes } from "../tasks/task-types.ts";
import { workflowAttributes } from "../tasks/workflow-attributes.ts";
import { checkParamCycles } from "./check-params.ts";
import { checkSchedule } from "./check-schedule.ts";
import type { WorkflowDraft } from "./drafts.ts";
import type { BodyLine, Line, WorkflowNode } from "./nodes.ts";
import { checkName, isAttribute, refuseLines, summary } from "./read-body.ts";
import { type BodyPlace, readAttributes } from "./read-lines.ts";
import { readParams } from "./read-params.ts";
import { type ValueSink, valuesOnly } from "./read-value.ts";
import type { Reader } from "./reader.ts";
import type { ResourceUse, Summary } from "./summary.ts";

export function readWorkflow(
  node: WorkflowNode & { doc?: string },
  reader: Reader,
): { summary: Summary; draft: WorkflowDraft } {
  const resources: ResourceUse[] = [];
  const sink: ValueSink = { ...valuesOnly(reader), resource: (use) => void resources.push(use) };
  const place: BodyPlace = { kind: "workflow", called: "workflows", attributes: workflowAttributes };
  const isDefaults = (line: Line): line is BodyLine => line.kind === "body" && line.key.text === "defaults";
  const own = node.lines.filter(isAttribute).filter((line) => !isDefaults(line));
  const { values, given } = readAttributes(own, place, sink);
  const blocks = node.lines.filter(isDefaults);
  const inDefaults: BodyPlace = { kind: "defaults", called: "defaults", attributes: defaultAttributes };
  const defaults = readAttributes(blocks.flatMap((block) => block.lines).filter(isAttribute), inDefaults, sink);
  for (const block of blocks) refuseLines(block.lines, inDefaults, reader);
  refuseLines(node.lines, place, reader);
  const params = readParams(
    node.lines.filter((line) => line.kind === "param"),
    "param",
    reader,
  );
  checkParamCycles(params, reader);
  checkSchedule(values, given, reader);
  if (!node.name) reader.error("syntax/unexpected", node.keyword, "the workflow has no name: write `workflow name {`");
  for (const name of [node.project, node.name]) if (name) checkName(name, reader);
  return {
    summary: summary({
      kind: "workflow",
      ...(node.project && { project: node.project }),
      ...(node.name && { name: node.name }),
      params: params.names,
      uses: reader.uses,
      resources,
    }),
    draft: {
      kind: "workflow",
      ...(node.project && { project: node.project.text }),
      ...(node.name && { name: node.name.text }),
      ...(node.title && { title: node.title.text }),
      ...(node.doc !== undefined && { doc: node.doc }),
      values,
      defaults: defaults.values,
      params: params.definitions,
    },
  };
}
