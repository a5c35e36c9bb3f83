// Runs an attempt of an asynchronous type: begins its job under a key that was saved before, or takes over what a lost attempt began
// under it; watches until the job is over; ends the job when the attempt is killed, and leaves it when the attempt is lost.
//
//   earlier submissions ended → found under the key? ─no→ submitted ─→ watched → succeeded | failed
//                                                    └yes→ taken over ┘
//   killed: cancelled, until it is gone     lost, handed over: left to the attempt that follows
//
// No answer means unknown, and unknown is asked again: a system that is away fails nothing that it may have taken.

import { createHash } from "node:crypto";
import type { Assignment, JobAssignment } from "../../wire/messages.ts";
import { AttemptFailure, type Executor, type ExecutorContext, type ExecutorEnd } from "../executors/contract.ts";
import { type FoundJob, JobRefused, type Jobs, type JobType } from "./contract.ts";
import { growing, type JobPace, type Limit, limit, pause, usualPace, withLimit } from "./pace.ts";

export function asynchronous(jobType: JobType, pace: JobPace = usualPace): Executor {
  return {
    type: jobType.type,
    // Whoever runs the job must not be able to set outputs by what it answers.
    setsOutputsByLog: false,
    isAsynchronous: true,
    run: async (context) => {
      const { job, datasource } = context.assignment;
      if (job === undefined) throw new AttemptFailure("the assignment names no submission");
      const cluster = datasource?.cluster ?? "";
      return runJob({ jobs: jobType.open(context), context: quiet(context), pace, job, cluster });
    },
  };
}

/** A full disk of this worker ends no job elsewhere. */
function quiet(context: ExecutorContext): ExecutorContext {
  const attempt = (tell: () => void): void => {
    try {
      tell();
    } catch {
      return;
    }
  };
  return {
    ...context,
    note: (line) => attempt(() => context.note(line)),
    write: (bytes) => attempt(() => context.write(bytes)),
  };
}

interface Run {
  readonly jobs: Jobs;
  readonly context: ExecutorContext;
  readonly pace: JobPace;
  readonly job: JobAssignment;
  readonly cluster: string;
}

/** 32 hexadecimal digits that no other submission has, of this cluster or another: as Flink wants ids, and short enough for names. */
export function jobKey(cluster: string, { taskInstance }: Pick<Assignment, "taskInstance">, attempt: number): string {
  return createHash("sha256").update(`${cluster} ${taskInstance} ${attempt}`).digest("hex").slice(0, 32);
}

async function runJob(run: Run): Promise<ExecutorEnd> {
  const { context, job } = run;
  const keyOf = (attempt: number): string => jobKey(run.cluster, context.assignment, attempt);
  const key = keyOf(job.submission.attempt);
  const earlier = job.earlier.map(({ attempt }) => keyOf(attempt));
  const trail: Trail = { mayBeThere: !isFirst(run), isInDoubt: !isFirst(run) && job.submission.job === undefined };
  try {
    for (const one of earlier) await endEarlier(run, one);
    const begun = await begin(run, key, trail);
    return await watch(run, key, begun);
  } catch (error) {
    if (!context.signal.aborted) throw error;
  }
  if (!context.abandoned.aborted) await endAll(run, trail.mayBeThere ? [key, ...earlier] : earlier, trail);
  if (context.abandoned.aborted && trail.mayBeThere) {
    context.note("the job is left as it is: another attempt takes it over");
  }
  // The worker says how it ended.
  return { outcome: "failed", reason: "it was ended" };
}

/** What is known of the submission. */
interface Trail {
  /** Somebody may have submitted it. */
  mayBeThere: boolean;
  /** Somebody has, or may have, and does not know whether it was taken: it may still come. */
  isInDoubt: boolean;
}

/** Not so where it takes over from an attempt that was lost, whose job may run: then the system may be away as long as it likes. */
const isFirst = ({ job, context }: Run): boolean => job.submission.attempt === context.assignment.attempt;
const patienceToBegin = (run: Run): number => (isFirst(run) ? run.pace.beginLimitMs : Number.POSITIVE_INFINITY);

