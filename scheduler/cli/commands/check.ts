// `porpoise check`: every problem that the editor shows, without a server.

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type CompiledFile, compile, isFlow, isSettings } from "../../language/compile.ts";
import { settingsFile } from "../../language/settings.ts";
import { checkReports } from "../check-reports.ts";
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
  const found = new Set<string>();
  for (const given of paths.length === 0 ? ["."] : paths) {
    const wrong = await collect(path.resolve(io.cwd, given), found);
    if (wrong === undefined) continue;
    io.stderr.write(`${given}: ${wrong}\n`);
    return 2;
  }
  if (![...found].some((file) => isFlow({ path: file }))) {
    io.stderr.write("no .flow files found: name files or folders that hold some\n");
    return 2;
  }
  for (const file of settingsAround(found)) found.add(file);

  const texts = new Map<string, string>();
  for (const file of [...found].sort()) texts.set(posix(file), await readFile(file, "utf8"));
  const sources = [...texts].map(([file, text]) => ({ path: file, text }));
  const compiled = compile(sources, { hasFile: existsSync, hasFolder: existsSync });
  const nameOf = (file: string) => posix(path.relative(io.cwd, file));
  io.stdout.write(checkReports[options.format](compiled, { textOf: (file) => texts.get(file) ?? "", nameOf }));
  if (options.format === "text") io.stderr.write(`${summary(compiled)}\n`);
  return compiled.some((file) => file.problems.some((problem) => problem.severity === "error")) ? 1 : 0;
}

/** What is wrong with the path itself, or undefined. */
async function collect(at: string, found: Set<string>): Promise<string | undefined> {
  const state = await stat(at).catch(() => undefined); // whatever the reason, it cannot be read
  if (!state) return "there is no such file or folder";
  if (state.isFile()) {
    if (!isFlow({ path: at }) && !isSettings({ path: posix(at) })) return "is neither a .flow file nor a porpoise.json";
    found.add(at);
    return undefined;
  }
  for (const entry of await readdir(at, { withFileTypes: true })) {
    const inside = path.join(at, entry.name);
    const isPassedOver = entry.name === "node_modules" || entry.name.startsWith(".");
    if (entry.isDirectory() && !isPassedOver) await collect(inside, found);
    else if (entry.isFile() && (isFlow({ path: inside }) || isSettings({ path: posix(inside) }))) found.add(inside);
  }
  return undefined;
}

/** A file's project is named by a `porpoise.json` in its folder or above, which may not have been asked for. */
function settingsAround(files: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  for (const start of new Set([...files].map((file) => path.dirname(file))))
    for (let folder = start; ; folder = path.dirname(folder)) {
      const settings = path.join(folder, settingsFile);
      if (existsSync(settings)) found.push(settings);
      if (existsSync(settings) || path.dirname(folder) === folder) break;
    }
  return found;
}

const posix = (file: string): string => file.split(path.sep).join("/");

function summary(compiled: readonly CompiledFile[]): string {
  const problems = compiled.flatMap((file) => file.problems);
  const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const count = (severity: string) => plural(problems.filter((one) => one.severity === severity).length, severity);
  return `${plural(compiled.filter(isFlow).length, "file")}: ${count("error")}, ${count("warning")}, ${count("hint")}`;
}
