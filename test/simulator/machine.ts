// A worker's machine: its disk (the journal) outlives the worker, its guard starts and ends the processes of attempts by the
// guard's own rules, and the processes bear witness of themselves.

import type { Assignment, AttemptRef } from "../../scheduler/wire/messages.ts";
import type { AttemptEnd, RunningAttempt } from "../../scheduler/worker/attempt.ts";
import { attemptKey } from "../../scheduler/worker/attempt-key.ts";
import type { EndedAttempt, Journal } from "../../scheduler/worker/journal.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Witness, Witnessed } from "./witness.ts";
import type { World } from "./world.ts";

export interface Machine {
  readonly name: string;
  /** A worker starts on it: what a former one left running ends first. */
  moveIn(process: SimulatedProcess): { readonly journal: Journal; readonly start: Start };
  /** The worker stands still from now on. */
  frozen(): void;
  /** What runs now ends soon, each as it would have: nothing is learnt from waiting for it. */
  hurry(): void;
}

type Start = (assignment: Assignment, leaseLeftMs: () => number) => RunningAttempt;

/** How a task behaves, whatever runs it: a test's choice by task and attempt. */
export interface Behaviour {
  readonly forMs: number;
  readonly outcome: "succeeded" | "failed";
}

export interface MachineDeps {
  readonly world: World;
  readonly name: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly witness: Witness;
  readonly behaviour: (assignment: Assignment) => Behaviour;
}

interface Running {
  readonly seen: Witnessed;
  /** Which life of the guard runs it. */
  readonly worker: SimulatedProcess;
  stop: () => void;
  /** It ends by itself. */
  readonly finish: () => void;
  /** Tells the worker how it ended. */
  readonly tell: (end: "succeeded" | "failed" | "cut" | "fenced") => void;
}

export function machine(deps: MachineDeps): Machine {
  const { world, witness } = deps;
  const running = new Set<Running>();
  const taken = new Map<string, AttemptRef>();
  const ended = new Map<string, EndedAttempt>();
  let worker: SimulatedProcess | undefined;

  const killAll = (why: "cut" | "fenced"): void => {
    for (const one of [...running]) kill(one, why);
  };
  const kill = (one: Running, why: "cut" | "fenced"): void => {
    if (!running.delete(one)) return;
    one.stop();
    witness.end(one.seen, "cut");
    one.tell(why);
  };

  const journal = (): Journal => ({
    left: { taken: [...taken.values()], ended: [...ended.values()] },
    taken: (refs) => {
      for (const ref of refs) taken.set(attemptKey(ref), ref);
    },
    ended: (one) => {
      taken.delete(attemptKey(one.ref));
      ended.set(attemptKey(one.ref), one);
    },
    forget: (key) => {
      taken.delete(key);
      ended.delete(key);
    },
    close: () => {},
  });

  const startOn =
    (here: SimulatedProcess): Start =>
    (assignment, leaseLeftMs) => {
      const done = Promise.withResolvers<AttemptEnd>();
      let process: Running | undefined;
      let ending: { readonly outcome: "killed" | "lost"; readonly reason: string } | undefined;
      const conclude = (how: "succeeded" | "failed" | "cut" | "fenced" | "late"): void => {
        if (ending !== undefined) done.resolve({ ...ending, outputs: {} });
        else if (how === "succeeded") done.resolve({ outcome: "succeeded", exitCode: 0, outputs: {} });
        else if (how === "failed") done.resolve({ outcome: "failed", exitCode: 1, reason: "exit code 1", outputs: {} });
        else done.resolve({ outcome: "lost", reason: `its worker stood still (${how})`, outputs: {} });
      };
      // The guard is another process: it hears of it a moment later, also when the worker has frozen meanwhile.
      const notAfterMs = world.nowMs() + leaseLeftMs();
      world.after(0.2 + world.random() * 3, () => {
        if (!here.isAlive()) return; // its pipe is closed, and the guard is on its way out
        if (ending !== undefined || world.nowMs() > notAfterMs) {
          here.deliver(() => conclude("late"));
          return;
        }
        process = begin(here, assignment, (how) => here.deliver(() => conclude(how)));
      });
      return {
        assignment,
        startedMs: here.clock.monotonicMs(),
        ended: done.promise,
        end: (outcome, reason) => {
          if (ending !== undefined && (ending.outcome === "lost" || outcome === "killed")) return;
          ending = { outcome, reason };
          const graceMs = outcome === "lost" ? 0 : world.random() * deps.graceMs;
          const isStarted = process;
          if (isStarted !== undefined) world.after(1 + graceMs, () => kill(isStarted, "cut"));
        },
      };
    };

  const begin = (here: SimulatedProcess, assignment: Assignment, tell: Running["tell"]): Running => {
    const { forMs, outcome } = deps.behaviour(assignment);
    const one: Running = {
      seen: witness.begin({
        taskInstance: assignment.taskInstance,
        attempt: assignment.attempt,
        machine: deps.name,
        pool: assignment.task.taskGroup?.name,
      }),
      worker: here,
      stop: world.after(forMs, () => one.finish()),
      finish: () => {
        running.delete(one);
        witness.end(one.seen, outcome);
        one.tell(outcome);
      },
      tell,
    };
    running.add(one);
    return one;
  };

  return {
    name: deps.name,
    hurry: () => {
      for (const one of running) {
        one.stop();
        one.stop = world.after(world.random() * 2_000, one.finish);
      }
    },
    moveIn: (process) => {
      killAll("cut");
      worker = process;
      process.onDeath(() => {
        // The pipe closes at once; the guard needs a moment to kill.
        world.after(1 + world.random() * 100, () => {
          for (const one of [...running]) if (one.worker === process) kill(one, "cut");
        });
      });
      return { journal: journal(), start: startOn(process) };
    },
    frozen: () => {
      const here = worker;
      const silenceMs = deps.leaseMs / 2;
      // The last beat was up to a fifth of the silence ago; the guard looks ten times within it.
      const inMs = silenceMs * (0.8 + world.random() * 0.3);
      world.after(inMs, () => {
        if (here?.isFrozen()) for (const one of [...running]) if (one.worker === here) kill(one, "fenced");
      });
    },
  };
}
