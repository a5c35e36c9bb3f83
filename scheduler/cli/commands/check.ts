// `porpoise check`: every problem that the editor shows, without a server.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type CompiledFile, compile, isFlow } from "../../language/compile.ts";
import { checkReports } from "../check-reports.ts";
import { findFlowFiles, posix, settingsFilesOf } from "../flow-files.ts";
import type { ExitCode, Io } from "../io.ts";

export type CheckFormat = "text" | "json" | "sarif";

export interface CheckOptions {
  readonly format: CheckFormat;
}

/** Folders are searched for `.flow` and `porpoise.json` files; without paths, the current folder is. */
export async function check(
  paths: readonly string[],
  options: CheckOptions,
  io: Pick<Io, "cwd" | "stdout" | "stderr">,
): Promise<ExitCode> {
  const found = findFlowFiles(paths, io.cwd);
  if ("wrong" in found) {
    io.stderr.write(`${found.wrong}\n`);
    return 2;
  }
  const asked = [...found.flows, ...found.settings];
  const files = new Set([...asked, ...settingsFilesOf(asked)]);

  const texts = new Map<string, string>();
  for (const file of [...files].sort()) texts.set(posix(file), await readFile(file, "utf8"));
  const sources = [...texts].map(([file, text]) => ({ path: file, text }));
  const nameOf = (file: string) => posix(path.relative(io.cwd, file));
  const compiled = compile(sources, { hasFile: existsSync, hasFolder: existsSync, shownAs: nameOf });
  io.stdout.write(checkReports[options.format](compiled, { textOf: (file) => texts.get(file) ?? "", nameOf }));
  if (options.format === "text") io.stderr.write(`${summary(compiled)}\n`);
  return compiled.some((file) => file.problems.some((problem) => problem.severity === "error")) ? 1 : 0;
}

function summary(compiled: readonly CompiledFile[]): string {
  const problems = compiled.flatMap((file) => file.problems);
  const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const count = (severity: string) => plural(problems.filter((one) => one.severity === severity).length, severity);
  return `${plural(compiled.filter(isFlow).length, "file")}: ${count("error")}, ${count("warning")}, ${count("hint")}`;
}
