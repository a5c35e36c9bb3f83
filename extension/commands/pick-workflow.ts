// Finds out which deployed workflow a command means: the lens's, the tree's, that of the file in front, or one from the list.

import * as vscode from "vscode";
import type { WorkflowShape } from "../../scheduler/api/contract.ts";
import type { LensTarget } from "../../server/protocol.ts";
import type { Client } from "../client.ts";
import { gather } from "../deployment.ts";
import type { Deps } from "../deps.ts";
import type { AnyNode } from "../views/run-items.ts";
import { deployFlows } from "./deploy.ts";
import { choose } from "./option-menu.ts";

export type WorkflowTarget = LensTarget | AnyNode | vscode.Uri;

/** The workflow as the scheduler has it now; undefined when the user would rather not. */
export async function pickWorkflow(
  deps: Deps,
  client: Client,
  target: WorkflowTarget | undefined,
): Promise<WorkflowShape | undefined> {
  if (target instanceof vscode.Uri) return ofFile(deps, client, target);
  if (target === undefined) {
    const front = vscode.window.activeTextEditor?.document;
    return front?.languageId === "flow" ? ofFile(deps, client, front.uri) : fromList(client);
  }
  if ("uri" in target) return ofFile(deps, client, vscode.Uri.parse(target.uri, true));
  if (target.kind === "workflow") return client.workflow(target.shape.project, target.shape.workflow);
  return fromList(client);
}

/** What is written is what the user means to run: a file that differs from what is deployed is asked about. */
async function ofFile(deps: Deps, client: Client, uri: vscode.Uri): Promise<WorkflowShape | undefined> {
  const files = [...(await gather([uri], deps.language))];
  const [planned] = (await client.deploy({ files, plan: true })).deployments;
  if (planned === undefined) throw new Error(vscode.l10n.t("There is no workflow in this file."));
  const { project, workflow, action } = planned;
  if (action === "unchanged") return client.workflow(project, workflow);

  const deployed = action === "create" ? undefined : await client.workflow(project, workflow);
  const first = vscode.l10n.t("Deploy First");
  const asDeployed = deployed === undefined ? [] : [vscode.l10n.t("Use Version {0}", deployed.version)];
  const question =
    deployed === undefined
      ? vscode.l10n.t("{0} is not deployed yet.", workflow)
      : vscode.l10n.t("{0} has changes that are not deployed.", workflow);
  const chosen = await vscode.window.showInformationMessage(question, { modal: true }, first, ...asDeployed);
  if (chosen === undefined) return undefined;
  if (chosen !== first) return deployed;
  return (await deployFlows(deps, client, [uri])) ? client.workflow(project, workflow) : undefined;
}

async function fromList(client: Client): Promise<WorkflowShape | undefined> {
  const { items: projects } = await client.projects();
  const workflows = (await Promise.all(projects.map(({ project }) => client.workflows(project)))).flat();
  if (workflows.length === 0) throw new Error(vscode.l10n.t("{0} has no workflows yet: deploy one first.", client.url));
  return choose(
    vscode.l10n.t("Which workflow?"),
    workflows.map((shape) => ({
      label: shape.workflow,
      description: `${shape.project} · v${shape.version}`,
      value: shape,
    })),
  );
}
