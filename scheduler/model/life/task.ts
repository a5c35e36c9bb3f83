// The life of one task of one instance: which event leads where (`next`), and what a state asks its owner to do (`duties`).
//
//   state        event → state
//   (absent)     ready → submitted | delayed | disabled | skipped | paused | succeeded (dry run)
//   submitted    assigned → dispatched · began → running (a logic task) · refused → failed · pause → paused · stop → killed
//   delayed      due → submitted · pause → paused · stop → killed
//   dispatched   started → running · ended → (as running) · returned → submitted
//   running      timedOut → running (to be ended) · ended → succeeded | failed | killed | retry_wait | submitted (lost)
//                held → paused, its attempt open (a logic task)
//   retry_wait   due → submitted · pause → paused · stop → killed
//   paused       resume → submitted, or running where its attempt is open · stop → killed, or running to be ended
//   submitted, paused: a task whose lost attempt may have left a job elsewhere is not killed by a stop; its next attempt ends the job
//   over         rerun → submitted; failed, killed: forceSuccess → forced_success; else final
//
// A logic task is run by its master itself: it never has a worker, and goes from submitted straight to running.
// An event that a state does not know, or that speaks of another attempt, changes nothing.

import type { TaskDefinition } from "../definition.ts";
import type { Incarnation } from "../ids.ts";
import type { TaskInstanceState } from "../states.ts";

/** What every state of a task remembers of its tries. */
interface Tries {
  /** Number of the newest attempt; 0 before the first. */
  readonly attempt: number;
  /** Attempts that were used up as retries since the task was last (re)started by a person or a trigger. */
  readonly retriesUsed: number;
  /** Attempts lost with their workers since then. */
  readonly lost: number;
}

export type TaskLife =
  | (Tries & {
      readonly state: "submitted";
      readonly sinceMs: number;
      /** The next attempt takes over what the last one left: the child of a sub-workflow that failed, a lost attempt's job elsewhere. */
      readonly carriesOn: boolean;
    })
  | (Tries & { readonly state: "delayed" | "retry_wait"; readonly untilMs: number })
  | (Tries & { readonly state: "dispatched"; readonly worker: Incarnation })
  | (Tries & {
      readonly state: "running";
      /** Null: its master runs it (a logic task). */
      readonly worker: Incarnation | null;
      readonly sinceMs: number;
      /** The attempt's time is up. Unless it is only to warn, the attempt is being ended, and its end counts as a failure. */
      readonly timedOut: boolean;
    })
  /** `carriesOn`: its attempt is still open, or what a lost one left; that goes on when it is resumed. */
  | (Tries & { readonly state: "paused"; readonly carriesOn: boolean })
  | (Tries & {
      readonly state: OverState;
      readonly reason?: string;
      /** Of a `switch` or `conditions` that has decided: the tasks its branch leads to. */
      readonly branch?: readonly number[];
    });

const overStates = ["killed", "failed", "succeeded", "forced_success", "skipped", "disabled"] as const;
export type OverState = (typeof overStates)[number];

export const isOverState = (state: TaskInstanceState): state is OverState => overStates.some((over) => over === state);
export const isActive = (life: TaskLife): boolean => !isOverState(life.state) && life.state !== "paused";

/** `running`: tasks start and are tried again. `pausing`: what runs may end. `stopping`, `ending` (a failure ends the rest): all is killed. */
export type InstanceMode = "running" | "pausing" | "stopping" | "ending";

export type TaskEvent =
  | { readonly kind: "due" }
  | { readonly kind: "assigned"; readonly worker: Incarnation }
  /** Its master runs it now. */
  | { readonly kind: "began"; readonly atMs: number }
  /** It cannot be run at all (an environment that is not there, no worker in time): no attempt is made. */
  | { readonly kind: "refused"; readonly reason: string }
  /** What a logic task waits for has come to rest because the instance pauses. */
  | { readonly kind: "held"; readonly attempt: number }
  /** `job`: the id of what it began elsewhere, once it is there. */
  | { readonly kind: "started"; readonly attempt: number; readonly atMs: number; readonly job?: string }
  | { readonly kind: "timedOut"; readonly attempt: number }
  | {
      readonly kind: "ended";
      readonly attempt: number;
      readonly atMs: number;
      readonly outcome: "succeeded" | "failed" | "killed" | "lost";
      readonly reason?: string;
      readonly branch?: readonly number[];
      /** Of `lost`: its worker gave it away in good order, which counts for nothing. */
      readonly handedOver?: true;
    }
  /** The worker did not take it (it drains): the attempt never ran and counts for nothing. */
  | { readonly kind: "returned"; readonly attempt: number }
  | { readonly kind: "pause" | "stop" | "resume" | "rerun" | "forceSuccess" };

