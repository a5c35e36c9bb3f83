// Tells the language server what the connected scheduler has, so that names can be checked and offered.

import * as vscode from "vscode";
import type { ServerNames } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import type { FlowLanguage } from "./language-client.ts";
import type { Session } from "./session.ts";

/** Names change rarely, and what was just made should soon be known. */
const askMs = 30_000;

export function tellServerNames(session: Session, language: FlowLanguage): vscode.Disposable {
  let told = "";
  let asking = false;
  const tell = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const state = session.state();
      const names = state.kind === "connected" ? await namesOf(state.client) : null;
      const text = JSON.stringify(names);
      if (text !== told && (await language.knows(names))) told = text;
    } finally {
      asking = false;
    }
  };
  const changed = session.onDidChange(() => void tell());
  // Someone who comes back to the window may have been making things elsewhere.
  const focused = vscode.window.onDidChangeWindowState(({ focused }) => void (focused && tell()));
  const timer = setInterval(() => void tell(), askMs);
  void tell();
  return {
    dispose: () => {
      clearInterval(timer);
      changed.dispose();
      focused.dispose();
    },
  };
}

/** What cannot be asked for (an older scheduler, a role that may not see it) stays unknown. */
async function namesOf(client: Client): Promise<ServerNames> {
  const [workflows, environments, taskGroups, datasources, alertGroups, workerGroups] = await Promise.all([
    known(workflowNames(client)),
    known(client.names("/environments")),
    known(client.names("/task-groups")),
    known(client.names("/datasources")),
    known(client.names("/alert-groups")),
    known(workerGroupNames(client)),
  ]);
  return {
    ...(workflows && { workflows }),
    ...(environments && { environments }),
    ...(taskGroups && { taskGroups }),
    ...(datasources && { datasources }),
    ...(alertGroups && { alertGroups }),
    ...(workerGroups && { workerGroups }),
  };
}

const known = (names: Promise<readonly string[]>): Promise<readonly string[] | undefined> =>
  names.catch(() => undefined);

async function workflowNames(client: Client): Promise<readonly string[]> {
  const { items } = await client.projects();
  const all = await Promise.all(items.map(({ project }) => client.workflows(project)));
  return all.flat().map(({ project, workflow }) => `${project}/${workflow}`);
}

/** Those that were set up, and those that workers say they are in. */
async function workerGroupNames(client: Client): Promise<readonly string[]> {
  const [named, cluster] = await Promise.all([client.names("/worker-groups"), client.cluster()]);
  const groups = cluster.items.flatMap((member) => member.groups);
  return [...new Set([...named, ...groups])];
}
