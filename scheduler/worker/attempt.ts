// Runs one attempt: its directory, its log, its processes, its outputs, its end.
//
//   started → executor runs → ended by itself      → succeeded | failed
//                           → `end("killed", why)`  → terminate, wait, force, sweep → killed
//                           → `end("lost", why)`    → force at once, sweep          → lost
//
// An asynchronous type has no processes: killed, it ends its job elsewhere; lost, it leaves the job to the attempt that follows.

import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Logger, ofAttempt } from "../model/logger.ts";
import { type Substitution, substituteScript, substituteText } from "../model/substitute.ts";
import type { Assignment } from "../wire/messages.ts";
import { type AttemptLog, createAttemptLog } from "./attempt-log.ts";
import { endProcesses } from "./attempt-process.ts";
import { AttemptFailure, type Executor, type ExecutorContext, type ExecutorEnd } from "./executors/contract.ts";
import type { Files } from "./files.ts";
import type { Guard } from "./guard-process.ts";
import type { LogFollower } from "./log-follower.ts";
import { isGroupAlive, markerName, signalGroup, workerFolderName } from "./marked-processes.ts";
import type { Environment } from "./node-environment.ts";
import { secretMask } from "./secret-mask.ts";

export interface AttemptDeps {
  readonly executors: ReadonlyMap<string, Executor>;
  readonly guard: Guard;
  readonly files: Files;
  readonly followLog: (log: AttemptLog, outputs: readonly string[]) => LogFollower;
  /** Where attempts have their directories, and where their logs are written. */
  readonly attemptsFolder: string;
  readonly logsFolder: string;
  /** What the marker of every process of this worker's life starts with. */
  readonly markerPrefix: string;
  /** Where other workers of this host find out whether this one lives. */
  readonly workerFolder: string;
  readonly graceMs: number;
  readonly logLimitBytes: number;
  /** How long the attempt may live from now on, if nobody confirms it again. */
  readonly leaseLeftMs: (assignment: Assignment) => number;
  readonly log: Logger;
}

export type AttemptEnd =
  | { readonly outcome: "succeeded"; readonly exitCode?: number; readonly outputs: Outputs }
  | { readonly outcome: "failed"; readonly exitCode?: number; readonly reason: string; readonly outputs: Outputs }
  | {
      readonly outcome: "killed" | "lost";
      readonly reason: string;
      readonly outputs: Outputs;
      readonly handedOver?: true;
    };

type Outputs = { readonly [name: string]: string };

export interface RunningAttempt {
  readonly assignment: Assignment;
  readonly startedMs: number;
  /** Resolves when nothing of the attempt lives any more. Never rejects. */
  readonly ended: Promise<AttemptEnd>;
  /** Repeatable; `lost` hurries a kill that is under way. */
  end(outcome: "killed" | "lost", reason: string): void;
  /** Of an asynchronous type. */
  readonly job?: AttemptJob;
}

export interface AttemptJob {
  /** Resolves to what the other system calls the job, once it is there. */
  readonly isThere: Promise<string>;
  /** Ends the attempt as lost, in good order: its job is for the attempt that follows. */
  handOver(reason: string): void;
}

interface Ending {
  readonly outcome: "killed" | "lost";
  readonly reason: string;
  readonly handedOver?: true;
}

export function startAttempt(deps: AttemptDeps, assignment: Assignment): RunningAttempt {
  const groups: Promise<number | undefined>[] = [];
  const giveUp = new AbortController();
  const abandon = new AbortController();
  const job = Promise.withResolvers<string>();
  const left: string[] = [];
  let ending: Ending | undefined;
  let endingDone: Promise<unknown> = Promise.resolve();

  const prefix = attemptMarker(deps.markerPrefix, assignment);
  const end = (outcome: Ending["outcome"], reason: string, handedOver?: true): void => {
    if (ending !== undefined && (ending.outcome === "lost" || outcome === "killed")) return;
    ending = { outcome, reason, ...(handedOver ? { handedOver } : {}) };
    giveUp.abort();
    if (outcome === "lost") abandon.abort();
    const graceMs = outcome === "lost" ? 0 : deps.graceMs;
    endingDone = Promise.all([
      endingDone,
      endAll(groups, prefix, graceMs).then((left) => complain(deps, assignment, left)),
    ]);
  };

  const run = async (): Promise<AttemptEnd> => {
    const what = await runExecutor(deps, assignment, {
      prefix,
      groups,
      signal: giveUp.signal,
      abandoned: abandon.signal,
      jobIsThere: job.resolve,
      leaves: (what) => void left.push(what),
      lose: (reason) => end("lost", reason),
      beforeLogEnds: async () => {
        await endingDone;
      },
    });
    if (ending !== undefined) return { ...ending, reason: [ending.reason, ...left].join("; "), outputs: what.outputs };
    return what;
  };
  if (assignment.job?.mustEnd) end("killed", "stopped");
  return {
    assignment,
    startedMs: performance.now(),
    ended: run(),
    end,
    ...(assignment.job ? { job: { isThere: job.promise, handOver: (why) => end("lost", why, true) } } : {}),
  };
}

