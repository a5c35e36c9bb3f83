// A workflow of another scheduler as far as it can be carried over: what the writers of `.flow` text are given.

import type { ParamType } from "../../model/definition.ts";

export interface ImportedWorkflow {
  readonly project?: string;
  readonly name: string;
  readonly title?: string;
  readonly doc?: string;
  /** Lines of the workflow's body, without indent: attributes, then params. */
  readonly lines: readonly string[];
  readonly params: readonly ImportedParam[];
  readonly tasks: readonly ImportedTask[];
  /** Names of tasks, predecessor first. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  readonly notes: readonly Note[];
}

export interface ImportedParam {
  readonly name: string;
  readonly type: ParamType;
  /** As a run would substitute it; absent: given from elsewhere. */
  readonly value?: string;
}

export interface ImportedTask {
  readonly name: string;
  /** A name of our catalogue. */
  readonly type: string;
  readonly doc?: string;
  /** Lines of the body, without indent. */
  readonly lines: readonly string[];
  readonly ins: readonly ImportedParam[];
  readonly outs: readonly ImportedParam[];
  readonly script?: { readonly language: string; readonly text: string };
  readonly notes: readonly Note[];
}

/** What could not be carried over, in a sentence; it becomes a comment where it belongs, and a warning. */
export interface Note {
  readonly text: string;
  /** What stood there, shown in the comment. */
  readonly source?: unknown;
}

/** Collects the lines of one body and what could not become one. */
export interface Body {
  readonly lines: string[];
  readonly notes: Note[];
}

export const body = (): Body => ({ lines: [], notes: [] });

export function note({ notes }: Body, text: string, source?: unknown): void {
  notes.push({ text, ...(source !== undefined && { source }) });
}
