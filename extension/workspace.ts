// Finds folders and files of the workspace: where the local scheduler lives and what a deployment takes along.

import path from "node:path";
import * as vscode from "vscode";

/** The folder whose scheduler is "the local one": that of the file in front, else the first. */
export function workspaceFolder(): string | undefined {
  const front = vscode.window.activeTextEditor?.document.uri;
  const ofFront = front === undefined ? undefined : vscode.workspace.getWorkspaceFolder(front);
  const folder = ofFront ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === "file" ? folder.uri.fsPath : undefined;
}

/** A path as deployments name it: relative to its workspace folder, with `/`. */
export function deployedPath(uri: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined) return path.basename(uri.fsPath);
  return path.relative(folder.uri.fsPath, uri.fsPath).split(path.sep).join("/");
}

/** The file of the workspace that a deployed path names, if it is there. */
export async function localFile(deployed: string): Promise<vscode.Uri | undefined> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = vscode.Uri.joinPath(folder.uri, deployed);
    if (await exists(uri)) return uri;
  }
  return undefined;
}

export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
