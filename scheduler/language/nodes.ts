// A block as read: nodes with ranges, lines counted from the block's first. They live only while a block is looked at.

import type { Calculation, Comparison, FunctionName } from "../model/expression.ts";
import type { ProblemCode, Range } from "../model/problem.ts";

/** A name as meant (quotes and escapes gone) and where it stands. */
export interface Name {
  readonly text: string;
  readonly range: Range;
}

export type Atom =
  | { readonly kind: "string"; readonly raw: string; readonly range: Range }
  | { readonly kind: "literal"; readonly text: string; readonly range: Range }
  | PathAtom
  | { readonly kind: "list"; readonly items: readonly Value[]; readonly range: Range }
  | { readonly kind: "call"; readonly name: Name; readonly args: readonly Value[]; readonly range: Range }
  | { readonly kind: "mark"; readonly text: string; readonly range: Range };

/** `word`, `project/workflow`, `workflow.task`, `project/workflow.task`. */
export interface PathAtom {
  readonly kind: "path";
  readonly text: string;
  readonly project?: Name;
  /** The only part of a word. */
  readonly name: Name;
  readonly task?: Name;
  readonly range: Range;
}

/** Atoms up to the end of the line or item, at least one. */
export interface Value {
  readonly atoms: readonly Atom[];
  readonly range: Range;
}

export interface AttributeLine {
  readonly kind: "attribute";
  readonly key: Name;
  readonly value?: Value;
}

export interface ParamLine {
  readonly kind: "param";
  readonly keyword: Name;
  readonly name?: Name;
  readonly type?: Name;
  readonly value?: Value;
}

export interface BodyLine {
  readonly kind: "body";
  readonly key: Name;
  readonly lines: readonly Line[];
}

export interface FenceLine {
  readonly kind: "fence";
  /** The opening line's backticks and info string. */
  readonly range: Range;
  readonly indent: number;
  readonly language: Name;
  readonly raw: boolean;
  /** Lines of the script: from (inclusive) to (exclusive). */
  readonly from: number;
  readonly to: number;
  readonly isClosed: boolean;
}

/** A condition as written. */
export type ExpressionNode =
  | { readonly kind: "literal"; readonly value: string | number | boolean; readonly range: Range }
  | { readonly kind: "name"; readonly name: Name; readonly range: Range }
  | { readonly kind: "list"; readonly items: readonly ExpressionNode[]; readonly range: Range }
  | { readonly kind: "not"; readonly operand: ExpressionNode; readonly range: Range }
  | {
      readonly kind: "logic";
      readonly operator: "and" | "or";
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly range: Range;
    }
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly range: Range;
    }
  | {
      readonly kind: "calculate";
      readonly operator: Calculation;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly range: Range;
    }
  | {
      readonly kind: "call";
      readonly function: FunctionName;
      readonly args: readonly ExpressionNode[];
      readonly range: Range;
    }
  | { readonly kind: "outcome"; readonly task: Name; readonly is: "succeeded" | "failed"; readonly range: Range };

export interface BranchLine {
  readonly kind: "branch";
  readonly keyword: Name;
  /** Absent for `else`, and where it cannot be read. */
  readonly condition?: ExpressionNode;
  /** Of a condition that cannot be read: its names still count as used. */
  readonly words: readonly Name[];
  readonly targets: readonly Name[];
}

export type Line = AttributeLine | ParamLine | BodyLine | FenceLine | BranchLine;

export interface WorkflowNode {
  readonly kind: "workflow";
  readonly keyword: Range;
  readonly project?: Name;
  readonly name?: Name;
  readonly title?: Name;
  readonly lines: readonly Line[];
}

export interface TaskNode {
  readonly kind: "task";
  readonly keyword: Range;
  readonly name?: Name;
  readonly type?: Name;
  readonly lines: readonly Line[];
}

export interface EdgeNode {
  readonly kind: "edge";
  /** `[a, b] >> c >> d` has three groups. */
  readonly groups: readonly (readonly Name[])[];
}

/** Only comments, documentation or something unreadable. */
export interface NothingNode {
  readonly kind: "nothing";
}

export type BlockNode = (WorkflowNode | TaskNode | EdgeNode | NothingNode) & { readonly doc?: string };

/** A problem found inside one block; lines count from the block's first. */
export interface BlockProblem {
  readonly code: ProblemCode;
  readonly severity: "error" | "warning" | "hint";
  readonly message: string;
  readonly range: Range;
  /** In the same block. */
  readonly related?: readonly { readonly message: string; readonly range: Range }[];
}
