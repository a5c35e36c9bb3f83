// `porpoise import`: workflows of DolphinScheduler as `.flow` files.

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { importText } from "../../language/import/import.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";

export interface ImportOptions {
  /** Where the files go. */
  readonly out: string;
  /** For workflows whose source names none. */
  readonly project?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Prints the names of the files it wrote; what was not carried over is said and stands in them as comments. */
export async function importFile(file: string, options: ImportOptions, io: Io): Promise<ExitCode> {
  let text: string;
  try {
    text = await readFile(path.resolve(io.cwd, file), "utf8");
  } catch {
    say(io, `${file}: there is no such file, or it cannot be read`);
    return 2;
  }
  const imported = importText(text, options.project);
  if ("wrong" in imported) {
    say(io, `${file}: ${imported.wrong}`);
    return 1;
  }
  const folder = path.resolve(io.cwd, options.out);
  const there = imported.files.filter(({ name }) => existsSync(path.join(folder, name)));
  if (there.length > 0 && !options.force) {
    const names = there.map(({ name }) => path.join(options.out, name)).join(", ");
    say(io, `${names}: already there: remove what may go, or add --force`);
    return 1;
  }
  await mkdir(folder, { recursive: true });
  for (const one of imported.files) await writeFile(path.join(folder, one.name), one.text);
  const files = imported.files.map(({ name, warnings }) => ({ path: path.join(options.out, name), warnings }));
  if (options.json) printJson(io, { files });
  else for (const one of files) print(io, one.path);
  for (const one of options.json ? [] : files) for (const warning of one.warnings) say(io, `${one.path}: ${warning}`);
  const count = files.reduce((sum, one) => sum + one.warnings.length, 0);
  if (!options.json) say(io, summary(files.length, count));
  return 0;
}

function summary(files: number, warnings: number): string {
  const written = `${files} file${files === 1 ? "" : "s"} written`;
  return warnings === 0
    ? `${written}, all was carried over`
    : `${written}, ${warnings} thing${warnings === 1 ? " was" : "s were"} not carried over as ${warnings === 1 ? "it" : "they"} stood: see the comments`;
}
