// How bad a problem is where a folder or an editor says otherwise: hints and warnings may be louder, quieter or off. Errors stay:
// what they report cannot run.

import type { Problem, ProblemCode, Severity } from "../model/problem.ts";
import { problemDocs } from "./problem-docs.ts";

export const severityWords = ["error", "warning", "information", "hint", "off"] as const;
export type SeverityWord = (typeof severityWords)[number];
export type Severities = { readonly [code in ProblemCode]?: SeverityWord };

export const problemCodes = Object.keys(problemDocs).filter((code): code is ProblemCode => code in problemDocs);

/** Codes that are never anything but errors. */
export const isAlwaysError = (code: ProblemCode): boolean =>
  problemDocs[code].severity === "error" && !problemDocs[code].alsoLess;

export function withSeverities(problems: readonly Problem[], severities: Severities | undefined): readonly Problem[] {
  if (!severities || Object.keys(severities).length === 0) return problems;
  return problems.flatMap((problem): readonly Problem[] => {
    const word = severities[problem.code];
    if (problem.severity === "error" || word === undefined) return [problem];
    return word === "off" ? [] : [{ ...problem, severity: word satisfies Severity }];
  });
}

/** What somebody wrote as severities, as far as it means something; the rest is told. */
export function readSeverities(
  entries: Iterable<readonly [code: string, word: unknown]>,
  wrong: (code: string, message: string) => void = () => {},
): Severities {
  const severities: { [code in ProblemCode]?: SeverityWord } = {};
  for (const [name, given] of entries) {
    const code = problemCodes.find((one) => one === name);
    const word = severityWords.find((one) => one === given);
    if (!code) wrong(name, `there is no problem "${name}"`);
    else if (!word) wrong(name, `the severity of ${name} must be ${severityWords.join(", ")}`);
    else if (isAlwaysError(code) && word !== "error")
      wrong(name, `${name} is always an error: what it reports cannot run`);
    else severities[code] = word;
  }
  return severities;
}
