// Starts the VS Code server on a free port in a throw-away profile, with extensions installed from .vsix files.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ensureHost } from "./provision.ts";

const run = promisify(execFile);

/** Nothing leaves the machine, nothing opens by itself, nothing stands beside the editor. */
const quietSettings = {
  "telemetry.telemetryLevel": "off",
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

export interface ServerOptions {
  readonly vsix: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly report?: (line: string) => void;
}

export interface VscodeServer {
  /** Where a browser finds `folder` opened. */
  urlOf(folder: string): string;
  /** The throw-away folder that its extensions and data are in. */
  readonly profile: string;
  /** What the server has said so far. */
  log(): string;
  /** Ends every process of the server and removes its profile. */
  stop(): Promise<void>;
}

export async function startVscodeServer(options: ServerOptions): Promise<VscodeServer> {
  const host = await ensureHost(options.report);
  const profile = await mkdtemp(path.join(tmpdir(), "porpoise-vscode-"));
  try {
    const folders = await prepareProfile(profile, { ...quietSettings, ...options.settings });
    const env = { ...cleanEnvironment(), TMPDIR: profile, XDG_RUNTIME_DIR: profile, ...options.env };
    for (const vsix of options.vsix) {
      await run(host.node, [host.serverMain, ...folders, "--install-extension", path.resolve(vsix), "--force"], {
        env,
      });
    }
    const token = randomBytes(16).toString("hex");
    const child = spawn(
      host.node,
      [
        host.serverMain,
        ...["--host", "127.0.0.1", "--port", "0", "--connection-token", token],
        ...["--accept-server-license-terms", "--disable-telemetry", "--disable-workspace-trust"],
        ...folders,
      ],
      { env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
    );
    const output = collect(child);
    const port = await listeningPort(child, output);
    return {
      profile,
      urlOf: (folder) =>
        `http://127.0.0.1:${port}/?${new URLSearchParams({ tkn: token, folder: path.resolve(folder) })}`,
      log: output,
      stop: () => stop(child, profile),
    };
  } catch (error) {
    await rm(profile, { recursive: true, force: true });
    throw error;
  }
}

async function prepareProfile(profile: string, settings: object): Promise<readonly string[]> {
  const data = path.join(profile, "server");
  const extensions = path.join(profile, "extensions");
  await mkdir(path.join(data, "data/User"), { recursive: true });
  await mkdir(extensions);
  await writeFile(path.join(data, "data/User/settings.json"), JSON.stringify(settings, null, 2));
  return ["--server-data-dir", data, "--extensions-dir", extensions];
}

/** Without what npm and a surrounding editor hand down, and without a marketplace. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|VSCODE_|ELECTRON_|PORPOISE_|INIT_CWD$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), EXTENSIONS_GALLERY: "{}" };
}

function collect(child: ChildProcess): () => string {
  let output = "";
  const add = (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-200_000);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  return () => output;
}

async function listeningPort(child: ChildProcess, output: () => string): Promise<number> {
  const limit = AbortSignal.timeout(30_000);
  const exited = once(child, "exit", { signal: limit }).then(() => "exited" as const);
  exited.catch(() => undefined);
  while (!limit.aborted) {
    const port = /Extension host agent listening on (\d+)/.exec(output())?.[1];
    if (port !== undefined && output().includes("agent started")) return Number(port);
    const spoken =
      child.stdout === null ? exited : once(child.stdout, "data", { signal: limit }).then(() => "spoken" as const);
    const what = await Promise.race([spoken, exited]).catch(() => "late" as const);
    if (what === "exited") break;
  }
  killGroup(child, "SIGKILL");
  throw new Error(`the VS Code server did not start within 30 s:\n${output()}`);
}

async function stop(child: ChildProcess, profile: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit", { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    killGroup(child, "SIGTERM");
    await gone;
  }
  killGroup(child, "SIGKILL");
  await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}
