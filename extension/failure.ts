// Shows what went wrong in a command, with what can be done about it.

import * as vscode from "vscode";
import type { ProblemShape } from "../scheduler/api/contract.ts";
import { RequestError } from "./client.ts";
import type { Deps } from "./deps.ts";
import { LocalSchedulerError } from "./local-scheduler.ts";
import { localFile } from "./workspace.ts";

/** Registers a command whose failures are shown instead of thrown at VS Code, which would only say that it failed. */
export function registerCommand<A extends readonly unknown[]>(
  deps: Deps,
  name: string,
  run: (deps: Deps, ...words: A) => Promise<void>,
): void {
  const guarded = async (...words: A) => {
    try {
      await run(deps, ...words);
    } catch (error) {
      await showFailure(error, deps);
    }
  };
  deps.context.subscriptions.push(vscode.commands.registerCommand(name, guarded));
}

async function showFailure(error: unknown, { output }: Deps): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof LocalSchedulerError) return showLocalFailure(error, output);
  if (!(error instanceof RequestError)) {
    await vscode.window.showErrorMessage(message);
    return;
  }
  switch (error.kind) {
    case "unreachable":
    case "unauthorized": {
      const connect = vscode.l10n.t("Connect…");
      const chosen = await vscode.window.showErrorMessage(message, connect);
      if (chosen === connect) await vscode.commands.executeCommand("porpoise.connect");
      return;
    }
    case "problems":
      return showProblems(message, error.problems, output);
    case "not_found":
    case "refused":
      await vscode.window.showErrorMessage(message);
  }
}

async function showLocalFailure(error: LocalSchedulerError, output: vscode.OutputChannel): Promise<void> {
  if (error.output !== "") output.appendLine(error.output);
  const showOutput = vscode.l10n.t("Show Output");
  const reason = lastWords(error.output);
  const text = reason === undefined ? error.message : `${error.message}: ${reason}`;
  const chosen = await vscode.window.showErrorMessage(text, showOutput);
  if (chosen === showOutput) output.show();
}

/** The last line that was meant for people: not a stack's, not the one that Node adds. */
function lastWords(output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /\p{L}{2}/u.test(line) && !/^(at |Node\.js v|\w+: ['"[{])/.test(line));
}

async function showProblems(
  message: string,
  problems: readonly ProblemShape[],
  output: vscode.OutputChannel,
): Promise<void> {
  for (const { path, range, severity, code, message: text } of problems) {
    output.appendLine(`${path}:${range.start.line + 1}:${range.start.character + 1} ${severity} ${text} (${code})`);
  }
  const first = problems.find(({ severity }) => severity === "error") ?? problems[0];
  const goThere = vscode.l10n.t("Go to Problem");
  const all = vscode.l10n.t("Show All");
  const text = first === undefined ? message : `${first.path}: ${first.message}`;
  const chosen = await vscode.window.showErrorMessage(vscode.l10n.t("Refused: {0}", text), goThere, all);
  if (chosen === all) output.show();
  if (chosen !== goThere || first === undefined) return;
  const uri = await localFile(first.path);
  if (uri === undefined) return;
  const { start, end } = first.range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(uri, { selection });
}
