// A process of the simulated cluster: a clock of its own, and a life that a fault may end or freeze. What reaches a frozen
// one waits in its sockets and timers until it goes on; what reaches a dead one is lost.

import type { Clock } from "../../scheduler/model/clock.ts";
import type { World } from "./world.ts";

export interface SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  isAlive(): boolean;
  isFrozen(): boolean;
  /** Does it here and now, or when the process goes on; never when it is dead. */
  deliver(act: () => void): void;
  freeze(): void;
  goOn(): void;
  kill(): void;
  /** Its host's clock on the wall jumps. */
  stepWall(ms: number): void;
  /** Called at once when it is killed. */
  onDeath(act: () => void): void;
}

/** `epochMs`: what its host's wall clock showed at the beginning. */
export function simulatedProcess(world: World, name: string, epochMs: number): SimulatedProcess {
  // Monotonic clocks start anywhere.
  const bootMs = world.pick(1_000_000);
  const held: (() => void)[] = [];
  const mourners: (() => void)[] = [];
  let wallStepMs = 0;
  let life: "runs" | "frozen" | "dead" = "runs";

  const deliver = (act: () => void): void => {
    if (life === "runs") act();
    else if (life === "frozen") held.push(act);
  };
  const after: Clock["after"] = (ms, act) => {
    let isOff = false;
    const stop = world.after(Math.max(ms, 0.05), () => deliver(() => !isOff && act()));
    return () => {
      isOff = true;
      stop();
    };
  };
  const clock: Clock = {
    wallMs: () => epochMs + wallStepMs + world.nowMs() + world.skippedMs(),
    monotonicMs: () => bootMs + world.nowMs(),
    after,
    every: (ms, act) => {
      let stop = after(ms, tick);
      let isOff = false;
      function tick(): void {
        act();
        if (!isOff) stop = after(ms, tick);
      }
      return () => {
        isOff = true;
        stop();
      };
    },
    soon: (act) => after(0, act),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const done = (): void => {
          stop();
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const stop = after(ms, done);
        signal?.addEventListener("abort", done, { once: true });
      }),
    random: world.random,
    randomName: (digits) => Array.from({ length: digits }, () => world.pick(16).toString(16)).join(""),
  };

  return {
    name,
    clock,
    isAlive: () => life !== "dead",
    isFrozen: () => life === "frozen",
    deliver,
    freeze: () => {
      if (life === "runs") life = "frozen";
    },
    goOn: () => {
      if (life !== "frozen") return;
      life = "runs";
      // One after the other, and not all in one moment: a process that wakes works off what has gathered.
      held.splice(0).forEach((act, index) => {
        world.after(index * 0.01, () => deliver(act));
      });
    },
    kill: () => {
      if (life === "dead") return;
      life = "dead";
      held.length = 0;
      for (const act of mourners) act();
    },
    stepWall: (ms) => {
      wallStepMs += ms;
    },
    onDeath: (act) => void mourners.push(act),
  };
}