/** None of the task's jobs may run beside another. */
async function endEarlier(run: Run, key: string): Promise<void> {
  const { context, jobs } = run;
  const found = await askUntilAnswered(run, key, patienceToBegin(run));
  if (found.kind !== "running") return;
  context.note(`job ${found.job} of an earlier attempt still runs: it is ended first`);
  if (!(await endOne(run, key, context.signal))) {
    context.signal.throwIfAborted();
    throw new AttemptFailure(`job ${found.job} of an earlier attempt still runs, and ${jobs.system} does not end it`);
  }
}

/** Resolves to the job, which is there. */
async function begin(run: Run, key: string, trail: Trail): Promise<PresentJob> {
  const { context, jobs, pace, job } = run;
  const patience = limit(patienceToBegin(run));
  let absence: Limit | undefined;
  let hasSubmitted = false;
  /** The system has said that it has it: then it is not submitted again, though it may not be found yet. */
  let isTaken = job.submission.job !== undefined;
  let refused: JobRefused | undefined;
  let unanswered: string | undefined;
  for (const pauses = growing(pace); ; ) {
    // What it may have taken is waited for as long as it is away.
    const found = await askUntilAnswered(run, key, trail.isInDoubt ? Number.POSITIVE_INFINITY : patience.leftMs());
    if (found.kind !== "absent") {
      const what = hasSubmitted ? `${jobs.system} runs job` : "carrying on from an attempt that was lost: job";
      context.note(`${what} ${found.job}${addressOf(found)}`);
      trail.isInDoubt = false;
      context.jobIsThere(found.job);
      return found;
    }
    if (refused !== undefined) throw new AttemptFailure(`${jobs.system} refuses the job: ${refused.message}`);
    if (isTaken) {
      absence ??= limit(pace.forgottenMs);
      if (absence.leftMs() <= 0) throw new AttemptFailure(forgotten(jobs, job.submission.job ?? key));
      await pause(pauses.next(), context.signal);
      continue;
    }
    if (unanswered !== undefined && patience.leftMs() <= 0) {
      throw new AttemptFailure(`${jobs.system} does not take the job: ${unanswered}`);
    }
    await leaseHolds(context, context.signal);
    hasSubmitted = trail.mayBeThere = trail.isInDoubt = true;
    try {
      // A kill does not cut it off: what is under way could not be found, and so not be ended.
      await withLimit(context.abandoned, pace.submitAnswerMs, (signal) => jobs.submit(key, signal));
      isTaken = true;
    } catch (error) {
      if (error instanceof AttemptFailure) throw error;
      if (error instanceof JobRefused) {
        isTaken = error.isTaken;
        if (isTaken) continue;
        trail.isInDoubt = false;
        refused = error;
        continue;
      }
      context.signal.throwIfAborted();
      unanswered = reason(error);
      context.note(`whether ${jobs.system} took the job is not known, looking again: ${unanswered}`);
      await pause(pauses.next(), context.signal);
    }
  }
}

type PresentJob = Exclude<FoundJob, { readonly kind: "absent" }>;

async function watch(run: Run, key: string, begun: PresentJob): Promise<ExecutorEnd> {
  const { context, jobs, pace } = run;
  let present = begun;
  let absence: Limit | undefined;
  for (const pauses = growing(pace); ; ) {
    switch (present.kind) {
      case "succeeded":
        context.note(`job ${present.job} has succeeded`);
        return { outcome: "succeeded" };
      case "failed":
        if (present.details !== undefined) context.write(Buffer.from(`${present.details.trimEnd()}\n`));
        return { outcome: "failed", reason: `job ${present.job} has failed: ${present.reason}` };
      case "cancelled":
        return { outcome: "failed", reason: `job ${present.job} was cancelled in ${jobs.system}` };
      case "running":
        break;
    }
    await pause(pauses.next(), context.signal);
    const found = await askUntilAnswered(run, key, Number.POSITIVE_INFINITY);
    if (found.kind === "absent") {
      absence ??= limit(pace.forgottenMs);
      if (absence.leftMs() <= 0) return { outcome: "failed", reason: forgotten(jobs, present.job) };
      continue;
    }
    absence = undefined;
    if (found.kind === "running" && found.state !== present.state) {
      context.note(`job ${found.job} is ${found.state}`);
      pauses.restart();
    }
    present = found;
  }
}

