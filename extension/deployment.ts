// Gathers what a deployment sends: `.flow` files, the `porpoise.json` files that speak for them, and the files that tasks name.

import path from "node:path";
import * as vscode from "vscode";
import type { DeployRequest } from "../scheduler/api/contract.ts";
import type { FlowLanguage } from "./language-client.ts";
import { deployedPath, exists } from "./workspace.ts";

type DeployedFile = DeployRequest["files"][number];

const neverDeployed = "**/{node_modules,.git,.porpoise}/**";

/** The `.flow` files that are, or lie under, what was named. */
export async function flowFilesOf(uri: vscode.Uri): Promise<readonly vscode.Uri[]> {
  const stat = await vscode.workspace.fs.stat(uri);
  if ((stat.type & vscode.FileType.Directory) === 0) return [uri];
  return flowFilesIn(new vscode.RelativePattern(uri, "**/*.flow"));
}

export const flowFilesOfWorkspace = (): Promise<readonly vscode.Uri[]> => flowFilesIn("**/*.flow");

async function flowFilesIn(pattern: vscode.GlobPattern): Promise<readonly vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(pattern, neverDeployed);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What is sent is what lies on disk: open editors are saved first. */
export async function gather(flows: readonly vscode.Uri[], language: FlowLanguage): Promise<readonly DeployedFile[]> {
  const files = new Map<string, DeployedFile>();
  const add = async (uri: vscode.Uri) => {
    const name = deployedPath(uri);
    if (!files.has(name)) files.set(name, { path: name, ...contentOf(uri, await vscode.workspace.fs.readFile(uri)) });
  };
  for (const flow of flows) {
    await save(flow);
    await add(flow);
    for (const settings of settingsAbove(flow)) if (await exists(settings)) await add(settings);
    const outline = await language.outline(files.get(deployedPath(flow))?.text ?? "");
    for (const named of outline?.files ?? []) {
      // What is named and not there is a problem that the scheduler words better than we could.
      const uri = vscode.Uri.joinPath(flow, "..", named);
      if (await exists(uri)) await add(uri);
    }
  }
  return [...files.values()];
}

async function save(uri: vscode.Uri): Promise<void> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.isDirty === true && !(await open.save())) {
    throw new Error(vscode.l10n.t("{0} has unsaved changes and could not be saved.", path.basename(uri.fsPath)));
  }
}

/** `porpoise.json` beside the file and in every folder above it, up to the workspace folder. */
function settingsAbove(flow: vscode.Uri): readonly vscode.Uri[] {
  const top = vscode.workspace.getWorkspaceFolder(flow)?.uri;
  const found: vscode.Uri[] = [];
  let folder = vscode.Uri.joinPath(flow, "..");
  for (;;) {
    found.push(vscode.Uri.joinPath(folder, "porpoise.json"));
    if (top === undefined || folder.path === top.path || !folder.path.startsWith(top.path)) return found;
    folder = vscode.Uri.joinPath(folder, "..");
  }
}

function contentOf(uri: vscode.Uri, bytes: Uint8Array): { text: string; encoding?: "base64" } {
  // What is to be read as a workflow is sent as text, come what may: that it is none is the scheduler's to say.
  const isSource = /(\.flow|\/porpoise\.json)$/.test(uri.path);
  try {
    return { text: new TextDecoder("utf-8", { fatal: !isSource, ignoreBOM: !isSource }).decode(bytes) };
  } catch {
    return { text: Buffer.from(bytes).toString("base64"), encoding: "base64" };
  }
}
