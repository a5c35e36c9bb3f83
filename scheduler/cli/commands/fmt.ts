// `porpoise fmt`: formats `.flow` files in place, or says which ones it would change.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { formatText } from "../../language/format.ts";
import { findFlowFiles, posix } from "../flow-files.ts";
import type { ExitCode, Io } from "../io.ts";

export interface FormatOptions {
  /** Change nothing; exit 1 where something would change. */
  readonly check?: boolean;
}

/** Prints the names of the files that change. */
export async function fmt(
  paths: readonly string[],
  options: FormatOptions,
  io: Pick<Io, "cwd" | "stdout" | "stderr">,
): Promise<ExitCode> {
  const found = findFlowFiles(paths, io.cwd);
  if ("wrong" in found) {
    io.stderr.write(`${found.wrong}\n`);
    return 2;
  }
  let changed = 0;
  for (const file of found.flows) {
    const name = posix(path.relative(io.cwd, file));
    const bytes = await readFile(file);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) {
      io.stderr.write(`${name}: left as it is: it is not UTF-8 text\n`);
      continue;
    }
    const formatted = formatText(text);
    for (const line of formatted.leftAlone)
      io.stderr.write(`${name}:${line + 1}: left as it is: it has syntax errors, porpoise check shows them\n`);
    if (formatted.text === text) continue;
    changed += 1;
    io.stdout.write(`${name}\n`);
    if (!options.check) await writeFile(file, formatted.text);
  }
  io.stderr.write(`${summary(changed, found.flows.length, options)}\n`);
  return options.check && changed > 0 ? 1 : 0;
}

function summary(changed: number, all: number, { check }: FormatOptions): string {
  const files = `${changed} of ${all} file${all === 1 ? "" : "s"}`;
  if (!check) return `${files} changed`;
  return changed === 0 ? `${files} would change` : `${files} would change: run porpoise fmt`;
}