const forgotten = (jobs: Jobs, job: string): string =>
  `${jobs.system} does not know job ${job} any more: it was restarted without its jobs, or the job ended too long ago`;

/** An attempt that was killed leaves none of the task's jobs. */
async function endAll(run: Run, keys: readonly string[], { isInDoubt }: Trail): Promise<void> {
  const { abandoned } = run.context;
  for (const [index, key] of keys.entries()) {
    const absentMs = index === 0 && isInDoubt ? run.pace.forgottenMs : 0;
    if (abandoned.aborted || (await endOne(run, key, abandoned, absentMs))) continue;
    if (abandoned.aborted) return;
    const left = `job ${key} may still run: ${run.jobs.system} did not end it within ${run.pace.endLimitMs / 1000} s`;
    run.context.note(left);
    run.context.leaves(left);
  }
}

/** Resolves to whether it is gone. `absentMs`: how long the system must say that it has no such job before it is believed. */
async function endOne({ jobs, context, pace }: Run, key: string, signal: AbortSignal, absentMs = 0): Promise<boolean> {
  const patience = limit(pace.endLimitMs);
  let absence: Limit | undefined;
  let told = "";
  for (const pauses = growing(pace); ; ) {
    try {
      const found = await withLimit(signal, pace.answerMs, (each) => jobs.find(key, each));
      if (found.kind === "absent") {
        absence ??= limit(absentMs);
        if (absence.leftMs() <= 0) return true;
      } else if (found.kind === "running") {
        await leaseHolds(context, signal);
        await withLimit(signal, pace.answerMs, (each) => jobs.cancel(key, each));
      } else {
        context.note(`job ${found.job} is over: ${found.kind}`);
        return true;
      }
    } catch (error) {
      if (signal.aborted) return false;
      if (reason(error) !== told) context.note(`the job is not ended yet: ${reason(error)}`);
      told = reason(error);
    }
    if (patience.leftMs() <= 0) return false;
    await pause(Math.min(pauses.next(), 1_000), signal).catch(() => {});
    if (signal.aborted) return false;
  }
}

/** Asks for the job until the system answers; throws when the attempt is to end, or an `AttemptFailure` after the limit. */
async function askUntilAnswered({ jobs, context, pace }: Run, key: string, limitMs: number): Promise<FoundJob> {
  const patience = limit(limitMs);
  let told = "";
  for (const pauses = growing(pace); ; ) {
    try {
      const found = await withLimit(context.signal, pace.answerMs, (each) => jobs.find(key, each));
      if (told !== "") context.note(`${jobs.system} answers again`);
      return found;
    } catch (error) {
      context.signal.throwIfAborted();
      if (patience.leftMs() <= 0) throw new AttemptFailure(`${jobs.system} does not answer: ${reason(error)}`);
      if (reason(error) !== told) context.note(`${jobs.system} does not answer, asking again: ${reason(error)}`);
      told = reason(error);
    }
    await pause(pauses.next(), context.signal);
  }
}

/** A worker that was frozen may have lost the job to another attempt: nothing is done to it until that is known. */
async function leaseHolds(context: ExecutorContext, signal: AbortSignal): Promise<void> {
  while (context.leaseLeftMs() <= 0) await pause(50, signal);
}

const addressOf = (found: PresentJob): string =>
  found.kind === "running" && found.address !== undefined ? `: ${found.address}` : "";

// `fetch` says only "fetch failed"; why is in its cause.
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
