// Names that every task sees without declaring them.

export interface BuiltIn {
  readonly name: string;
  readonly doc: string;
  /** Known only once a task runs, so not in the workflow's own params. */
  readonly isOfTask?: true;
}

export const builtIns: readonly BuiltIn[] = [
  { name: "system.biz.date", doc: "The day before the schedule time, as yyyyMMdd." },
  { name: "system.biz.curdate", doc: "The day of the schedule time, as yyyyMMdd." },
  { name: "system.datetime", doc: "The schedule time, as yyyyMMddHHmmss." },
  { name: "system.project.name", doc: "The project's name." },
  { name: "system.workflow.definition.name", doc: "The workflow's name." },
  { name: "system.workflow.instance.id", doc: "The id of the running instance." },
  { name: "system.task.definition.name", doc: "The task's name.", isOfTask: true },
  { name: "system.task.instance.id", doc: "The id of the running task.", isOfTask: true },
  { name: "system.task.execute.path", doc: "The directory that the attempt runs in.", isOfTask: true },
];

export const builtInNames: readonly string[] = builtIns.map(({ name }) => name);
export const workflowBuiltInNames: readonly string[] = builtIns.filter((one) => !one.isOfTask).map(({ name }) => name);
