// A real language server process and a small client of it.

import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import {
  createProtocolConnection,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";

export interface TestServer {
  readonly connection: ProtocolConnection;
  readonly capabilities: InitializeResult["capabilities"];
  readonly open: (uri: string, text: string) => Promise<readonly Diagnostic[]>;
  /** Sends an edit (or the whole text) and waits for its diagnostics. */
  readonly change: (uri: string, changes: readonly Change[]) => Promise<readonly Diagnostic[]>;
  /** All that is open. */
  readonly closeAll: () => Promise<void>;
  /** The next diagnostics of a file that fit. */
  readonly diagnostics: (
    uri: string,
    fits: (found: readonly Diagnostic[]) => boolean,
  ) => Promise<readonly Diagnostic[]>;
  /** Of how many files diagnostics came unasked. */
  readonly pushed: () => number;
  readonly process: ChildProcess;
  readonly stop: () => Promise<void>;
}

export interface Change {
  readonly range?: {
    readonly start: { line: number; character: number };
    readonly end: { line: number; character: number };
  };
  readonly text: string;
}

const root = path.resolve(import.meta.dirname, "../..");
const waitMs = 20_000;

export interface TestClient {
  /** Another build of the server than its source. */
  readonly program?: string;
  /** What the client can do beyond what every test needs. */
  readonly capabilities?: { readonly textDocument?: object; readonly workspace?: object };
  /** Settings under `porpoise`. */
  readonly configuration?: () => unknown;
}

export async function startTestServer(folderUri?: string, client: TestClient = {}): Promise<TestServer> {
  const program = client.program ?? path.join(root, "server/main.ts");
  const child = spawn(process.execPath, [program, "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const listeners = new Set<(published: Published) => void>();
  const latest = new Map<string, Published>();
  connection.onNotification("textDocument/publishDiagnostics", (published: Published) => {
    latest.set(published.uri, published);
    for (const listener of [...listeners]) listener(published);
  });
  connection.onRequest("client/registerCapability", () => null);
  connection.onRequest("workspace/configuration", () => [client.configuration?.() ?? null]);
  connection.listen();
  const folders = folderUri === undefined ? null : [{ uri: folderUri, name: "folder" }];
  const result: InitializeResult = await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      ...client.capabilities,
      workspace: {
        didChangeWatchedFiles: { dynamicRegistration: true },
        configuration: client.configuration !== undefined,
        ...client.capabilities?.workspace,
      },
    },
    workspaceFolders: folders,
  });
  await connection.sendNotification("initialized", {});
  const versions = new Map<string, number>();

  function diagnostics(
    uri: string,
    fits: (found: readonly Diagnostic[], version?: number) => boolean,
  ): Promise<readonly Diagnostic[]> {
    const known = latest.get(uri);
    if (known && fits(known.diagnostics, known.version)) return Promise.resolve(known.diagnostics);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        listeners.delete(listener);
        reject(new Error(`no such diagnostics of ${uri} in ${waitMs} ms; latest: ${JSON.stringify(latest.get(uri))}`));
      }, waitMs);
      const listener = (published: Published) => {
        if (published.uri !== uri || !fits(published.diagnostics, published.version)) return;
        clearTimeout(timer);
        listeners.delete(listener);
        resolve(published.diagnostics);
      };
      listeners.add(listener);
    });
  }

  async function open(uri: string, text: string): Promise<readonly Diagnostic[]> {
    versions.set(uri, 1);
    const answer = diagnostics(uri, (_, version) => version === 1);
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "flow", version: 1, text },
    });
    return answer;
  }

  async function change(uri: string, changes: readonly Change[]): Promise<readonly Diagnostic[]> {
    const version = (versions.get(uri) ?? 0) + 1;
    versions.set(uri, version);
    const answer = diagnostics(uri, (_, published) => published === version);
    await connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: changes,
    });
    return answer;
  }

  async function closeAll(): Promise<void> {
    for (const uri of versions.keys()) {
      await connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
      latest.delete(uri);
    }
    versions.clear();
  }

  async function stop(): Promise<void> {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    await ended;
    connection.dispose();
  }

  const pushed = () => latest.size;
  return {
    connection,
    capabilities: result.capabilities,
    pushed,
    closeAll,
    open,
    change,
    diagnostics,
    process: child,
    stop,
  };
}

interface Published {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly Diagnostic[];
}