async function endAll(starting: readonly Promise<number | undefined>[], prefix: string, graceMs: number) {
  const groups = Promise.all(starting);
  // A guard that does not answer may have started it all the same; then its marker is all that is known of it.
  const isAnswered = await Promise.race([groups.then(() => true), delay(guardPatienceMs, false)]);
  if (!isAnswered) await endProcesses({ groups: [], prefix, graceMs: 0 });
  const known = (await groups).filter((group) => group !== undefined);
  return endProcesses({ groups: known, prefix, graceMs });
}

const guardPatienceMs = 200;

/** Ends with a dot: the marker of attempt 1 is no beginning of attempt 11's. */
export const attemptMarker = (
  prefix: string,
  { taskInstance, attempt }: { taskInstance: string; attempt: number },
): string => `${prefix}${taskInstance}.${attempt}.`;

interface Run {
  readonly prefix: string;
  readonly groups: Promise<number | undefined>[];
  readonly signal: AbortSignal;
  readonly abandoned: AbortSignal;
  readonly jobIsThere: (job: string) => void;
  readonly leaves: (what: string) => void;
  readonly lose: (reason: string) => void;
  readonly beforeLogEnds: () => Promise<void>;
}

async function runExecutor(deps: AttemptDeps, assignment: Assignment, run: Run): Promise<AttemptEnd> {
  const name = `${assignment.taskInstance}.${assignment.attempt}`;
  const directory = join(deps.attemptsFolder, name);
  const executor = deps.executors.get(assignment.task.type);
  const written: string[] = [];
  let follower: LogFollower | undefined;
  let log: AttemptLog | undefined;
  let what: ExecutorEnd;
  try {
    log = createAttemptLog(join(deps.logsFolder, `${name}.log`), assignment, deps.logLimitBytes, assignment.secrets);
    const declared = executor?.setsOutputsByLog === true ? assignment.task.outputs.map((output) => output.name) : [];
    follower = deps.followLog(log, declared);
    mkdirSync(directory);
    if (executor === undefined) {
      throw new AttemptFailure(`this worker cannot run tasks of type \`${assignment.task.type}\``);
    }
    const mustRun = executor.isAsynchronous === true;
    if (assignment.files.length > 0 && !mustRun) await deps.files.place(assignment.files, directory, run.signal);
    what =
      run.signal.aborted && !mustRun
        ? { outcome: "failed", reason: "it was ended before it began" }
        : await executor.run(contextOf(deps, assignment, { ...run, directory, log, written }));
  } catch (error) {
    what = { outcome: "failed", reason: explain(error) };
    noteQuietly(log, what.reason);
  }
  const outputs = what.outputs ?? {};
  const exit = what.exitCode === undefined ? {} : { exitCode: what.exitCode };
  return close(
    what.outcome === "succeeded"
      ? { outcome: "succeeded", ...exit, outputs }
      : {
          outcome: "failed",
          ...exit,
          reason: what.reason.includes(diskIsFull) ? what.reason : `${what.reason}${diskHint(deps.logsFolder)}`,
          outputs,
        },
  );

  async function close(end: AttemptEnd): Promise<AttemptEnd> {
    await run.beforeLogEnds();
    const found = await follower?.end().catch((error: unknown) => explain(error));
    void removeDirectory(deps, assignment, directory, written);
    const all = typeof found === "string" ? unread(end, found) : { ...end, outputs: { ...end.outputs, ...found } };
    const mask = secretMask(assignment.secrets ?? []);
    // What a program says of its failure may hold what it was given.
    return "reason" in all && mask !== undefined ? { ...all, reason: mask.inText(all.reason) } : all;
  }
}

/** A success whose outputs nobody can read is none to those that wait for them. */
function unread(end: AttemptEnd, why: string): AttemptEnd {
  if (end.outcome !== "succeeded") return end;
  return { outcome: "failed", reason: `its log cannot be read to the end: ${why}`, outputs: end.outputs };
}

interface Surroundings extends Run {
  readonly directory: string;
  readonly log: AttemptLog;
  readonly written: string[];
}

