// The `.flow` files that paths name, with the settings of their folders and the files that their tasks need.

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { DeployRequest } from "../api/contract.ts";
import { compile } from "../language/compile.ts";
import { OperationError } from "../model/operation-error.ts";

export type DeployFile = DeployRequest["files"][number];

/** Paths of the result are relative to the folder that all files have in common, with `/`. */
export function collectForDeployment(paths: readonly string[], cwd: string): readonly DeployFile[] {
  const flows = findFlowFiles(paths, cwd);
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

/** Absolute, sorted, each once. Folders are searched; hidden ones and `node_modules` are passed over. */
export function findFlowFiles(paths: readonly string[], cwd: string): readonly string[] {
  const found = new Set<string>();
  for (const given of paths.length > 0 ? paths : ["."]) {
    const full = path.resolve(cwd, given);
    if (!existsSync(full)) throw new OperationError("not_found", `${given} does not exist`);
    if (!statSync(full).isDirectory()) {
      found.add(full);
      continue;
    }
    const isPassedOver = (name: string): boolean =>
      name === "node_modules" || (name.startsWith(".") && name.length > 1);
    const inside = globSync("**/*.flow", { cwd: full, exclude: (name) => isPassedOver(path.basename(name)) });
    for (const file of inside) found.add(path.join(full, file));
  }
  if (found.size === 0) throw new OperationError("not_found", `no .flow file in ${paths.join(", ") || "this folder"}`);
  return [...found].sort();
}

/** The nearest `porpoise.json` of each file's folder or above it. */
export function settingsFilesOf(flows: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const folder of new Set(flows.map((flow) => path.dirname(flow)))) {
    for (let at = folder; ; at = path.dirname(at)) {
      const file = path.join(at, "porpoise.json");
      if (existsSync(file)) found.add(file);
      if (existsSync(file) || path.dirname(at) === at) break;
    }
  }
  return [...found];
}

const posix = (file: string): string => file.split(path.sep).join("/");

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