export interface TaskRules {
  readonly task: Pick<TaskDefinition, "retries" | "retryIntervalMs" | "timeout" | "dispatchTimeoutMs">;
  readonly mode: InstanceMode;
  /** The database's time. */
  readonly nowMs: number;
  /** After so many attempts lost with their workers the task fails, so that it cannot take every worker down in turn. */
  readonly lostLimit: number;
  /** Of an asynchronous type: its attempts watch over a job elsewhere, which goes on without them. */
  readonly job?: {
    /** A lost attempt may have left one: the newest was lost, or took over from one that was. */
    readonly isLeft: boolean;
    /** When the first attempt of the present submission started: its time counts from there, whoever watches. */
    readonly sinceMs?: number;
  };
}

const fresh: Tries = { attempt: 0, retriesUsed: 0, lost: 0 };
const tries = ({ attempt, retriesUsed, lost }: Tries): Tries => ({ attempt, retriesUsed, lost });

export interface BirthOptions {
  readonly mode: "running" | "pausing";
  readonly dryRun: boolean;
  readonly nowMs: number;
  /** Number of the newest attempt of an earlier run of the same instance; 0 when there is none. */
  readonly lastAttempt: number;
  /** Every branch that leads here was skipped. */
  readonly branchSkipped: boolean;
}

/** The first state of a task whose predecessors are over. */
export function born(task: Pick<TaskDefinition, "enabled" | "delayMs">, options: BirthOptions): TaskLife {
  const start = { ...fresh, attempt: options.lastAttempt };
  if (options.branchSkipped) return { ...start, state: "skipped" };
  if (!task.enabled) return { ...start, state: "disabled" };
  if (options.mode === "pausing") return { ...start, state: "paused", carriesOn: false };
  if (options.dryRun) return { ...start, state: "succeeded" };
  if (task.delayMs > 0) return { ...start, state: "delayed", untilMs: options.nowMs + task.delayMs };
  return submitted(start, options.nowMs);
}

const submitted = (life: Tries, sinceMs: number, carriesOn = false): TaskLife => ({
  ...tries(life),
  state: "submitted",
  sinceMs,
  carriesOn,
});

/** The state after an event; the very same object when the event changes nothing. */
export function next(life: TaskLife, event: TaskEvent, rules: TaskRules): TaskLife {
  switch (life.state) {
    case "submitted":
      if (event.kind === "assigned") {
        return { ...tries(life), state: "dispatched", attempt: life.attempt + 1, worker: event.worker };
      }
      if (event.kind === "began") return running({ ...life, attempt: life.attempt + 1 }, null, event.atMs);
      if (event.kind === "refused") return { ...tries(life), state: "failed", reason: event.reason };
      return waiting(life, event, rules);
    case "delayed":
    case "retry_wait":
      if (event.kind === "due") return submitted(life, rules.nowMs);
      return waiting(life, event, rules);
    case "dispatched":
    case "running":
      return underWay(life, event, rules);
    case "paused":
      if (life.carriesOn && (event.kind === "resume" || event.kind === "stop")) {
        return rules.job ? submitted(life, rules.nowMs, true) : running(life, null, rules.nowMs);
      }
      if (event.kind === "resume") return submitted(life, rules.nowMs);
      return waiting(life, event, rules);
    case "killed":
    case "failed":
    case "succeeded":
    case "forced_success":
    case "skipped":
    case "disabled":
      return over(life, event, rules);
  }
}

const running = (life: Tries, worker: Incarnation | null, sinceMs: number): TaskLife => ({
  ...tries(life),
  state: "running",
  worker,
  sinceMs,
  timedOut: false,
});

type UnderWay = Extract<TaskLife, { readonly state: "dispatched" | "running" }>;

function waiting(life: TaskLife, event: TaskEvent, { job }: TaskRules): TaskLife {
  const hasJob = job !== undefined && life.state === "submitted" && life.carriesOn;
  if (event.kind === "pause" && life.state !== "paused") {
    return { ...tries(life), state: "paused", carriesOn: hasJob };
  }
  if (event.kind === "stop" && hasJob) return life;
  if (event.kind === "stop") return { ...tries(life), state: "killed", reason: "stopped before it ran" };
  return life;
}

