// "Porpoise: Run…": starts an instance; Enter alone starts it as the workflow says.

import * as vscode from "vscode";
import type { StartRequest, WorkflowShape } from "../../scheduler/api/contract.ts";
import type { Outline } from "../../server/protocol.ts";
import type { Deps } from "../deps.ts";
import {
  askParams,
  deployedOutline,
  type ParamValues,
  paramsText,
  rememberedParams,
  rememberParams,
} from "./ask-params.ts";
import { needClient } from "./need-client.ts";
import { askOptions, choose, type MenuOption } from "./option-menu.ts";
import { pickWorkflow, type WorkflowTarget } from "./pick-workflow.ts";

type Scope = NonNullable<StartRequest["scope"]>;

interface Answers {
  params: ParamValues;
  from: readonly string[];
  scope: Scope;
  dryRun: boolean;
}

export async function run(deps: Deps, target?: WorkflowTarget): Promise<void> {
  const client = await needClient(deps);
  if (client === undefined) return;
  const shape = await pickWorkflow(deps, client, target);
  if (shape === undefined) return;
  const outline = await deployedOutline(deps, client, shape);
  const answers: Answers = { params: rememberedParams(deps, shape), from: [], scope: "with_downstream", dryRun: false };
  const title = vscode.l10n.t("Run {0}, version {1}", `${shape.project}/${shape.workflow}`, shape.version);
  if (!(await askOptions(title, vscode.l10n.t("Run"), optionsOf(outline, answers)))) return;
  await rememberParams(deps, shape, answers.params);
  const instance = await client.start(shape.project, shape.workflow, requestOf(answers));
  deps.notifier.watch(instance);
  deps.logs.show({ kind: "instance", instance: instance.id, title: nameOf(shape, instance.id) });
  await vscode.commands.executeCommand("porpoise.refreshRuns");
}

const nameOf = (shape: WorkflowShape, instance: string) => `${shape.workflow} #${instance}`;

function requestOf({ params, from, scope, dryRun }: Answers): StartRequest {
  return {
    ...(Object.keys(params).length === 0 ? {} : { params: { ...params } }),
    ...(from.length === 0 ? {} : { from: [...from], scope }),
    ...(dryRun ? { dryRun } : {}),
  };
}

function optionsOf(outline: Outline | undefined, answers: Answers): readonly MenuOption[] {
  return [
    {
      icon: "symbol-parameter",
      label: vscode.l10n.t("Parameters"),
      value: () => paramsText(answers.params),
      ask: async () => {
        answers.params = await askParams(outline, answers.params);
      },
    },
    {
      icon: "debug-step-into",
      label: vscode.l10n.t("Start at"),
      value: () =>
        answers.from.length === 0
          ? vscode.l10n.t("the beginning")
          : `${answers.from.join(", ")} (${scopeWord(answers.scope)})`,
      ask: async () => {
        const from = await askStartTasks(outline, answers.from);
        if (from === undefined) return;
        answers.from = from;
        if (from.length > 0) answers.scope = (await askScope()) ?? answers.scope;
      },
    },
    {
      icon: "beaker",
      label: vscode.l10n.t("Dry run"),
      value: () => (answers.dryRun ? vscode.l10n.t("yes: tasks succeed without running") : vscode.l10n.t("no")),
      ask: async () => {
        answers.dryRun = !answers.dryRun;
      },
    },
  ];
}

async function askStartTasks(
  outline: Outline | undefined,
  chosen: readonly string[],
): Promise<readonly string[] | undefined> {
  const items = (outline?.tasks ?? []).map((label) => ({ label, picked: chosen.includes(label) }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Start at which tasks? None: at the beginning"),
    canPickMany: true,
  });
  return picked?.map(({ label }) => label);
}

function askScope(): Promise<Scope | undefined> {
  const scopes: readonly Scope[] = ["with_downstream", "only", "with_upstream"];
  return choose(
    vscode.l10n.t("And run"),
    scopes.map((value) => ({ label: scopeWord(value), value })),
  );
}

function scopeWord(scope: Scope): string {
  switch (scope) {
    case "only":
      return vscode.l10n.t("only these tasks");
    case "with_upstream":
      return vscode.l10n.t("these and all before them");
    case "with_downstream":
      return vscode.l10n.t("these and all behind them");
  }
}
