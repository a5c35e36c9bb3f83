// Bundles the programs into dist/: the extension, the language server, the command `porpoise`, and its worker's guard.

import { chmod, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type BuildOptions, build } from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const dist = path.join(root, "dist");

/** Drivers of databases that are not spoken to; knex asks for one only when its dialect is chosen. */
const absentDrivers = [
  "better-sqlite3",
  "mariadb",
  "mysql",
  "oracledb",
  "pg",
  "pg-native",
  "pg-query-stream",
  "sqlite3",
  "tedious",
];

/** Some dependencies are CommonJS and ask for Node's own modules with `require`, which a module does not have. */
const requireInModules =
  'import { createRequire as porpoiseRequire } from "node:module"; const require = porpoiseRequire(import.meta.url);';

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  minifySyntax: true,
  minifyWhitespace: true,
  // Class and function names stay in stack traces, and some dependencies look at them.
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

const programs: readonly BuildOptions[] = [
  {
    entryPoints: ["extension/main.ts"],
    outfile: "dist/extension.cjs",
    format: "cjs",
    target: "node22",
    external: ["vscode"],
  },
  {
    entryPoints: ["server/main.ts"],
    outfile: "dist/server.mjs",
    format: "esm",
    target: "node22",
    banner: { js: requireInModules },
  },
  {
    entryPoints: ["scheduler/cli/main.ts"],
    outfile: "dist/porpoise.mjs",
    format: "esm",
    target: "node24",
    external: absentDrivers,
    banner: { js: requireInModules },
  },
  {
    // The worker's guard is a process of its own, so that it starts small and fast.
    entryPoints: ["scheduler/worker/guard/main.ts"],
    outfile: "dist/guard.mjs",
    format: "esm",
    target: "node24",
    banner: { js: requireInModules },
  },
  {
    // So is what runs a SQL task: the drivers are loaded where they are used.
    entryPoints: ["scheduler/worker/sql/main.ts"],
    outfile: "dist/sql.mjs",
    format: "esm",
    target: "node24",
    external: ["pg-native"],
    banner: { js: requireInModules },
  },
];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await buildPrograms();

export async function buildPrograms(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const results = await Promise.all(programs.map((program) => build({ ...shared, ...program })));
  await chmod(path.join(dist, "porpoise.mjs"), 0o755);
  for (const { metafile } of results) {
    for (const [file, { bytes }] of Object.entries(metafile?.outputs ?? {})) {
      console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
    }
  }
}
