// "Porpoise: Backfill…": asks for dates and options, shows the plan, does it and shows how far it is.

import * as vscode from "vscode";
import type { BackfillRequest, BackfillShape, WorkflowShape } from "../../scheduler/api/contract.ts";
import type { Deps } from "../deps.ts";
import { day } from "../words.ts";
import { askDates, type Dates, datesText } from "./ask-dates.ts";
import { askParams, deployedOutline, type ParamValues, paramsText } from "./ask-params.ts";
import { trackBackfill } from "./backfill-progress.ts";
import { needClient } from "./need-client.ts";
import { askOptions, choose, type MenuOption } from "./option-menu.ts";
import { pickWorkflow, type WorkflowTarget } from "./pick-workflow.ts";
import { confirmPlan, type PlanRow } from "./plan-pick.ts";

type Order = NonNullable<BackfillRequest["order"]>;
type Reprocess = NonNullable<BackfillRequest["reprocess"]>;
type OnFailure = NonNullable<BackfillRequest["onFailure"]>;

interface Answers {
  dates: Dates;
  parallel: number;
  order: Order;
  reprocess: Reprocess;
  onFailure: OnFailure;
  params: ParamValues;
  dryRun: boolean;
}

export async function backfill(deps: Deps, target?: WorkflowTarget): Promise<void> {
  const client = await needClient(deps);
  if (client === undefined) return;
  const shape = await pickWorkflow(deps, client, target);
  if (shape === undefined) return;
  const dates = await askDates(deps, shape);
  if (dates === undefined) return;
  const answers: Answers = {
    dates,
    parallel: 1,
    order: "asc",
    reprocess: "missing",
    onFailure: "stop",
    params: {},
    dryRun: false,
  };
  const title = vscode.l10n.t("Backfill {0}", `${shape.project}/${shape.workflow}`);
  const options = optionsOf(answers, {
    dates: async () => (await askDates(deps, shape)) ?? answers.dates,
    params: async () => askParams(await deployedOutline(deps, client, shape), answers.params),
  });
  if (!(await askOptions(title, vscode.l10n.t("Show the plan"), options))) return;

  const request = requestOf(answers);
  const plan = await client.backfill(shape.project, shape.workflow, { ...request, plan: true });
  const created = plan.plan.filter(({ action }) => action === "create").length;
  if (created === 0) throw new Error(nothingText(plan));
  const lanes = Math.min(answers.parallel, created);
  const go =
    lanes === 1
      ? vscode.l10n.t("Run {0} dates, one after the other", created)
      : vscode.l10n.t("Run {0} dates, {1} at once", created, lanes);
  if (!(await confirmPlan({ title, go, rows: rowsOf(plan, shape) }))) return;
  const started = await client.backfill(shape.project, shape.workflow, request);
  await vscode.commands.executeCommand("porpoise.refreshRuns");
  await trackBackfill(deps, client, started);
}

function requestOf({ dates, parallel, order, reprocess, onFailure, params, dryRun }: Answers): BackfillRequest {
  return {
    ...("dates" in dates ? { dates: [...dates.dates] } : { from: dates.from, to: dates.to }),
    parallel,
    order,
    reprocess,
    onFailure,
    ...(Object.keys(params).length === 0 ? {} : { params: { ...params } }),
    ...(dryRun ? { dryRun } : {}),
  };
}

function nothingText(plan: BackfillShape): string {
  const [first] = plan.plan;
  return first === undefined
    ? vscode.l10n.t("There is nothing to do: the schedule has no fire time in these dates.")
    : vscode.l10n.t("There is nothing to do: {0}.", first.why);
}

function rowsOf(plan: BackfillShape, shape: WorkflowShape): readonly PlanRow[] {
  return plan.plan.map(({ workflow, scheduleTime, action, why }): PlanRow => {
    const others = workflow === shape.workflow || workflow === `${shape.project}/${shape.workflow}` ? [] : [workflow];
    return {
      group: vscode.l10n.t("in this order"),
      icon: action === "create" ? "diff-added" : "debug-step-over",
      label: day(scheduleTime),
      description: [...others, action === "create" ? vscode.l10n.t("run") : vscode.l10n.t("skip"), why]
        .filter((word) => word !== "")
        .join(" · "),
    };
  });
}

function optionsOf(
  answers: Answers,
  ask: { readonly dates: () => Promise<Dates>; readonly params: () => Promise<ParamValues> },
): readonly MenuOption[] {
  return [
    {
      icon: "calendar",
      label: vscode.l10n.t("Dates"),
      value: () => datesText(answers.dates),
      ask: async () => {
        answers.dates = await ask.dates();
      },
    },
    {
      icon: "layers",
      label: vscode.l10n.t("At once"),
      value: () => (answers.parallel === 1 ? vscode.l10n.t("1, one after the other") : String(answers.parallel)),
      ask: async () => {
        answers.parallel = (await askNumber(answers.parallel)) ?? answers.parallel;
      },
    },
    chooser(
      "arrow-swap",
      vscode.l10n.t("Order"),
      orderWords(),
      () => answers.order,
      (value) => {
        answers.order = value;
      },
    ),
    chooser(
      "history",
      vscode.l10n.t("Dates that have run"),
      reprocessWords(),
      () => answers.reprocess,
      (value) => {
        answers.reprocess = value;
      },
    ),
    chooser(
      "warning",
      vscode.l10n.t("When a date fails"),
      failureWords(),
      () => answers.onFailure,
      (value) => {
        answers.onFailure = value;
      },
    ),
    {
      icon: "symbol-parameter",
      label: vscode.l10n.t("Parameters"),
      value: () => paramsText(answers.params),
      ask: async () => {
        answers.params = await ask.params();
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

function chooser<T extends string>(
  icon: string,
  label: string,
  words: Readonly<Record<T, string>>,
  get: () => T,
  set: (value: T) => void,
): MenuOption {
  return {
    icon,
    label,
    value: () => words[get()],
    ask: async () => {
      // Object.keys forgets that the keys of a record over T are T.
      const values = Object.keys(words) as T[];
      const chosen = await choose(
        label,
        values.map((value) => ({ label: words[value], value })),
      );
      if (chosen !== undefined) set(chosen);
    },
  };
}

const orderWords = (): Record<Order, string> => ({
  asc: vscode.l10n.t("oldest first"),
  desc: vscode.l10n.t("newest first"),
});

const reprocessWords = (): Record<Reprocess, string> => ({
  missing: vscode.l10n.t("skip them"),
  failed: vscode.l10n.t("run those again that failed"),
  all: vscode.l10n.t("run all of them again"),
});

const failureWords = (): Record<OnFailure, string> => ({
  stop: vscode.l10n.t("start no further date"),
  continue: vscode.l10n.t("go on with the others"),
});

async function askNumber(now: number): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({
    title: vscode.l10n.t("How many dates at once?"),
    value: String(now),
    validateInput: (text) => (/^[1-9]\d{0,2}$/.test(text.trim()) ? undefined : vscode.l10n.t("A number from 1 to 999")),
  });
  return answer === undefined ? undefined : Number(answer.trim());
}
