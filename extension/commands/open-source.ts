// "Porpoise: Open Source": the file a deployed workflow came from, or the deployed text where the file is not here.

import * as vscode from "vscode";
import type { Deps } from "../deps.ts";
import type { AnyNode } from "../views/run-items.ts";
import { localFile } from "../workspace.ts";
import { needClient } from "./need-client.ts";
import { pickWorkflow } from "./pick-workflow.ts";

export async function openSource(deps: Deps, node?: AnyNode): Promise<void> {
  const client = await needClient(deps);
  if (client === undefined) return;
  const shape = await pickWorkflow(deps, client, node);
  if (shape === undefined) return;
  const uri = await localFile(shape.path);
  if (uri !== undefined) {
    await vscode.window.showTextDocument(uri);
    return;
  }
  const { source } = await client.version(shape.project, shape.workflow, shape.version);
  const document = await vscode.workspace.openTextDocument({ language: "flow", content: source ?? "" });
  await vscode.window.showTextDocument(document);
}
