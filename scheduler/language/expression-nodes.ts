// Questions about a condition as written: its parts in order, its meaning as text, its value where it needs no params.

import { evaluateCondition } from "../model/evaluate.ts";
import type { Expression } from "../model/expression.ts";
import type { ExpressionNode } from "./nodes.ts";

/** The node itself, then what is inside it, from left to right. */
export function nodesIn(node: ExpressionNode): readonly ExpressionNode[] {
  return [node, ...partsOf(node).flatMap(nodesIn)];
}

export function partsOf(node: ExpressionNode): readonly ExpressionNode[] {
  switch (node.kind) {
    case "literal":
    case "name":
    case "outcome":
      return [];
    case "list":
      return node.items;
    case "not":
      return [node.operand];
    case "call":
      return node.args;
    case "logic":
    case "compare":
    case "calculate":
      return [node.left, node.right];
  }
}

/** Equal where two conditions mean the same word by word; says nothing of places. */
export const conditionText = (node: ExpressionNode): string =>
  JSON.stringify(node, (key: string, value: unknown) => (key === "range" ? undefined : value));

/** The condition's value where neither params nor tasks have a part in it. */
export function constantTruth(node: ExpressionNode): boolean | undefined {
  const isConstant = nodesIn(node).every((one) => one.kind !== "name" && one.kind !== "outcome");
  if (!isConstant) return undefined;
  const found = evaluateCondition(toExpression(node, noNames), { param: () => undefined, outcome: () => undefined });
  return found.ok ? found.value : undefined;
}

export interface NameResolver {
  readonly param: (name: string) => Extract<Expression, { kind: "param" }>;
  readonly task: (name: string) => number;
}

const noNames: NameResolver = { param: (name) => ({ kind: "param", name, type: "string" }), task: () => -1 };

/** The form that definitions hold. */
export function toExpression(node: ExpressionNode, names: NameResolver): Expression {
  const inner = (one: ExpressionNode): Expression => toExpression(one, names);
  switch (node.kind) {
    case "literal":
      return { kind: "literal", value: node.value };
    case "name":
      return names.param(node.name.text);
    case "list":
      return { kind: "list", items: node.items.map(inner) };
    case "not":
      return { kind: "not", operand: inner(node.operand) };
    case "logic":
      return { kind: "logic", operator: node.operator, left: inner(node.left), right: inner(node.right) };
    case "compare":
      return { kind: "compare", operator: node.operator, left: inner(node.left), right: inner(node.right) };
    case "calculate":
      return { kind: "calculate", operator: node.operator, left: inner(node.left), right: inner(node.right) };
    case "call":
      return { kind: "call", function: node.function, arguments: node.args.map(inner) };
    case "outcome":
      return { kind: "outcome", task: names.task(node.task.text), is: node.is };
  }
}
