// The worker's side of its guard: starts it, beats, tells it what to watch over, and starts another one when it is gone.

import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "../model/logger.ts";
import { fencedExitCode } from "./guard/guard.ts";
import { nodeEnvironment } from "./node-environment.ts";

export interface GuardDeps {
  /** How a guard is started; the marker's prefix and the silence are added. */
  readonly command: readonly string[];
  readonly prefix: string;
  /** No beat for so long, and the guard ends everything: half a lease. */
  readonly silenceMs: number;
  readonly log: Logger;
}

export interface Guard {
  watch(group: number): void;
  over(group: number): void;
  /** True: the guard has ended what ran, because this process could not be heard; asked when an attempt died of SIGKILL. */
  hasFenced(): Promise<boolean>;
  /** Lets it go; it makes sure of what is left. Resolves when it is gone. */
  close(): Promise<void>;
}

const answerLimitMs = 2_000;
const restartPauseMs = 500;

export function startGuard(deps: GuardDeps): Guard {
  const groups = new Set<number>();
  let current = start();
  let isClosing = false;
  let restart: NodeJS.Timeout | undefined;
  const beat = setInterval(() => current.say("."), Math.max(10, deps.silenceMs / 5));

  function start() {
    const running = runGuard(deps);
    for (const group of groups) running.say(`+${group}`);
    void running.gone.then((exitCode) => {
      if (isClosing) return;
      const what =
        exitCode === fencedExitCode
          ? "the guard heard nothing of this worker and ended its attempts"
          : "the guard is gone";
      deps.log.error({ exitCode }, `${what}; another one is started`);
      restart = setTimeout(() => {
        current = start();
      }, restartPauseMs);
    });
    return running;
  }

  return {
    watch: (group) => {
      groups.add(group);
      current.say(`+${group}`);
    },
    over: (group) => {
      groups.delete(group);
      current.say(`-${group}`);
    },
    hasFenced: () => current.hasFenced(),
    close: async () => {
      isClosing = true;
      clearInterval(beat);
      clearTimeout(restart);
      current.letGo();
      await current.gone;
    },
  };
}

function runGuard({ command, prefix, silenceMs, log }: GuardDeps) {
  const [program = process.execPath, ...args] = command;
  const child: ChildProcess = spawn(program, [...args, prefix, String(silenceMs)], {
    detached: true,
    cwd: "/",
    env: nodeEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting: (() => void)[] = [];
  let gone: number | undefined;
  const ended = new Promise<number>((resolve) => {
    const end = (exitCode: number): void => {
      gone = exitCode;
      for (const wake of waiting.splice(0)) wake();
      resolve(exitCode);
    };
    child.once("exit", (code) => end(code ?? -1));
    child.once("error", (error) => {
      log.error(
        { reason: error.message, command },
        "the guard cannot be started: attempts would outlive a killed worker",
      );
      end(-1);
    });
  });
  // A guard that is gone says so by its exit; its closed pipe is no news.
  child.stdin?.on("error", () => {});
  child.stdout?.on("error", () => {});
  child.stdout?.on("data", () => {
    for (const wake of waiting.splice(0)) wake();
  });
  const say = (line: string): void => {
    if (gone === undefined) child.stdin?.write(`${line}\n`);
  };
  return {
    gone: ended,
    say,
    /** No answer in time means that it is busy ending everything, or frozen: then nobody can say that it did not. */
    hasFenced: async (): Promise<boolean> => {
      if (gone !== undefined) return gone === fencedExitCode;
      const hasAnswered = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), answerLimitMs);
        waiting.push(() => {
          clearTimeout(timer);
          resolve(true);
        });
        say("?");
      });
      return gone === undefined ? !hasAnswered : gone === fencedExitCode;
    },
    letGo: () => void child.stdin?.end(),
  };
}
