// `npm run demo`: the whole way on this machine — check, deploy, run with live logs, backfill 14 days — with the `porpoise` command.

import {
  type ChildProcess,
  type ExecFileSyncOptionsWithStringEncoding,
  execFileSync,
  spawn,
  spawnSync,
} from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const example = path.join(root, "examples/git-activity");
const command = path.join(root, "scheduler/cli/main.ts");
const workflow = "examples/git_activity";
const wantedDays = 14;
const readyLimitMs = 30_000;

process.exitCode = await demo();

async function demo(): Promise<number> {
  const startedAt = performance.now();
  if (!hasGit()) return failed("the demo reads a git repository, and there is no git here: apt-get install -y git");
  const repository = chooseRepository();
  const counts = commitsByDay(repository);
  const days = [...counts.keys()].sort().slice(-wantedDays);
  const newest = days.at(-1);
  if (newest === undefined) return failed(`${repository} has no commits`);
  const output = path.join(example, "activity");
  rmSync(output, { recursive: true, force: true });

  title("Porpoise demo");
  say(`a workflow over the history of ${path.relative(process.cwd(), repository) || "this repository"}`);

  step("check", `porpoise check ${path.relative(root, example)}`);
  if ((await porpoise(["check", example])) !== 0) return 1;

  const data = mkdtempSync(path.join(tmpdir(), "porpoise-demo-"));
  step("start a scheduler", "porpoise standalone --port 0");
  const scheduler = startScheduler(data);
  try {
    await ready(scheduler);
    const env = { context: data };
    const params = ["--param", `repository=${repository}`, "--param", `output=${output}`];

    step("deploy", `porpoise deploy ${path.relative(root, example)}`);
    if ((await porpoise(["deploy", example], env)) !== 0) return 1;

    step(
      `run ${newest}, with its logs as they come`,
      `porpoise run ${workflow} --param bizdate=${newest} --follow --wait`,
    );
    const run = ["run", workflow, "--param", `bizdate=${newest}`, ...params, "--follow", "--wait"];
    if ((await porpoise(run, env, firstLogLine(startedAt))) !== 0) return 1;

    step(
      `backfill ${days.length} days, three at once`,
      `porpoise backfill ${workflow} --dates ${days[0]},… --parallel 3 --wait`,
    );
    const backfill = ["backfill", workflow, "--dates", days.join(","), ...params, "--parallel", "3", "--wait"];
    if ((await porpoise(backfill, env)) !== 0) return 1;
  } finally {
    await stop(scheduler);
    rmSync(data, { recursive: true, force: true });
  }
  return showResults(output, days, counts, startedAt);
}

/** This repository if it has enough days to backfill, else the history that is shipped with the example. */
function chooseRepository(): string {
  const own = existsSync(path.join(root, ".git")) ? commitsByDay(root).size : 0;
  return own >= wantedDays ? root : path.join(example, "history.bundle");
}

function hasGit(): boolean {
  return spawnSync("git", ["--version"], { stdio: "ignore" }).status === 0;
}

/** As git itself counts them, by day in UTC. */
function commitsByDay(repository: string): ReadonlyMap<string, number> {
  const isBundle = repository.endsWith(".bundle");
  const clone = isBundle ? mkdtempSync(path.join(tmpdir(), "porpoise-history-")) : repository;
  const quiet: ExecFileSyncOptionsWithStringEncoding = {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 26,
    env: { ...process.env, TZ: "UTC" },
  };
  try {
    if (isBundle) execFileSync("git", ["clone", "--quiet", "--bare", repository, clone], quiet);
    const log = ["log", "--no-merges", "--date=format-local:%Y-%m-%d", "--format=%ad"];
    const dates = execFileSync("git", ["-C", clone, ...log], quiet);
    const counts = new Map<string, number>();
    for (const day of dates.split("\n")) if (day !== "") counts.set(day, (counts.get(day) ?? 0) + 1);
    return counts;
  } catch {
    // A folder without a history, or one that git will not read: the shipped history does as well.
    return new Map();
  } finally {
    if (isBundle) rmSync(clone, { recursive: true, force: true });
  }
}

function startScheduler(data: string): ChildProcess {
  const words = [command, "standalone", "--port", "0", "--data", path.join(data, ".porpoise")];
  const child = spawn(process.execPath, words, {
    cwd: data,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(data),
  });
  const show = (line: string) => console.log(styleText("gray", `  ${line}`));
  if (child.stderr !== null) createInterface({ input: child.stderr }).on("line", show);
  return child;
}

