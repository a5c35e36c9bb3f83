// Builds and packs the extension: one .vsix for every platform.

import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createVSIX } from "@vscode/vsce";
import { buildPrograms } from "./build.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await packageExtension();

/** The path of the .vsix. */
export async function packageExtension(): Promise<string> {
  await buildPrograms();
  const packagePath = path.join(root, "dist", "porpoise.vsix");
  await createVSIX({
    cwd: root,
    packagePath,
    // Everything is bundled: no folder of dependencies goes along.
    dependencies: false,
    allowMissingRepository: true,
    // There is no published place yet that links of the README could be led to.
    rewriteRelativeLinks: false,
    skipLicense: false,
  });
  const { size } = await stat(packagePath);
  console.log(`dist/porpoise.vsix  ${(size / 1024).toFixed(0)} KB`);
  return packagePath;
}
