// Finds out which deployed workflow a command means: the lens's, the tree's, that of the file in front, or one from the list.

import * as vscode from "vscode";
import type { WorkflowShape } from "../../scheduler/api/contract.ts";
import type { LensTarget } from "../../server/protocol.ts";
import { type Client, RequestError } from "../client.ts";
import { gather } from "../deployment.ts";
import type { Deps } from "../deps.ts";
import type { AnyNode } from "../views/run-items.ts";
import { deployedPath } from "../workspace.ts";
import { deployFlows } from "./deploy.ts";
import { choose } from "./option-menu.ts";

export type WorkflowTarget = LensTarget | AnyNode;

/** The workflow as the scheduler has it now; undefined when the user would rather not. */
export async function pickWorkflow(
  deps: Deps,
  client: Client,
  target: WorkflowTarget | undefined,
): Promise<WorkflowShape | undefined> {
  if (target !== undefined && "uri" in target) return ofFile(deps, client, target);
  if (target !== undefined && target.kind === "workflow")
    return client.workflow(target.shape.project, target.shape.workflow);
  return fromList(deps, client);
}

/** What is written is what the user means to run: a file that differs from what is deployed is asked about. */
async function ofFile(deps: Deps, client: Client, target: LensTarget): Promise<WorkflowShape | undefined> {
  const uri = vscode.Uri.parse(target.uri, true);
  const deployed = await client.workflow(target.project, target.workflow).catch((error: unknown) => {
    if (error instanceof RequestError && error.kind === "not_found") return undefined;
    throw error;
  });
  const files = [...(await gather([uri], deps.language))];
  const { deployments } = await client.deploy({ files, plan: true });
  if (deployments.some(({ action }) => action !== "unchanged")) {
    const first = vscode.l10n.t("Deploy First");
    const asDeployed = deployed === undefined ? [] : [vscode.l10n.t("Use Version {0}", deployed.version)];
    const question =
      deployed === undefined
        ? vscode.l10n.t("{0} is not deployed yet.", target.workflow)
        : vscode.l10n.t("{0} has changes that are not deployed.", target.workflow);
    const chosen = await vscode.window.showInformationMessage(question, { modal: true }, first, ...asDeployed);
    if (chosen === undefined) return undefined;
    if (chosen !== first) return deployed;
    if (!(await deployFlows(deps, client, [uri]))) return undefined;
  }
  return client.workflow(target.project, target.workflow);
}

async function fromList(deps: Deps, client: Client): Promise<WorkflowShape | undefined> {
  const { items: projects } = await client.projects();
  const workflows = (await Promise.all(projects.map(({ project }) => client.workflows(project)))).flat();
  const front = vscode.window.activeTextEditor?.document;
  const current = front?.languageId === "flow" ? front.uri : undefined;
  const ofCurrent = current === undefined ? undefined : workflows.find(({ path }) => path === deployedPath(current));
  if (workflows.length === 0 && current !== undefined) {
    if (!(await deployFlows(deps, client, [current]))) return undefined;
    return fromList(deps, client);
  }
  if (workflows.length === 0) throw new Error(vscode.l10n.t("{0} has no workflows yet: deploy one first.", client.url));
  const sorted = workflows.toSorted((a, b) => Number(b === ofCurrent) - Number(a === ofCurrent));
  return choose(
    vscode.l10n.t("Which workflow?"),
    sorted.map((shape) => ({
      label: shape.workflow,
      description: `${shape.project} · v${shape.version}`,
      value: shape,
    })),
  );
}
