// "Porpoise: Connect…": asks for a scheduler's address and token and connects to it.

import * as vscode from "vscode";
import type { Client } from "../client.ts";
import type { Deps } from "../deps.ts";

const lastUrlKey = "porpoise.lastUrl";

export async function connect(deps: Deps): Promise<void> {
  await connectToServer(deps);
}

export async function connectToServer({ context, session }: Deps): Promise<Client | undefined> {
  const answer = await vscode.window.showInputBox({
    title: vscode.l10n.t("Connect to a Scheduler (1/2)"),
    prompt: vscode.l10n.t("The address of the scheduler's API"),
    value: context.globalState.get(lastUrlKey, "http://127.0.0.1:4300"),
    ignoreFocusOut: true,
    validateInput: (value) =>
      originOf(value) === undefined
        ? vscode.l10n.t("An address looks like https://porpoise.example.com:4300")
        : undefined,
  });
  const url = answer === undefined ? undefined : originOf(answer);
  if (url === undefined) return undefined;
  const token = await vscode.window.showInputBox({
    title: vscode.l10n.t("Connect to a Scheduler (2/2)"),
    prompt: vscode.l10n.t("Your token for {0}. It is kept in the editor's secret storage.", url),
    password: true,
    ignoreFocusOut: true,
  });
  if (token === undefined) return undefined;
  await session.connect("server", { url, token: token.trim() });
  await context.globalState.update(lastUrlKey, url);
  return session.client();
}

function originOf(text: string): string | undefined {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
