// A VS Code with the packaged extension on a folder of its own, and a browser on it: what every test of this folder begins with.

import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runningLocalScheduler, stopLocalScheduler } from "../../../extension/local-scheduler.ts";
import { packageExtension } from "../../../scripts/package.ts";
import { openBrowser } from "./browser.ts";
import { startVscodeServer } from "./server.ts";
import { type Workbench, workbench } from "./workbench.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

export interface Editor {
  readonly folder: string;
  readonly vscode: Workbench;
  readonly url: string;
  /** Ids of this editor's language servers: processes of the extension in its own throw-away profile. */
  readonly languageServers: () => readonly number[];
  /** Origins that the window asked for and did not get. */
  readonly blocked: ReadonlySet<string>;
  /** Does one thing; when that fails, the error says which and a picture shows what was to be seen. */
  step(name: string, act: () => Promise<void>): Promise<void>;
  /** Ends the window, the server and a local scheduler of the folder; removes the folder. */
  close(): Promise<void>;
}

export async function openEditor(say: (line: string) => void): Promise<Editor> {
  const own = await mkdtemp(path.join(tmpdir(), "porpoise-editor-"));
  const folder = path.join(own, "git-activity");
  // Without what a run in the checkout may have left there.
  const isSource = (file: string) => !["activity", ".porpoise"].includes(path.basename(file));
  await cp(path.join(root, "examples/git-activity"), folder, { recursive: true, filter: isSource });
  const vsix = await packageExtension();
  const server = await startVscodeServer({ vsix: [vsix], settings: { "git.enabled": false } });
  const browser = await openBrowser();
  const vscode = workbench(browser.page);
  return {
    folder,
    vscode,
    url: server.urlOf(folder),
    languageServers: () => processesWith(path.join(server.profile, "extensions"), "server.mjs"),
    blocked: browser.blocked,
    step: async (name, act) => {
      const startedAt = performance.now();
      try {
        await act();
      } catch (error) {
        const picture = await vscode.picture(`failed-${name.replaceAll(/\W+/g, "-").slice(0, 40)}`);
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${name}: ${message}\nsee ${picture}\n${server.log().slice(-2000)}`, { cause: error });
      }
      say(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    },
    close: async () => {
      await browser.close();
      await server.stop();
      const left = await runningLocalScheduler(folder);
      if (left !== undefined) await stopLocalScheduler(left);
      await rm(own, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Processes whose command line names both. */
function processesWith(folder: string, file: string): readonly number[] {
  return readdirSync("/proc").flatMap((id): readonly number[] => {
    try {
      const command = /^\d+$/.test(id) ? readFileSync(`/proc/${id}/cmdline`, "utf8") : "";
      return command.includes(folder) && command.includes(file) ? [Number(id)] : [];
    } catch {
      return []; // it has ended
    }
  });
}