function underWay(life: UnderWay, event: TaskEvent, rules: TaskRules): TaskLife {
  switch (event.kind) {
    case "started":
      if (event.attempt !== life.attempt || life.state === "running") return life;
      return running(life, life.worker, Math.min(event.atMs, rules.job?.sinceMs ?? event.atMs));
    case "held":
      if (event.attempt !== life.attempt || life.worker !== null || rules.mode !== "pausing") return life;
      return { ...tries(life), state: "paused", carriesOn: true };
    case "timedOut":
      if (event.attempt !== life.attempt || life.state !== "running" || life.timedOut) return life;
      return { ...life, timedOut: true };
    case "returned":
      if (event.attempt !== life.attempt || life.state !== "dispatched") return life;
      return again(life, rules, rules.job?.isLeft ?? false);
    case "ended":
      return event.attempt === life.attempt ? ended(life, event, rules) : life;
    case "due":
    case "assigned":
    case "began":
    case "refused":
    case "pause":
    case "stop":
    case "resume":
    case "rerun":
    case "forceSuccess":
      return life; // a stop is obeyed through the duty to kill; the attempt's end then decides
  }
}

function ended(life: UnderWay, event: Extract<TaskEvent, { readonly kind: "ended" }>, rules: TaskRules): TaskLife {
  const timedOut = life.state === "running" && life.timedOut && rules.task.timeout?.action !== "warn";
  switch (event.outcome) {
    case "succeeded":
      return { ...tries(life), state: "succeeded", ...(event.branch ? { branch: event.branch } : {}) };
    case "lost": {
      const lost = life.lost + (event.handedOver ? 0 : 1);
      if (lost >= rules.lostLimit) {
        const left = rules.job ? ": the job that they watched over may still run" : "";
        return {
          ...tries(life),
          lost,
          state: "failed",
          reason: `${lost} attempts were lost with their workers${left}`,
        };
      }
      return again({ ...tries(life), lost }, rules, rules.job !== undefined);
    }
    case "killed":
      if (!timedOut) return { ...tries(life), state: "killed", ...because(event.reason) };
      return failedOnce(life, event.atMs, timeoutReason(rules), rules);
    case "failed":
      return failedOnce(life, event.atMs, timedOut ? timeoutReason(rules) : event.reason, rules);
  }
}

const because = (reason: string | undefined): { readonly reason?: string } => (reason === undefined ? {} : { reason });

const timeoutReason = (rules: TaskRules): string => `timed out after ${(rules.task.timeout?.afterMs ?? 0) / 1000} s`;

/**
 * An attempt that used nothing up: the task waits for a worker again, unless its instance wants otherwise meanwhile. Even then where
 * `hasJob`: somebody must end the job.
 */
function again(life: Tries, rules: TaskRules, hasJob: boolean): TaskLife {
  switch (rules.mode) {
    case "running":
      return submitted(life, rules.nowMs, hasJob);
    case "pausing":
      return { ...tries(life), state: "paused", carriesOn: hasJob };
    case "stopping":
    case "ending":
      if (hasJob) return submitted(life, rules.nowMs, true);
      return { ...tries(life), state: "killed", reason: "stopped" };
  }
}

function failedOnce(life: Tries, atMs: number, reason: string | undefined, rules: TaskRules): TaskLife {
  const mayRetry = life.retriesUsed < rules.task.retries && (rules.mode === "running" || rules.mode === "pausing");
  if (!mayRetry) return { ...tries(life), state: "failed", ...because(reason) };
  const used = { ...tries(life), retriesUsed: life.retriesUsed + 1 };
  if (rules.mode === "pausing") return { ...used, state: "paused", carriesOn: false };
  if (rules.task.retryIntervalMs === 0) return submitted(used, rules.nowMs);
  return { ...used, state: "retry_wait", untilMs: atMs + rules.task.retryIntervalMs };
}

function over(
  life: Extract<TaskLife, { readonly state: OverState }>,
  event: TaskEvent,
  { nowMs, job }: TaskRules,
): TaskLife {
  if (event.kind === "rerun") {
    const carriesOn = job ? job.isLeft : life.state === "failed" || life.state === "killed";
    return submitted({ ...fresh, attempt: life.attempt }, nowMs, carriesOn);
  }
  if (event.kind === "forceSuccess" && (life.state === "failed" || life.state === "killed")) {
    return { ...tries(life), state: "forced_success" };
  }
  return life;
}

