// Whether the sides of a condition fit: text, numbers, truth values and lists are told apart before anything runs.

import type { ParamType } from "../model/definition.ts";
import type { FunctionName } from "../model/expression.ts";
import type { ExpressionNode } from "./nodes.ts";

/** `any`: not known, so nothing is wrong with it. */
export type ExpressionType = "text" | "number" | "boolean" | "list" | "any";

export interface Mismatch {
  readonly node: ExpressionNode;
  readonly message: string;
}

export function typeOfParam(type: ParamType | undefined): ExpressionType {
  switch (type) {
    case "string":
    case "date":
    case "datetime":
    case "file":
      return "text";
    case "integer":
    case "float":
      return "number";
    case "boolean":
    case "list":
      return type;
    case undefined:
      return "any";
  }
}

/** What does not fit in a condition, and that it is neither true nor false. */
export function typeCondition(node: ExpressionNode, typeOf: (name: string) => ExpressionType): readonly Mismatch[] {
  const found: Mismatch[] = [];
  const typing: Typing = { typeOf, report: (at, message) => void found.push({ node: at, message }) };
  need("boolean", node, "a condition", typing);
  return found;
}

interface Typing {
  readonly typeOf: (name: string) => ExpressionType;
  readonly report: (node: ExpressionNode, message: string) => void;
}

function typed(node: ExpressionNode, typing: Typing): ExpressionType {
  switch (node.kind) {
    case "literal":
      return typeof node.value === "string" ? "text" : typeof node.value === "number" ? "number" : "boolean";
    case "name":
      return typing.typeOf(node.name.text);
    case "list":
      for (const item of node.items)
        if (typed(item, typing) === "list")
          typing.report(item, "a list holds text, numbers and truth values, no lists");
      return "list";
    case "not":
      need("boolean", node.operand, "not", typing);
      return "boolean";
    case "logic":
      need("boolean", node.left, node.operator, typing);
      need("boolean", node.right, node.operator, typing);
      return "boolean";
    case "compare":
      checkComparison(node, typing);
      return "boolean";
    case "calculate":
      return calculated(node, typing);
    case "call":
      return called(node, typing);
    case "outcome":
      return "boolean";
  }
}

function need(type: ExpressionType, node: ExpressionNode, what: string, typing: Typing): void {
  const found = typed(node, typing);
  if (found !== type && found !== "any")
    typing.report(node, `this is ${words[found]}, ${what} needs ${words[type]}${advice(type, node, found)}`);
}

const words: { readonly [type in ExpressionType]: string } = {
  text: "text",
  number: "a number",
  boolean: "true or false",
  list: "a list",
  any: "anything",
};

function advice(type: ExpressionType, node: ExpressionNode, found: ExpressionType): string {
  if (type !== "boolean" || node.kind !== "name") return "";
  const name = node.name.text;
  return found === "number" ? `: write ${name} != 0` : found === "text" ? `: write ${name} != ""` : "";
}

function checkComparison(node: Extract<ExpressionNode, { kind: "compare" }>, typing: Typing): void {
  const left = typed(node.left, typing);
  const right = typed(node.right, typing);
  const { operator } = node;
  if (operator === "in") {
    if (right !== "list" && right !== "any") {
      const hint = right === "text" ? ": for a part of a text write contains(text, part)" : "";
      typing.report(node.right, `this is ${words[right]}, in needs a list${hint}`);
    } else if (left === "list") typing.report(node.left, "this is a list, in looks for one item");
    return;
  }
  if (left === "any" || right === "any") return;
  if (left !== right) typing.report(node, `${words[left]} and ${words[right]} cannot be compared${quotes(node)}`);
  else if (left === "list") typing.report(node, "lists cannot be compared: ask with in, contains(…) or length(…)");
  else if (left === "boolean" && operator !== "==" && operator !== "!=")
    typing.report(node, `true and false have no order: write == or !=`);
}

/** A number in quotes is the usual mistake. */
function quotes({ left, right }: Extract<ExpressionNode, { kind: "compare" }>): string {
  const texts = [left, right].flatMap((one) =>
    one.kind === "literal" && typeof one.value === "string" ? [one.value] : [],
  );
  const [text] = texts;
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? `: write ${text} without quotes` : "";
}

function calculated(node: Extract<ExpressionNode, { kind: "calculate" }>, typing: Typing): ExpressionType {
  const left = typed(node.left, typing);
  const right = typed(node.right, typing);
  const both = left === "any" ? right : right === "any" ? left : left === right ? left : undefined;
  if (both === "number" || both === "any") return node.operator === "+" ? both : "number";
  if (both === "text" && node.operator === "+") return "text";
  const wants = node.operator === "+" ? "numbers, or text on both sides" : "numbers";
  typing.report(node, `${words[left]} ${node.operator} ${words[right]} does not work: ${node.operator} needs ${wants}`);
  return "any";
}

/** What each function takes and gives; `some`: one truth value or more. */
const functions: {
  readonly [name in FunctionName]: {
    readonly takes: readonly (readonly ExpressionType[])[] | "some";
    readonly gives: ExpressionType;
    readonly form: string;
    readonly doc: string;
  };
} = {
  all: { takes: "some", gives: "boolean", form: "all(condition, …)", doc: "True where every condition is." },
  any: { takes: "some", gives: "boolean", form: "any(condition, …)", doc: "True where one of the conditions is." },
  contains: {
    takes: [
      ["text", "list"],
      ["text", "number", "boolean"],
    ],
    gives: "boolean",
    form: "contains(text or list, part)",
    doc: "True where the text holds the part, or the list the item.",
  },
  starts_with: {
    takes: [["text"], ["text"]],
    gives: "boolean",
    form: "starts_with(text, start)",
    doc: "True where the text begins so.",
  },
  ends_with: {
    takes: [["text"], ["text"]],
    gives: "boolean",
    form: "ends_with(text, end)",
    doc: "True where the text ends so.",
  },
  length: {
    takes: [["text", "list"]],
    gives: "number",
    form: "length(text or list)",
    doc: "Number of characters or items.",
  },
  lower: { takes: [["text"]], gives: "text", form: "lower(text)", doc: "The text in small letters." },
  upper: { takes: [["text"]], gives: "text", form: "upper(text)", doc: "The text in capitals." },
};

function called(node: Extract<ExpressionNode, { kind: "call" }>, typing: Typing): ExpressionType {
  const { takes, gives, form } = functions[node.function];
  if (takes === "some") {
    for (const one of node.args) need("boolean", one, node.function, typing);
    return gives;
  }
  if (node.args.length !== takes.length) {
    typing.report(node, `${node.function} has ${node.args.length} arguments, it is written ${form}`);
    return gives;
  }
  const found = node.args.map((one) => typed(one, typing));
  for (const [index, type] of found.entries()) {
    const wanted = takes[index] ?? [];
    const arg = node.args[index];
    if (arg && type !== "any" && !wanted.includes(type))
      typing.report(arg, `this is ${words[type]}, it is written ${form}`);
    else if (
      arg &&
      index === 1 &&
      node.function === "contains" &&
      found[0] === "text" &&
      type !== "text" &&
      type !== "any"
    )
      typing.report(arg, `this is ${words[type]}, a text contains text only: write it in quotes`);
  }
  return gives;
}

/** The forms of the functions, for completion and the reference page. */
export const functionForms: readonly { readonly name: string; readonly form: string; readonly doc: string }[] =
  Object.entries(functions).map(([name, { form, doc }]) => ({ name, form, doc }));
