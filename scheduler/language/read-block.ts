// One block's lines → what it says, what is wrong in it, and what the rest of the file needs to know of it.

import type { OutputDefinition, ScriptDefinition } from "../model/definition.ts";
import type { TaskType } from "../tasks/attribute.ts";
import { taskAttributes } from "../tasks/task-attributes.ts";
import { attributesOf, defaultAttributes, findTaskType, supportedTypes, taskTypes } from "../tasks/task-types.ts";
import { statements, workflowAttributes } from "../tasks/workflow-attributes.ts";
import { indentOf } from "./blocks.ts";
import { checkParamCycles } from "./check-params.ts";
import { checkSchedule } from "./check-schedule.ts";
import { type Draft, noDraft } from "./drafts.ts";
import { didYouMean } from "./nearest.ts";
import type {
  AttributeLine,
  BlockNode,
  BlockProblem,
  BodyLine,
  FenceLine,
  Line,
  Name,
  TaskNode,
  WorkflowNode,
} from "./nodes.ts";
import { parseBlock } from "./parse.ts";
import { type BodyPlace, readAttributes, reportMissing } from "./read-lines.ts";
import { readParams } from "./read-params.ts";
import { type Reader, readEnvironmentNames, reader, readScriptPlaceholders } from "./reader.ts";
import type { Summary } from "./summary.ts";
import { orList } from "./wording.ts";

export interface ReadBlock {
  readonly summary: Summary;
  readonly draft: Draft;
  readonly problems: readonly BlockProblem[];
}

/** Reads a block from its lines, given without their ends. */
export function readBlock(lines: readonly string[]): ReadBlock {
  const { node, problems } = parseBlock(lines);
  const read = readNode(node, lines, reader(problems));
  return { ...read, problems: listOf(problems) };
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

/** Shared by all blocks: most have nothing of most kinds, and there may be many thousand blocks. */
const none: readonly never[] = [];
const listOf = <T>(list: readonly T[] | undefined): readonly T[] =>
  list === undefined || list.length === 0 ? none : list;

const summary = (given: Partial<Summary> & Pick<Summary, "kind">): Summary => ({
  ...given,
  params: listOf(given.params),
  ins: listOf(given.ins),
  outs: listOf(given.outs),
  after: listOf(given.after),
  branches: listOf(given.branches),
  groups: listOf(given.groups),
  uses: listOf(given.uses),
  files: listOf(given.files),
});

function readWorkflow(node: WorkflowNode & { doc?: string }, reader: Reader): Omit<ReadBlock, "problems"> {
  const sink = { reader, task: () => {}, file: () => {} };
  const place: BodyPlace = { kind: "workflow", called: "workflows", attributes: workflowAttributes, silent: [] };
  const isDefaults = (line: Line): line is BodyLine => line.kind === "body" && line.key.text === "defaults";
  const own = node.lines.filter(isAttribute).filter((line) => !isDefaults(line));
  const { values, given } = readAttributes(own, place, sink);
  const blocks = node.lines.filter(isDefaults);
  const inDefaults: BodyPlace = { kind: "defaults", called: "defaults", attributes: defaultAttributes, silent: [] };
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

function readTask(
  node: TaskNode & { doc?: string },
  lines: readonly string[],
  reader: Reader,
): Omit<ReadBlock, "problems"> {
  const type = node.type && readTaskType(node.type, reader);
  const after: Name[] = [];
  const files: Name[] = [];
  const sink = { reader, task: (name: Name) => void after.push(name), file: (name: Name) => void files.push(name) };
  const place: BodyPlace = {
    kind: "task",
    called: type ? `${type.name} tasks` : "tasks",
    attributes: type && !type.notYet ? attributesOf(type) : taskAttributes,
    silent: type?.notYet ? type.attributes : type ? [] : taskTypes.flatMap((one) => one.attributes),
  };
  const { values, given } = readAttributes(node.lines.filter(isAttribute), place, sink);
  if (node.type && type && !type.notYet)
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
      branches,
      uses: reader.uses,
      files,
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
    },
  };
}

const isAttribute = (line: Line): line is AttributeLine | BodyLine => line.kind === "attribute" || line.kind === "body";

function readTaskType(name: Name, reader: Reader): TaskType | undefined {
  const type = findTaskType(name.text);
  const supported = orList(supportedTypes.map((one) => one.name));
  if (type?.notYet) {
    reader.error(
      "syntax/not-yet",
      name.range,
      `task type "${name.text}" is not supported by this build yet: use ${supported}`,
    );
  } else if (!type) {
    const hint = didYouMean(
      name.text,
      taskTypes.map((one) => one.name),
    );
    reader.error("value/choice", name.range, `task type is "${name.text}", must be ${supported}${hint}`);
  }
  return type;
}

function checkName(name: Name, reader: Reader): void {
  if (name.text === "" || /\p{Cc}/u.test(name.text) || name.text.trim() !== name.text || name.text.length > 200)
    reader.error("value/range", name.range, "a name has 1 to 200 visible characters, without spaces at its ends");
  else if (/[/\\]/.test(name.text))
    reader.error("value/range", name.range, `"${name.text}" holds a slash, which a name must not`);
}

/** Branches of types that are to come only count as edges; elsewhere they do not belong. */
function readBranches(node: TaskNode, type: TaskType | undefined, reader: Reader): readonly Name[] {
  const targets: Name[] = [];
  for (const line of node.lines) {
    if (line.kind !== "branch") continue;
    for (const word of line.words) reader.use(word, "other");
    targets.push(...line.targets);
    if (type && type.name !== "switch" && type.name !== "conditions")
      reader.error(
        "attribute/not-here",
        line.keyword.range,
        `${line.keyword.text} belongs to switch and conditions tasks, not to ${type.name} tasks`,
      );
  }
  return targets;
}

/** Lines whose keyword does not belong where they stand. */
function refuseLines(lines: readonly Line[], place: BodyPlace, reader: Reader): void {
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

function readScript(
  node: TaskNode,
  type: TaskType | undefined,
  given: ReadonlyMap<string, Name>,
  lines: readonly string[],
  reader: Reader,
): ScriptDefinition | undefined {
  const [fence, second] = node.lines.filter((line) => line.kind === "fence");
  const isChecked = type !== undefined && !type.notYet;
  if (second) reader.error("syntax/unexpected", second.range, "a task has one script, this is the second");
  if (!fence) {
    if (isChecked && type.script.need === "required" && node.type)
      reader.error(
        "script/missing",
        node.type.range,
        `a ${type.name} task needs a script: add a fence that begins with \`\`\`${type.script.languages[0] ?? ""}`,
      );
    return undefined;
  }
  const script = scriptOf(fence, lines);
  if (isChecked) checkScript(fence, script, type, given, reader);
  const scriptLines = lines.slice(fence.from, fence.to);
  // A type that is to come is not looked into, but what its script uses is used.
  if (!fence.raw) readScriptPlaceholders(reader, scriptLines, fence.from, isChecked ? "script" : "other");
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