async function ready(scheduler: ChildProcess): Promise<void> {
  if (scheduler.stdout === null) throw new Error("the scheduler has no output");
  const lines = createInterface({ input: scheduler.stdout });
  const limit = AbortSignal.timeout(readyLimitMs);
  const ended = once(scheduler, "exit", { signal: limit }).then(() => {
    throw new Error("the scheduler ended before it was ready");
  });
  const spoken = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      say(line);
      if (/https?:\/\//.test(line)) resolve();
    });
  });
  await Promise.race([spoken, ended]);
}

async function stop(scheduler: ChildProcess): Promise<void> {
  if (scheduler.exitCode !== null || scheduler.signalCode !== null) return;
  const gone = once(scheduler, "exit", { signal: AbortSignal.timeout(15_000) });
  scheduler.kill("SIGTERM");
  await gone.catch(() => scheduler.kill("SIGKILL"));
}

/** Runs one `porpoise` command as a user would; its exit code. */
async function porpoise(
  words: readonly string[],
  at?: { readonly context: string },
  seen?: (line: string) => void,
): Promise<number> {
  const folder = at?.context ?? root;
  const child = spawn(process.execPath, [command, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(folder),
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      seen?.(line);
      console.log(`  ${painted(line)}`);
    });
  }
  const [code] = await once(child, "close");
  const exit = typeof code === "number" ? code : 1;
  if (exit !== 0) failed(`porpoise ${words[0]} ended with ${exit}`);
  return exit;
}

/** The folder whose context is used is the demo's own, whatever npm and the shell around say. */
function environment(folder: string): NodeJS.ProcessEnv {
  const { PORPOISE_SERVER: _server, PORPOISE_TOKEN: _token, ...others } = process.env;
  return { ...others, INIT_CWD: folder, NODE_NO_WARNINGS: "1" };
}

/** Says once, before the first line of the first task, how long it took to get there. */
function firstLogLine(startedAt: number): (line: string) => void {
  let isSeen = false;
  return (line) => {
    if (isSeen || !/^\[?extract\b/.test(line)) return;
    isSeen = true;
    say(`first log line after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };
}

/** Every day has its picture, and the SQLite file says what git says; else the demo has failed. */
function showResults(
  output: string,
  days: readonly string[],
  counts: ReadonlyMap<string, number>,
  startedAt: number,
): number {
  const pictures = days.map((day) => path.join(output, day, "activity.svg"));
  const missing = pictures.filter((picture) => !existsSync(picture));
  if (missing.length > 0) return failed(`these pictures were not drawn: ${missing.join(", ")}`);
  const database = new DatabaseSync(path.join(output, "activity.sqlite"), { readOnly: true });
  const loaded = new Map(
    database
      .prepare("select day, commits from days")
      .all()
      .map(({ day, commits }) => [String(day), Number(commits)]),
  );
  database.close();
  const wrong = days.filter((day) => loaded.get(day) !== counts.get(day));
  if (wrong.length > 0) return failed(`git counts other commits than the SQLite file on ${wrong.join(", ")}`);
  title("Done");
  say(`${pictures.length} pictures, one a day:`);
  for (const picture of pictures) console.log(`  ${styleText("cyan", picture)}`);
  const total = days.reduce((sum, day) => sum + (counts.get(day) ?? 0), 0);
  say(`and ${total} commits in ${path.join(output, "activity.sqlite")}, the same on each day as git counts`);
  say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s in all`);
  return 0;
}

/** Names of tasks and outcomes stand out; what is data stays as it is. */
function painted(line: string): string {
  const [, task, rest] = /^(\w+ +\|)(.*)$/.exec(line) ?? [];
  if (task !== undefined && rest !== undefined) return `${styleText("cyan", task)}${rest}`;
  return line
    .replace(/\bsucceeded\b/, (word) => styleText("green", word))
    .replace(/\bfailed\b/, (word) => styleText("red", word));
}

function title(text: string): void {
  console.log(`\n${styleText(["bold", "cyan"], text)}`);
}

function step(text: string, shown: string): void {
  console.log(`\n${styleText("bold", `▶ ${text}`)}\n${styleText("gray", `  $ ${shown}`)}`);
}

function say(text: string): void {
  console.log(styleText("gray", `  ${text}`));
}

function failed(text: string): number {
  console.error(styleText("red", `\n✗ ${text}`));
  return 1;
}
