// What a condition comes to when its task runs. Only what is needed for the answer is looked at: behind a `false and` nothing can be
// wrong.

import type { ParamType } from "./definition.ts";
import type { Calculation, Comparison, Expression, FunctionName } from "./expression.ts";

export type Item = string | number | boolean;
export type Value = Item | readonly Item[];

export interface Facts {
  /** A param's text; undefined where it has no value. */
  readonly param: (name: string) => string | undefined;
  /** How a direct predecessor ended, by its index; undefined where it was skipped, disabled or did not run. */
  readonly outcome: (task: number) => "succeeded" | "failed" | undefined;
}

export type Evaluated<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** What a `when` comes to. A problem (a param without a value, a division by zero) is a reason for the task to fail. */
export function evaluateCondition(expression: Expression, facts: Facts): Evaluated<boolean> {
  try {
    return { ok: true, value: truth(expression, facts) };
  } catch (problem) {
    if (problem instanceof ConditionProblem) return { ok: false, problem: problem.message };
    throw problem;
  }
}

/** How the functions below get out of their nested calls; never leaves this file. */
class ConditionProblem extends Error {}

function wrong(message: string): never {
  throw new ConditionProblem(message);
}

function evaluate(expression: Expression, facts: Facts): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "param":
      return paramValue(expression.name, expression.type, facts.param(expression.name));
    case "list":
      return expression.items.map((item) => asItem(evaluate(item, facts)));
    case "not":
      return !truth(expression.operand, facts);
    case "logic":
      return expression.operator === "and"
        ? truth(expression.left, facts) && truth(expression.right, facts)
        : truth(expression.left, facts) || truth(expression.right, facts);
    case "compare":
      return compare(expression.operator, evaluate(expression.left, facts), evaluate(expression.right, facts));
    case "calculate":
      return calculate(expression.operator, evaluate(expression.left, facts), evaluate(expression.right, facts));
    case "call":
      return call(expression.function, expression.arguments, facts);
    case "outcome":
      return facts.outcome(expression.task) === expression.is;
  }
}

function truth(expression: Expression, facts: Facts): boolean {
  const value = evaluate(expression, facts);
  return typeof value === "boolean" ? value : wrong(`${shown(value)} is neither true nor false`);
}

/** Text may be empty; of any other type no value is none. */
function paramValue(name: string, type: ParamType, text: string | undefined): Value {
  switch (type) {
    case "string":
    case "date":
    case "datetime":
    case "file":
      return text ?? "";
    case "list":
      return listOf(name, text ?? "");
    case "integer":
    case "float": {
      const number = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
      if (Number.isFinite(number)) return number;
      return wrong(text === undefined ? `"${name}" has no value` : `"${name}" is "${text}", must be a number`);
    }
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      return wrong(text === undefined ? `"${name}" has no value` : `"${name}" is "${text}", must be true or false`);
  }
}

function listOf(name: string, text: string): readonly Item[] {
  const items = parseList(text);
  return items ?? wrong(`"${name}" is "${text}", must be a list such as ["a", "b"]`);
}

/** The items of a list param's text: a JSON array of text, numbers and truth values; nothing at all is an empty list. */
export function parseList(text: string): readonly Item[] | undefined {
  if (text.trim() === "") return [];
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) && read.every(isItem) ? read : undefined;
  } catch {
    return undefined; // no JSON
  }
}

const isItem = (value: unknown): value is Item =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

function asItem(value: Value): Item {
  return isItem(value) ? value : wrong("a list holds no lists");
}

function compare(operator: Comparison, left: Value, right: Value): boolean {
  if (operator === "in") {
    if (isItem(right)) return wrong(`${shown(right)} is no list`);
    const item = asItem(left);
    return right.some((one) => isEqual(one, item));
  }
  if (operator === "==" || operator === "!=") return isEqual(asItem(left), asItem(right)) === (operator === "==");
  if (typeof left === "string" && typeof right === "string") return isOrdered(operator, left, right);
  if (typeof left === "number" && typeof right === "number") return isOrdered(operator, left, right);
  return wrong(`${shown(left)} and ${shown(right)} have no order`);
}

/** A list's items come from text: `["1"]` and `[1]` hold the same one. */
const isEqual = (a: Item, b: Item): boolean => a === b || (typeof a !== typeof b && String(a) === String(b));

function isOrdered<T extends string | number>(operator: "<" | "<=" | ">" | ">=", left: T, right: T): boolean {
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

function calculate(operator: Calculation, left: Value, right: Value): Value {
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (typeof left !== "number" || typeof right !== "number")
    return wrong(`${operator} needs numbers: ${shown(left)}, ${shown(right)}`);
  if ((operator === "/" || operator === "%") && right === 0) return wrong("division by zero");
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function call(name: FunctionName, given: readonly Expression[], facts: Facts): Value {
  const value = (at: number): Value => {
    const one = given[at];
    return one ? evaluate(one, facts) : wrong(`${name} lacks an argument`);
  };
  const text = (at: number): string => {
    const one = value(at);
    return typeof one === "string" ? one : wrong(`${name} needs text: ${shown(one)}`);
  };
  switch (name) {
    case "all":
      return given.every((one) => truth(one, facts));
    case "any":
      return given.some((one) => truth(one, facts));
    case "contains": {
      const whole = value(0);
      if (!isItem(whole)) return compare("in", value(1), whole);
      return text(0).includes(text(1));
    }
    case "starts_with":
      return text(0).startsWith(text(1));
    case "ends_with":
      return text(0).endsWith(text(1));
    case "length": {
      const one = value(0);
      return isItem(one) ? [...text(0)].length : one.length;
    }
    case "lower":
      return text(0).toLowerCase();
    case "upper":
      return text(0).toUpperCase();
  }
}

const shown = (value: Value): string => (typeof value === "string" ? `"${value}"` : JSON.stringify(value));
