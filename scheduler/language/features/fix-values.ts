// Quick fixes of values: units, quotes, bounds, windows, comparisons.

import type { Problem } from "../../model/problem.ts";
import type { FlowDocument } from "../document.ts";
import type { Fix } from "./fix.ts";
import { insertAt, textIn } from "./fix-text.ts";

export function valueFixes(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { message, range } = problem;
  const old = textIn(document, range);
  const to = (text: string, isPreferred = true): Fix => ({
    title: `Change to ${text}`,
    problem,
    edit: { range, text },
    isPreferred,
  });
  if (message.includes("a duration has a unit:")) return ["s", "m", "h"].map((unit) => to(old + unit, false));
  if (message.includes(" needs a window:"))
    return ["last_1_days", "today", "last_24_hours"].map((word, at) => ({
      title: `Add @ ${word}`,
      problem,
      edit: insertAt(range.end, ` @ ${word}`),
      isPreferred: at === 0,
    }));
  const isBare = /^[\p{L}\p{N}_./:-]+$/u.test(old);
  if (isBare && /must be (a string in double quotes|a path as a string|a time zone|a string, number)/.test(message))
    return [to(JSON.stringify(old))];
  const bounds = /, must be (\S+) to (\S+)$/.exec(message);
  if (problem.code === "value/range" && bounds) return [to(nearer(old, bounds[1] ?? "", bounds[2] ?? ""), false)];
  return [];
}

/** The bound that the value went over. */
function nearer(old: string, low: string, high: string): string {
  const [value, least] = [Number.parseFloat(old), Number.parseFloat(low)];
  return value < least || (!/^\d+$/.test(old) && value === 0) ? low : high;
}

/** A number in quotes, or a value where a truth is needed. */
export function expressionFixes(document: FlowDocument, problem: Problem): readonly Fix[] {
  const { message, range } = problem;
  const old = textIn(document, range);
  const number = /: write (-?\d+(?:\.\d+)?) without quotes$/.exec(message)?.[1];
  if (number !== undefined) {
    const text = old.replace(`"${number}"`, number);
    return [{ title: `Change to ${text}`, problem, edit: { range, text }, isPreferred: true }];
  }
  const truth = /: write (\S+ != (?:0|""))$/.exec(message)?.[1];
  return truth === undefined
    ? []
    : [{ title: `Change to ${truth}`, problem, edit: { range, text: truth }, isPreferred: true }];
}
