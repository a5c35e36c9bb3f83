// `npm run editor`: the packaged extension in a real VS Code, shown by the browser of your choice, on the example's folder.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { startVscodeServer } from "../test/e2e/host/server.ts";
import { packageExtension } from "./package.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const asked = process.argv[2];

const vsix = await packageExtension();
const server = await startVscodeServer({ vsix: [vsix] });
// The example is copied, so that trying things out changes nothing in the checkout. A folder that was named is opened itself.
const copy = asked === undefined ? await mkdtemp(path.join(tmpdir(), "porpoise-editor-")) : undefined;
const folder = copy ?? path.resolve(process.env["INIT_CWD"] ?? process.cwd(), asked ?? ".");
const isSource = (file: string) => !["activity", ".porpoise"].includes(path.basename(file));
if (copy !== undefined) await cp(path.join(root, "examples/git-activity"), copy, { recursive: true, filter: isSource });

console.log(
  `\n${styleText("bold", "VS Code with Porpoise is ready")}: open ${styleText("cyan", server.urlOf(folder))}`,
);
console.log(`It shows ${folder}. Ctrl-C ends it.`);

await new Promise<void>((resolve) => {
  process.once("SIGINT", () => resolve());
  process.once("SIGTERM", () => resolve());
});
await server.stop();
if (copy !== undefined) await rm(copy, { recursive: true, force: true });
