// What one block says, as far as it can be read: the pieces that a definition is put together from.

import type { OutputDefinition, ParamDefinition, ScriptDefinition } from "../model/definition.ts";
import type { ExpressionNode } from "./nodes.ts";
import type { Values } from "./read-lines.ts";

export interface WorkflowDraft {
  readonly kind: "workflow";
  readonly project?: string;
  readonly name?: string;
  readonly title?: string;
  readonly doc?: string;
  readonly values: Values;
  readonly defaults: Values;
  readonly params: readonly ParamDefinition[];
}

export interface TaskDraft {
  readonly kind: "task";
  readonly name?: string;
  readonly type?: string;
  readonly doc?: string;
  readonly values: Values;
  readonly inputs: readonly ParamDefinition[];
  readonly outputs: readonly OutputDefinition[];
  readonly script?: ScriptDefinition;
  readonly branches?: DraftBranches;
}

/** Tasks by name: which ones these are, only the file knows. */
export interface DraftBranches {
  readonly whens: readonly { readonly condition: ExpressionNode; readonly to: readonly string[] }[];
  readonly otherwise: readonly string[];
}

/** Edges are in the summary. */
export interface NoDraft {
  readonly kind: "none";
}

export type Draft = WorkflowDraft | TaskDraft | NoDraft;

export const noDraft: NoDraft = { kind: "none" };
