// "Porpoise: Deploy…": the current file, a folder or the workspace. Shows the plan first, then does it in one piece.

import * as vscode from "vscode";
import type { DeploymentShape } from "../../scheduler/api/contract.ts";
import type { LensTarget } from "../../server/protocol.ts";
import type { Client } from "../client.ts";
import { flowFilesOf, flowFilesOfWorkspace, gather } from "../deployment.ts";
import type { Deps } from "../deps.ts";
import { needClient } from "./need-client.ts";
import { choose } from "./option-menu.ts";
import { confirmPlan, type PlanRow } from "./plan-pick.ts";

/** From a code lens, from the explorer's menu, or from the palette. */
export async function deploy(deps: Deps, target?: LensTarget | vscode.Uri): Promise<void> {
  const flows = await chosenFlows(target);
  if (flows === undefined) return;
  if (flows.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There are no .flow files to deploy."));
    return;
  }
  const client = await needClient(deps);
  if (client !== undefined) await deployFlows(deps, client, flows);
}

/** True when what was asked for is deployed now. */
export async function deployFlows(deps: Deps, client: Client, flows: readonly vscode.Uri[]): Promise<boolean> {
  const files = [...(await gather(flows, deps.language))];
  const plan = await client.deploy({ files, plan: true });
  const changes = plan.deployments.filter(({ action }) => action !== "unchanged");
  if (changes.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Nothing to deploy: {0} already has it all.", client.url));
    return true;
  }
  const go =
    changes.length === 1
      ? vscode.l10n.t("Deploy {0}", changes[0]?.workflow ?? "")
      : vscode.l10n.t("Deploy {0} workflows", changes.length);
  const title = vscode.l10n.t("Deploy to {0}", client.url);
  if (!(await confirmPlan({ title, go, rows: rowsOf(plan.deployments) }))) return false;
  const done = await client.deploy({ files });
  for (const { path, range, message, code } of done.problems) {
    deps.output.appendLine(`${path}:${range.start.line + 1}:${range.start.character + 1} ${message} (${code})`);
  }
  void vscode.window.showInformationMessage(sentenceOf(done.deployments));
  await vscode.commands.executeCommand("porpoise.refreshRuns");
  return true;
}

async function chosenFlows(target: LensTarget | vscode.Uri | undefined): Promise<readonly vscode.Uri[] | undefined> {
  if (target instanceof vscode.Uri) return flowFilesOf(target);
  if (target !== undefined) return [vscode.Uri.parse(target.uri, true)];
  const front = vscode.window.activeTextEditor?.document;
  const current = front?.languageId === "flow" ? front.uri : undefined;
  if (current === undefined) return flowFilesOfWorkspace();
  const flows = await choose<() => Promise<readonly vscode.Uri[]>>(vscode.l10n.t("Deploy"), [
    {
      label: `$(file) ${vscode.l10n.t("This file")}`,
      description: vscode.workspace.asRelativePath(current),
      value: async () => [current],
    },
    { label: `$(folder) ${vscode.l10n.t("Its folder")}`, value: () => flowFilesOf(vscode.Uri.joinPath(current, "..")) },
    { label: `$(root-folder) ${vscode.l10n.t("The workspace")}`, value: flowFilesOfWorkspace },
  ]);
  return flows?.();
}

const order: readonly DeploymentShape["action"][] = ["create", "update", "remove", "unchanged"];

function rowsOf(deployments: readonly DeploymentShape[]): readonly PlanRow[] {
  const sorted = deployments.toSorted((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  return sorted.map(({ project, workflow, action, changes }): PlanRow => {
    // A new workflow is new in everything: only a changed one says what.
    const told = action === "update" ? changes : [];
    const detail = told.slice(0, 12).map(({ kind, name, from, to }) => `${sign(from, to)}${kind} ${name}`);
    if (told.length > 12) detail.push("…");
    return {
      ...lookOf(action),
      label: workflow,
      description: project,
      ...(detail.length === 0 ? {} : { detail: detail.join("   ") }),
    };
  });
}

const sign = (from: string | undefined, to: string | undefined) =>
  from === undefined ? "+ " : to === undefined ? "− " : "~ ";

function lookOf(action: DeploymentShape["action"]): { group: string; icon: string } {
  switch (action) {
    case "create":
      return { group: vscode.l10n.t("new"), icon: "diff-added" };
    case "update":
      return { group: vscode.l10n.t("changed"), icon: "diff-modified" };
    case "remove":
      return { group: vscode.l10n.t("removed"), icon: "diff-removed" };
    case "unchanged":
      return { group: vscode.l10n.t("unchanged"), icon: "dash" };
  }
}

function sentenceOf(deployments: readonly DeploymentShape[]): string {
  const changed = deployments.filter(({ action }) => action !== "unchanged");
  const [first] = changed;
  if (changed.length === 1 && first !== undefined) {
    return vscode.l10n.t("Deployed {0}, version {1}.", `${first.project}/${first.workflow}`, first.version ?? 1);
  }
  return vscode.l10n.t("Deployed {0} workflows.", changed.length);
}
