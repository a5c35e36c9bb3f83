// What this window is connected to. Looks after the connection, finds it again after a reload, and says when it changes.

import * as vscode from "vscode";
import { type Client, type Connection, createClient, RequestError } from "./client.ts";
import { readContext } from "./local-scheduler.ts";
import { workspaceFolder } from "./workspace.ts";

const lookMs = 3_000;
const rememberedKey = "porpoise.connection";
const tokenKey = (url: string) => `porpoise.token:${url}`;

/** `local`: the scheduler of the workspace's own folder. `server`: one that the user named. */
export type Source = "local" | "server";

export type SessionState =
  | { readonly kind: "disconnected" }
  | { readonly kind: "connected"; readonly source: Source; readonly client: Client }
  | { readonly kind: "unreachable"; readonly source: Source; readonly client: Client; readonly reason: string };

export interface Session extends vscode.Disposable {
  readonly state: () => SessionState;
  readonly onDidChange: vscode.Event<SessionState>;
  /** The client of the current connection, also while it is unreachable. */
  readonly client: () => Client | undefined;
  /** Names the scheduler over restarts: the local one may come back on another port. */
  readonly key: () => string | undefined;
  /** Takes the connection if the scheduler answers and accepts the token, remembers it; else throws a RequestError. */
  readonly connect: (source: Source, connection: Connection) => Promise<void>;
  readonly disconnect: () => Promise<void>;
}

type Remembered = { readonly source: "local" } | { readonly source: "server"; readonly url: string };

export function createSession(context: vscode.ExtensionContext): Session {
  const changed = new vscode.EventEmitter<SessionState>();
  let state: SessionState = { kind: "disconnected" };
  let connection: Connection | undefined;
  let looking = false;

  const become = (next: SessionState) => {
    const same =
      next.kind === state.kind &&
      (next.kind === "disconnected" || (state.kind !== "disconnected" && next.client === state.client));
    state = next;
    if (same) return;
    void vscode.commands.executeCommand("setContext", "porpoise.connected", next.kind === "connected");
    const isLocal = next.kind !== "disconnected" && next.source === "local";
    void vscode.commands.executeCommand("setContext", "porpoise.local", isLocal);
    changed.fire(next);
  };

  const attach = async (source: Source, next: Connection): Promise<void> => {
    const client =
      sameConnection(next, connection) && state.kind !== "disconnected" ? state.client : createClient(next);
    await client.projects();
    connection = next;
    become({ kind: "connected", source, client });
  };

  const current = () =>
    connection === undefined || state.kind === "disconnected" ? undefined : { source: state.source, connection };

  /** One look at the connection, or for one. Never throws: what is wrong becomes the state. */
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const wanted = (await target(context, state)) ?? current();
    try {
      if (wanted !== undefined) await attach(wanted.source, wanted.connection);
    } catch (error) {
      const reason = messageOf(error, wanted?.connection);
      if (state.kind !== "disconnected") become({ ...state, kind: "unreachable", reason });
      // A server that was named is missed. The folder's own scheduler may just have ended, because nobody needed it.
      else if (wanted?.source === "server") {
        connection = wanted.connection;
        become({ kind: "unreachable", source: "server", client: createClient(wanted.connection), reason });
      }
    } finally {
      looking = false;
    }
  };

  const timer = setInterval(() => void look(), lookMs);
  void look();

  return {
    state: () => state,
    onDidChange: changed.event,
    client: () => (state.kind === "disconnected" ? undefined : state.client),
    key: () => {
      if (state.kind === "disconnected") return undefined;
      return state.source === "local" ? "local" : state.client.url;
    },
    connect: async (source, next) => {
      await attach(source, next);
      if (source === "server") await context.secrets.store(tokenKey(next.url), next.token);
      const remembered: Remembered = source === "local" ? { source } : { source, url: next.url };
      await context.workspaceState.update(rememberedKey, remembered);
    },
    disconnect: async () => {
      connection = undefined;
      await context.workspaceState.update(rememberedKey, null);
      become({ kind: "disconnected" });
    },
    dispose: () => {
      clearInterval(timer);
      changed.dispose();
    },
  };
}

/** What to be connected to: what is remembered, else the scheduler that runs for this folder. */
async function target(
  context: vscode.ExtensionContext,
  state: SessionState,
): Promise<{ source: Source; connection: Connection } | undefined> {
  const remembered = context.workspaceState.get<Remembered | null>(rememberedKey);
  if (remembered?.source === "server") {
    const token = (await context.secrets.get(tokenKey(remembered.url))) ?? "";
    return { source: "server", connection: { url: remembered.url, token } };
  }
  // Null: the user has disconnected, and a window that opens a minute later is not to know better.
  if (remembered === null && state.kind === "disconnected") return undefined;
  if (!vscode.workspace.isTrusted) return undefined;
  const folder = workspaceFolder();
  const connection = folder === undefined ? undefined : await readContext(folder);
  return connection === undefined ? undefined : { source: "local", connection };
}

const sameConnection = (a: Connection, b: Connection | undefined) => a.url === b?.url && a.token === b.token;

function messageOf(error: unknown, connection: Connection | undefined): string {
  if (error instanceof RequestError && error.kind === "unauthorized") {
    return connection?.token === ""
      ? vscode.l10n.t("The token for {0} is not stored on this machine: connect again to give it.", connection.url)
      : vscode.l10n.t("{0} does not accept the token: connect again with a valid one.", connection?.url ?? "");
  }
  return error instanceof Error ? error.message : String(error);
}
