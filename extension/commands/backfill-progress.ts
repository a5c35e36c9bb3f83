// Shows how far a backfill is, in a notification that can cancel it, and says how it ended.

import { setTimeout as pause } from "node:timers/promises";
import * as vscode from "vscode";
import type { BackfillShape } from "../../scheduler/api/contract.ts";
import { type Client, RequestError } from "../client.ts";
import type { Deps } from "../deps.ts";
import { day } from "../words.ts";

const lookMs = 1_000;

export async function trackBackfill(deps: Deps, client: Client, started: BackfillShape): Promise<void> {
  const title = vscode.l10n.t("Backfill of {0}", started.workflow);
  const last = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, cancelled) => follow(client, started, progress, cancelled),
  );
  await vscode.commands.executeCommand("porpoise.refreshRuns");
  await announce(deps, last);
}

async function follow(
  client: Client,
  started: BackfillShape,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  cancelled: vscode.CancellationToken,
): Promise<BackfillShape> {
  let backfill = started;
  let shown = 0;
  const asked = new AbortController();
  const listening = cancelled.onCancellationRequested(() => asked.abort());
  let isCancelling = false;
  try {
    while (backfill.state === "running") {
      const { done, running, all } = countOf(backfill);
      const dates = running.map(({ scheduleTime }) => day(scheduleTime)).join(", ");
      progress.report({
        message:
          dates === ""
            ? vscode.l10n.t("{0} of {1}", done, all)
            : vscode.l10n.t("{0} of {1}, running {2}", done, all, dates),
        increment: all === 0 ? 0 : ((done - shown) / all) * 100,
      });
      shown = done;
      await pause(lookMs, undefined, isCancelling ? {} : { signal: asked.signal }).catch(() => undefined);
      if (asked.signal.aborted && !isCancelling) {
        isCancelling = true;
        await client.actOnBackfill(backfill.id, "cancel");
      }
      backfill = await looked(client, backfill);
    }
    return backfill;
  } finally {
    listening.dispose();
  }
}

/** A scheduler that is away for a while takes nothing from what was planned: keep looking. */
async function looked(client: Client, before: BackfillShape): Promise<BackfillShape> {
  try {
    return await client.backfillState(before.id);
  } catch (error) {
    if (error instanceof RequestError && error.kind === "unreachable") return before;
    throw error;
  }
}

function countOf({ plan }: BackfillShape) {
  const created = plan.filter(({ action }) => action === "create");
  const isDone = (state: string | undefined) =>
    state === "succeeded" || state === "failed" || state === "stopped" || state === "paused";
  return {
    all: created.length,
    done: created.filter(({ state }) => isDone(state)).length,
    running: created.filter(({ state }) => state !== undefined && !isDone(state)).slice(0, 3),
  };
}

async function announce(deps: Deps, { workflow, state, plan }: BackfillShape): Promise<void> {
  const { done, all } = countOf({ workflow, state, plan, id: "", project: "" });
  switch (state) {
    case "succeeded":
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Backfill of {0}: all {1} dates succeeded.", workflow, all),
      );
      return;
    case "failed": {
      const failed = plan.filter((entry) => entry.state === "failed");
      const showLog = vscode.l10n.t("Show Log");
      const dates = failed.map(({ scheduleTime }) => day(scheduleTime)).join(", ");
      const text = vscode.l10n.t("Backfill of {0} failed: {1}.", workflow, dates);
      const chosen = await vscode.window.showErrorMessage(text, showLog);
      const instance = failed[0]?.instance;
      if (chosen === showLog && instance !== undefined) {
        deps.logs.show({ kind: "instance", instance, title: `${workflow} #${instance}` });
      }
      return;
    }
    case "cancelled":
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Backfill of {0} was cancelled after {1} of {2} dates.", workflow, done, all),
      );
      return;
    case "paused":
      void vscode.window.showInformationMessage(vscode.l10n.t("Backfill of {0} is paused.", workflow));
      return;
    case "running":
      return;
  }
}