function contextOf(deps: AttemptDeps, assignment: Assignment, around: Surroundings): ExecutorContext {
  const { task, scope, baseTimeMs, zone } = assignment;
  const values = { ...scope, "system.task.execute.path": around.directory };
  const substitution: Substitution = { values, baseTimeMs, zone };
  const script = (): string => {
    if (task.script === undefined) throw new AttemptFailure("the task has no script");
    return task.script.raw ? task.script.text : substituteScript(task.script.text, substitution);
  };
  const write = (name: string, text: string, mode: number): string => {
    const path = join(around.directory, name);
    writeFileSync(path, text, { mode });
    around.written.push(path);
    return path;
  };
  return {
    assignment,
    directory: around.directory,
    signal: around.signal,
    abandoned: around.abandoned,
    leaseLeftMs: () => deps.leaseLeftMs(assignment),
    placeFiles: () => deps.files.place(assignment.files, around.directory, around.abandoned),
    jobIsThere: around.jobIsThere,
    leaves: around.leaves,
    script,
    writeScript: (name) => write(name, script(), 0o700),
    writeFile: (name, text) => write(name, text, 0o600),
    text: (value, attribute) => {
      const { text, unknown } = substituteText(value, substitution);
      if (unknown.length === 0) return text;
      throw new AttemptFailure(
        `${attribute} names ${unknown.join(", ")}, which is not in scope: declare it as \`param\` or \`in\``,
      );
    },
    process: async (command, args, extra = {}) => {
      if (around.signal.aborted) throw new AttemptFailure("it was ended before it began");
      const { group: starting, ended } = deps.guard.start({
        command,
        args,
        directory: around.directory,
        environment: environmentOf(
          assignment,
          values,
          { ...extra, PWD: around.directory },
          {
            [markerName]: around.prefix,
            [workerFolderName]: deps.workerFolder,
          },
        ),
        log: around.log.path,
        leaseLeftMs: () => (around.signal.aborted ? 0 : deps.leaseLeftMs(assignment)),
      });
      around.groups.push(starting);
      const group = await starting;
      const end = await ended;
      if (end.kind === "lost" && !around.signal.aborted) around.lose(end.reason);
      if (group !== undefined) {
        // The leader's end is the attempt's end: what it left in its group ends too; in its own time where it is being ended.
        if (!around.signal.aborted) signalGroup(group, "SIGKILL");
        await around.beforeLogEnds();
        if (isGroupAlive(group)) await endProcesses({ groups: [group], prefix: around.prefix, graceMs: 0 });
        deps.guard.over(group);
      }
      return end;
    },
    note: (line) => around.log.note(line),
    write: (bytes) => around.log.write(bytes),
  };
}

function environmentOf(
  assignment: Assignment,
  values: { readonly [name: string]: string },
  extra: Environment,
  marks: Environment,
): Environment {
  const environment: { [name: string]: string } = { ...extra, ...assignment.environment };
  for (const [name, value] of Object.entries(values)) {
    environment[`PORPOISE_${name.replaceAll(".", "_").toUpperCase()}`] = value;
  }
  // Last, so that no parameter of such a name takes their place.
  environment["PORPOISE_TASK_INSTANCE"] = assignment.taskInstance;
  environment["PORPOISE_ATTEMPT"] = String(assignment.attempt);
  return { ...environment, ...marks };
}

async function removeDirectory(
  deps: AttemptDeps,
  assignment: Assignment,
  directory: string,
  written: readonly string[],
): Promise<void> {
  try {
    // Most attempts leave nothing but their script: two calls instead of a walk, beside the event loop.
    for (const path of written) await unlink(path);
    await rmdir(directory);
  } catch {
    await rm(directory, { recursive: true, force: true }).catch((error: unknown) => {
      const fields = { ...ofAttempt(assignment), directory, reason: explain(error) };
      deps.log.warn(fields, "an attempt's directory could not be removed");
    });
  }
}

function complain(deps: AttemptDeps, assignment: Assignment, left: readonly number[]): void {
  if (left.length === 0) return;
  deps.log.error({ ...ofAttempt(assignment), processes: left }, "processes of an ended attempt are still there");
}

// The disk may be full; then the reason stands in the report alone.
function noteQuietly(log: AttemptLog | undefined, line: string): void {
  try {
    log?.note(line);
  } catch {
    return;
  }
}

const diskIsFull = "the disk of this worker's data folder is full: free some space there";

// A script on a full disk fails with whatever its tools make of it; the reason is here.
function diskHint(folder: string): string {
  try {
    return statfsSync(folder).bavail === 0 ? `; ${diskIsFull}` : "";
  } catch {
    return "";
  }
}

function explain(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") return diskIsFull;
  return error instanceof Error ? error.message : String(error);
}
