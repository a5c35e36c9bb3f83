// The `.flow` files that paths name, with the settings of their folders and the files that their tasks need.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { DeployRequest } from "../api/contract.ts";
import { compile, isFlow, isSettings } from "../language/compile.ts";
import { settingsFile } from "../language/settings.ts";
import { OperationError } from "../model/operation-error.ts";

export type DeployFile = DeployRequest["files"][number];

/** Paths of the result are relative to the folder that all files have in common, with `/`. */
export function collectForDeployment(paths: readonly string[], cwd: string): readonly DeployFile[] {
  const found = findFlowFiles(paths, cwd);
  if ("wrong" in found) throw new OperationError("invalid", found.wrong);
  const { flows } = found;
  const settings = settingsFilesOf(flows);
  const texts = new Map([...flows, ...settings].map((file) => [file, readFileSync(file)]));
  const compiled = compile([...texts].map(([file, bytes]) => ({ path: posix(file), text: bytes.toString("utf8") })));
  for (const { path: flow, definition } of compiled) {
    for (const name of definition?.tasks.flatMap((task) => task.files) ?? []) {
      const file = path.resolve(path.dirname(flow), name);
      if (existsSync(file)) texts.set(file, readFileSync(file));
    }
  }
  const root = commonFolder([...texts.keys()]);
  return [...texts].map(([file, bytes]) => ({ path: posix(path.relative(root, file)), ...asText(bytes) }));
}

export interface FoundFiles {
  /** Absolute, sorted, each once. */
  readonly flows: readonly string[];
  /** Every `porpoise.json` that was named or lies in a folder that was searched. */
  readonly settings: readonly string[];
}

/** What is wrong with the paths: the command was used wrongly. */
export interface WrongPaths {
  readonly wrong: string;
}

/** Folders are searched, hidden ones and `node_modules` passed over; without paths, the current folder is. */
export function findFlowFiles(paths: readonly string[], cwd: string): FoundFiles | WrongPaths {
  const found = new Set<string>();
  for (const given of paths.length > 0 ? paths : ["."]) {
    const full = path.resolve(cwd, given);
    const state = statSync(full, { throwIfNoEntry: false });
    if (!state) return { wrong: `${given}: there is no such file or folder` };
    if (state.isDirectory()) searchFolder(full, found);
    else if (isOurs(full)) found.add(full);
    else return { wrong: `${given}: is neither a .flow file nor a porpoise.json` };
  }
  const files = [...found].sort();
  const flows = files.filter((file) => isFlow({ path: file }));
  if (flows.length === 0) return { wrong: "no .flow files found: name files or folders that hold some" };
  return { flows, settings: files.filter((file) => !isFlow({ path: file })) };
}

const isOurs = (file: string): boolean => isFlow({ path: file }) || isSettings({ path: posix(file) });

function searchFolder(folder: string, found: Set<string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name);
    const isPassedOver = entry.name === "node_modules" || entry.name.startsWith(".");
    if (entry.isDirectory() && !isPassedOver) searchFolder(inside, found);
    else if (entry.isFile() && isOurs(inside)) found.add(inside);
  }
}

/** The nearest `porpoise.json` of each file's folder or above it: it names the project, and may not have been asked for. */
export function settingsFilesOf(files: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const folder of new Set(files.map((file) => path.dirname(file)))) {
    for (let at = folder; ; at = path.dirname(at)) {
      const file = path.join(at, settingsFile);
      if (existsSync(file)) found.add(file);
      if (existsSync(file) || path.dirname(at) === at) break;
    }
  }
  return [...found];
}

export const posix = (file: string): string => file.split(path.sep).join("/");

function commonFolder(files: readonly string[]): string {
  const split = files.map((file) => path.dirname(file).split(path.sep));
  const [first = []] = split;
  let length = 0;
  while (length < first.length && split.every((parts) => parts[length] === first[length])) length += 1;
  return first.slice(0, length).join(path.sep) || path.sep;
}

function asText(bytes: Buffer): Pick<DeployFile, "text" | "encoding"> {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? { text } : { text: bytes.toString("base64"), encoding: "base64" };
}
