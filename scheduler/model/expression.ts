// The conditions of `switch` and `conditions` tasks, once read: plain data that is stored in a definition.

import type { ParamType } from "./definition.ts";

export const comparisons = ["==", "!=", "<", "<=", ">", ">=", "in"] as const;
export const calculations = ["+", "-", "*", "/", "%"] as const;
export const functionNames = [
  "all",
  "any",
  "contains",
  "starts_with",
  "ends_with",
  "length",
  "lower",
  "upper",
] as const;

export type Comparison = (typeof comparisons)[number];
export type Calculation = (typeof calculations)[number];
export type FunctionName = (typeof functionNames)[number];

export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  /** Its value is text; the type says what the text means. */
  | { readonly kind: "param"; readonly name: string; readonly type: ParamType }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: "calculate";
      readonly operator: Calculation;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "call"; readonly function: FunctionName; readonly arguments: readonly Expression[] }
  /** In `conditions` alone: how a direct predecessor ended; an index into the workflow's tasks. */
  | { readonly kind: "outcome"; readonly task: number; readonly is: "succeeded" | "failed" };
