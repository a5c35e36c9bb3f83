// Runs groups of tests (unit, integration, e2e, chaos) one after the other; ends with one plain line for all of them.

import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { constants, setPriority } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const ownFolder = ["integration", "e2e", "chaos"] as const;
const groups = ["unit", ...ownFolder] as const;
type Group = (typeof groups)[number];

/** Real servers and browsers share two cores badly: only unit tests run side by side. */
const settings: Record<Group, { readonly concurrency: number; readonly timeoutMs: number }> = {
  unit: { concurrency: 2, timeoutMs: 120_000 },
  integration: { concurrency: 1, timeoutMs: 180_000 },
  e2e: { concurrency: 1, timeoutMs: 600_000 },
  chaos: { concurrency: 1, timeoutMs: 900_000 },
};

/** Needs processors and no server: it runs beside the others of its group, which mostly wait, and behind them in priority. */
const background = path.join("test", "chaos", "simulator.test.ts");

interface Need {
  /** A program on the PATH or a file. */
  readonly program: string;
  readonly debian: string;
}

const servers: readonly Need[] = [
  { program: "/usr/sbin/mariadbd", debian: "mariadb-server" },
  { program: "/usr/share/java/zookeeper.jar", debian: "zookeeper" },
  { program: "/usr/share/java/slf4j-simple.jar", debian: "libslf4j-java" },
  { program: "java", debian: "default-jre-headless" },
  { program: "etcd", debian: "etcd-server" },
  { program: "/usr/lib/postgresql", debian: "postgresql" },
  { program: "mvn", debian: "maven" },
];

/** What a group needs beside Node. */
const needs: Record<Group, readonly Need[]> = {
  unit: [
    { program: "bash", debian: "bash" },
    { program: "git", debian: "git" },
    { program: "python3", debian: "python3" },
  ],
  integration: servers,
  e2e: [
    { program: "git", debian: "git" },
    { program: "chromium", debian: "chromium" },
    { program: "rg", debian: "ripgrep" },
    // They compile two native modules of the VS Code that is tested in.
    { program: "g++", debian: "g++" },
    { program: "make", debian: "make" },
    { program: "python3", debian: "python3" },
  ],
  chaos: servers,
};

interface Summary {
  passed: number;
  failed: number;
  skipped: number;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !groups.some((group) => group === name));
if (asked.length === 0 || unknown.length > 0) {
  console.error(`test groups are ${groups.join(", ")}; asked for: ${asked.join(", ") || "nothing"}`);
  process.exit(2);
}

const missing = new Set(
  groups
    .filter((name) => asked.includes(name))
    .flatMap((name) => needs[name])
    .filter((need) => !isThere(need.program))
    .map((need) => need.debian),
);
if (missing.size > 0) {
  console.error(`these tests need more: apt-get install -y --no-install-recommends ${[...missing].join(" ")}`);
  process.exit(1);
}

const total: Summary = { passed: 0, failed: 0, skipped: 0 };
for (const group of groups.filter((name) => asked.includes(name))) {
  const summary = await run(group);
  total.passed += summary.passed;
  total.failed += summary.failed;
  total.skipped += summary.skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function isThere(program: string): boolean {
  const folders = program.startsWith("/") ? [""] : (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

function filesOf(group: Group): readonly string[] {
  const all = globSync("test/**/*.test.ts", { cwd: root }).sort();
  const folder = (file: string) => file.split(path.sep)[1] ?? "";
  if (group !== "unit") return all.filter((file) => folder(file) === group);
  return all.filter((file) => !ownFolder.some((name) => name === folder(file)));
}

async function run(group: Group): Promise<Summary> {
  const files = filesOf(group);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  console.log(`\n── ${group}: ${files.length} files`);
  const parts = [files.filter((file) => file !== background), files.filter((file) => file === background)];
  const [inFront, behind] = await Promise.all(parts.map((part, index) => runFiles(group, part, index > 0)));
  return {
    passed: (inFront?.passed ?? 0) + (behind?.passed ?? 0),
    failed: (inFront?.failed ?? 0) + (behind?.failed ?? 0),
    skipped: (inFront?.skipped ?? 0) + (behind?.skipped ?? 0),
  };
}

/** `isBehind`: what it says is shown when it is done. */
async function runFiles(group: Group, files: readonly string[], isBehind: boolean): Promise<Summary> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const { concurrency, timeoutMs } = settings[group];
  const child = spawn(
    process.execPath,
    ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...files],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_NO_WARNINGS: "1" } },
  );
  if (isBehind && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const said: Buffer[] = [];
  let tail = "";
  child.stdout.on("data", (bytes: Buffer) => {
    if (isBehind) said.push(bytes);
    else process.stdout.write(bytes);
    tail = (tail + bytes.toString()).slice(-4000);
  });
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? 1)));
  process.stdout.write(Buffer.concat(said));
  const count = (word: string) => Number(tail.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  return { passed: count("pass"), failed: code === 0 ? failed : Math.max(failed, 1), skipped: count("skipped") };
}
