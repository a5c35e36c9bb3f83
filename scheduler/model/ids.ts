// The identities of things, as branded strings: one kind cannot stand where another is meant.

type Branded<B extends string> = string & { readonly brand: B };

/** Decimal digits, given by the database. */
export type WorkflowInstanceId = Branded<"WorkflowInstanceId">;
/** `<workflow instance>.<index of the task in its definition>`: an instance has one task instance a task, for good. */
export type TaskInstanceId = Branded<"TaskInstanceId">;
/** Decimal digits, given by the database. */
export type BackfillId = Branded<"BackfillId">;
/** `name#random`: one life of one process. A restarted process is another one. */
export type Incarnation = Branded<"Incarnation">;

export const workflowInstanceId = (text: string | number | bigint): WorkflowInstanceId =>
  String(text) as WorkflowInstanceId;
export const backfillId = (text: string | number | bigint): BackfillId => String(text) as BackfillId;
export const incarnation = (name: string, random: string): Incarnation => `${name}#${random}` as Incarnation;
export const knownIncarnation = (text: string): Incarnation => text as Incarnation;

export const nameOfIncarnation = (of: Incarnation): string => of.slice(0, of.lastIndexOf("#"));

export const taskInstanceId = (instance: WorkflowInstanceId, taskIndex: number): TaskInstanceId =>
  `${instance}.${taskIndex}` as TaskInstanceId;

/** The two halves of a task instance's id, or undefined where the text is none. */
export function splitTaskInstanceId(text: string): { instance: WorkflowInstanceId; taskIndex: number } | undefined {
  const match = /^(\d{1,19})\.(\d{1,6})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { instance: workflowInstanceId(match[1]), taskIndex: Number(match[2]) };
}
