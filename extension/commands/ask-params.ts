// Asks for start parameters, one of the workflow's params after the other, and remembers the answers.

import * as vscode from "vscode";
import type { WorkflowShape } from "../../scheduler/api/contract.ts";
import type { Outline } from "../../server/protocol.ts";
import type { Client } from "../client.ts";
import type { Deps } from "../deps.ts";

export type ParamValues = Readonly<Record<string, string>>;

/** What the deployed text declares: that, and not the file, is what will run. */
export async function deployedOutline(deps: Deps, client: Client, shape: WorkflowShape): Promise<Outline | undefined> {
  const { source } = await client.version(shape.project, shape.workflow, shape.version);
  return source === undefined ? undefined : deps.language.outline(source);
}

/** The values that differ from what the workflow says. Leaving the list keeps what was set. */
export async function askParams(outline: Outline | undefined, given: ParamValues): Promise<ParamValues> {
  let values = given;
  for (;;) {
    const done: vscode.QuickPickItem = { label: `$(check) ${vscode.l10n.t("Done")}` };
    const items = (outline?.params ?? []).map((param) => ({
      label: param.name,
      description: values[param.name] ?? param.value ?? "",
      detail: values[param.name] === undefined ? param.type : vscode.l10n.t("{0}, changed", param.type),
      param,
    }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("This workflow has no params."));
      return values;
    }
    const chosen = await vscode.window.showQuickPick([done, ...items], { title: vscode.l10n.t("Parameters") });
    if (chosen === undefined || !("param" in chosen)) return values;
    const { name, type, value } = chosen.param;
    const answer = await vscode.window.showInputBox({
      title: `${name}: ${type}`,
      prompt: vscode.l10n.t("Empty: as the workflow says ({0})", value ?? ""),
      value: values[name] ?? "",
      ignoreFocusOut: true,
    });
    if (answer === undefined) continue;
    const { [name]: _, ...others } = values;
    values = answer === "" ? others : { ...others, [name]: answer };
  }
}

export function paramsText(values: ParamValues): string {
  const entries = Object.entries(values);
  return entries.length === 0
    ? vscode.l10n.t("as the workflow says")
    : entries.map(([name, value]) => `${name}=${value}`).join("  ");
}

const rememberedKey = (shape: WorkflowShape) => `porpoise.answers:${shape.project}/${shape.workflow}`;

export const rememberedParams = ({ context }: Deps, shape: WorkflowShape): ParamValues =>
  context.workspaceState.get<ParamValues>(rememberedKey(shape), {});

export async function rememberParams({ context }: Deps, shape: WorkflowShape, values: ParamValues): Promise<void> {
  await context.workspaceState.update(rememberedKey(shape), values);
}