export type TaskDuty =
  /** Find it a worker (a logic task begins by itself); raise `refused` when none took it by the refusal's time. */
  | { readonly kind: "queue"; readonly refusal?: { readonly atMs: number; readonly reason: string } }
  /** Let a logic task go on with what it waits for, or make that pause or stop. */
  | { readonly kind: "carry"; readonly attempt: number; readonly wish: Wish }
  /** Raise `due` at that time. */
  | { readonly kind: "wakeAt"; readonly atMs: number }
  /** Send the attempt to its worker until it answers. */
  | { readonly kind: "dispatch"; readonly attempt: number; readonly worker: Incarnation }
  /** Ask the worker how the attempt stands before anything else is done about it. */
  | { readonly kind: "settle"; readonly attempt: number; readonly worker: Incarnation }
  /** Raise `timedOut` at that time. */
  | { readonly kind: "timeOutAt"; readonly attempt: number; readonly atMs: number }
  | { readonly kind: "kill"; readonly attempt: number; readonly worker: Incarnation; readonly reason: string };

export type Wish = "run" | "pause" | "stop";

/**
 * What the owner owes a task in this state; performing a duty twice does no harm. `recovered`: the state was found in the
 * database by a new owner, who does not know whether its predecessor performed anything.
 */
export function duties(life: TaskLife, how: "entered" | "recovered", rules: TaskRules): readonly TaskDuty[] {
  switch (life.state) {
    case "submitted":
      return [{ kind: "queue", ...dispatchTimeout(life.sinceMs, rules) }];
    case "delayed":
    case "retry_wait":
      return [{ kind: "wakeAt", atMs: life.untilMs }];
    case "dispatched":
    case "running": {
      const { attempt, worker } = life;
      if (worker === null) return life.state === "running" ? logicDuties(life, rules) : [];
      const list: TaskDuty[] = [];
      if (how === "recovered") list.push({ kind: "settle", attempt, worker });
      else if (life.state === "dispatched") list.push({ kind: "dispatch", attempt, worker });
      // A worker never starts what it was told to kill before; this one must start, to end the job that is left.
      const mustStart = life.state === "dispatched" && rules.job?.isLeft === true;
      if ((rules.mode === "stopping" || rules.mode === "ending") && !mustStart)
        list.push({ kind: "kill", attempt, worker, reason: "stopped" });
      else if (life.state === "running") list.push(...timeDuties(life, worker, rules));
      return list;
    }
    case "paused":
    case "killed":
    case "failed":
    case "succeeded":
    case "forced_success":
    case "skipped":
    case "disabled":
      return [];
  }
}

type Running = Extract<TaskLife, { readonly state: "running" }>;

function timeDuties(life: Running, worker: Incarnation, rules: TaskRules): readonly TaskDuty[] {
  if (mustEnd(life, rules)) return [{ kind: "kill", attempt: life.attempt, worker, reason: timeoutReason(rules) }];
  return timeOut(life, rules);
}

function logicDuties(life: Running, rules: TaskRules): readonly TaskDuty[] {
  const { attempt } = life;
  const isStopped = rules.mode === "stopping" || rules.mode === "ending";
  if (isStopped || mustEnd(life, rules)) return [{ kind: "carry", attempt, wish: "stop" }];
  return [{ kind: "carry", attempt, wish: rules.mode === "pausing" ? "pause" : "run" }, ...timeOut(life, rules)];
}

const mustEnd = (life: Running, { task }: TaskRules): boolean => life.timedOut && task.timeout?.action !== "warn";

function timeOut(life: Running, { task }: TaskRules): readonly TaskDuty[] {
  if (task.timeout === undefined || life.timedOut) return [];
  return [{ kind: "timeOutAt", attempt: life.attempt, atMs: life.sinceMs + task.timeout.afterMs }];
}

function dispatchTimeout(sinceMs: number, { task }: TaskRules): Pick<Extract<TaskDuty, { kind: "queue" }>, "refusal"> {
  const { dispatchTimeoutMs: afterMs } = task;
  if (afterMs === undefined) return {};
  return { refusal: { atMs: sinceMs + afterMs, reason: `no worker took it within ${afterMs / 1000} s` } };
}
