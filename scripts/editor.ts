// `npm run editor`: the packaged extension in a real VS Code, shown by the browser of your choice, on the example or a named folder.

import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { runningLocalScheduler, stopLocalScheduler } from "../extension/local-scheduler.ts";
import { startVscodeServer } from "../test/e2e/host/server.ts";
import { packageExtension } from "./package.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

await editor(process.argv[2]);

async function editor(named: string | undefined): Promise<void> {
  const vsix = await packageExtension();
  const server = await startVscodeServer({ vsix: [vsix] });
  const { folder, remove } = named === undefined ? await copyOfExample() : existing(named);
  const url = styleText("cyan", server.urlOf(folder));
  console.log(`\n${styleText("bold", "VS Code with Porpoise is ready")}: open ${url}`);
  console.log(`It shows ${folder}. Ctrl-C ends it.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await server.stop();
  await remove();
}

interface Shown {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Trying things out changes nothing in the checkout. */
async function copyOfExample(): Promise<Shown> {
  const own = await mkdtemp(path.join(tmpdir(), "porpoise-editor-"));
  const folder = path.join(own, "git-activity");
  const isSource = (file: string) => !["activity", ".porpoise"].includes(path.basename(file));
  await cp(path.join(root, "examples/git-activity"), folder, { recursive: true, filter: isSource });
  const remove = async () => {
    const scheduler = await runningLocalScheduler(folder);
    if (scheduler !== undefined) await stopLocalScheduler(scheduler);
    await rm(own, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { folder, remove };
}

/** A scheduler that was started for it lives on, as it would after the desktop's window. */
function existing(named: string): Shown {
  return { folder: path.resolve(process.env["INIT_CWD"] ?? process.cwd(), named), remove: async () => undefined };
}
