// The worker's side of its guard: starts it and what it is to run, beats, and starts another one when it is gone.
//
//   guard gone (killed, or it fenced) or silent (frozen: it is killed) → all that it ran is ended → each ends as lost → a new guard

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../model/logger.ts";
import type { Meter } from "../model/meter.ts";
import type { AttemptProcess, ProcessCommand } from "./attempt-process.ts";
import { fencedExitCode } from "./guard/guard.ts";
import { decoder, encode, type FromGuard, hostClockMs, type ProcessEnd, type ToGuard } from "./guard/messages.ts";
import { killAll } from "./marked-processes.ts";
import { nodeEnvironment } from "./node-environment.ts";

export interface GuardDeps {
  /** How a guard is started; the marker's prefix and the silence are added. */
  readonly command: readonly string[];
  readonly prefix: string;
  /** No beat for so long, and the guard ends everything: half a lease. */
  readonly silenceMs: number;
  readonly log: Logger;
  readonly meter?: Meter;
}

export interface Guard {
  /** It answers: attempts can start. */
  isUp(): boolean;
  /** The guard watches over the group from its first moment; the caller says when nothing of it lives any more. */
  start(what: ProcessCommand): AttemptProcess;
  over(group: number): void;
  /** Lets it go; it makes sure of what is left. Resolves when it is gone. */
  close(): Promise<void>;
}

const restartPauseMs = 500;
const lookForGuardMs = 20;
const killLimitMs = 10_000;

export function startGuard(deps: GuardDeps): Guard {
  let life: GuardLife;
  /** It has answered: what it is told now it does now. */
  let isUp = false;
  let isClosing = false;
  let restart: NodeJS.Timeout | undefined;

  const begin = (): GuardLife => {
    const begun = guardLife(deps, () => isClosing);
    void begun.up.then(() => {
      isUp = true;
    });
    void begun.gone.then(() => {
      isUp = false;
      if (!isClosing) restart = setTimeout(() => (life = begin()), restartPauseMs);
    });
    return begun;
  };
  life = begin();

  const started = async (what: ProcessCommand): Promise<Running> => {
    // A guard that never comes up must not keep an attempt that is ended, or whose lease is over, from ending.
    while (!isUp && !isClosing && what.leaseLeftMs() > 0) await delay(lookForGuardMs);
    const leftMs = what.leaseLeftMs();
    return isUp && leftMs > 0 ? life.start(what, hostClockMs() + leftMs) : neverStarted;
  };

  return {
    isUp: () => isUp,
    start: (what) => {
      const running = started(what);
      return {
        group: running.then(({ group }) => group),
        ended: running.then(({ ended }) => ended),
      };
    },
    over: (group) => life.say({ kind: "over", group }),
    close: async () => {
      isClosing = true;
      clearTimeout(restart);
      life.letGo();
      await life.gone;
    },
  };
}

interface Running {
  readonly group: Promise<number | undefined>;
  readonly ended: Promise<ProcessEnd>;
}

const neverStarted: Running = {
  group: Promise.resolve(undefined),
  ended: Promise.resolve({ kind: "lost", reason: "it was to end before its worker could start it" }),
};

interface GuardLife {
  /** When it has answered for the first time. */
  readonly up: Promise<void>;
  /** When it is gone and nothing that it ran lives any more. */
  readonly gone: Promise<void>;
  start(what: ProcessCommand, notAfterMs: number): Running;
  say(message: ToGuard): void;
  letGo(): void;
}

interface Entry {
  readonly setGroup: (group: number | undefined) => void;
  readonly setEnd: (end: ProcessEnd) => void;
  group?: number;
}

function guardLife({ command, prefix, silenceMs, log, meter }: GuardDeps, isClosing: () => boolean): GuardLife {
  const [program = process.execPath, ...args] = command;
  const child: ChildProcess = spawn(program, [...args, prefix, String(silenceMs)], {
    detached: true,
    cwd: "/",
    env: nodeEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const entries = new Map<number, Entry>();
  const up = Promise.withResolvers<void>();
  let isGone = false;
  let newest = 0;

  const say = (message: ToGuard): void => {
    if (!isGone) child.stdin?.write(encode(message));
  };
  // A guard that is gone says so by its exit; its closed pipe is no news.
  child.stdin?.on("error", () => {});
  child.stdout?.on("error", () => {});
  const messages = decoder<FromGuard>();
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (text: string) => {
    heart.heard();
    up.resolve();
    for (const message of messages(text)) hear(message);
  });
  const heart = heartbeat(
    silenceMs,
    () => say({ kind: "beat" }),
    () => {
      log.error({}, "the guard does not answer: it is killed, with all that it runs");
      child.kill("SIGKILL");
    },
  );

  const hear = (message: FromGuard): void => {
    if (message.kind === "beat") return;
    const entry = entries.get(message.id);
    if (entry === undefined) return;
    if (message.kind === "started") {
      entry.group = message.group;
      entry.setGroup(message.group);
      return;
    }
    entries.delete(message.id);
    entry.setGroup(undefined);
    entry.setEnd(message.end);
  };

  const conclude = async (exitCode: number): Promise<void> => {
    isGone = true;
    heart.stop();
    const hasFenced = exitCode === fencedExitCode;
    const what = hasFenced ? "the guard heard nothing of this worker and ended its attempts" : "the guard is gone";
    if (!isClosing()) {
      log.error({ exitCode }, `${what}; another one is started`);
      meter?.count("guards_lost");
      meter?.count("attempts_lost_with_guards", entries.size);
    }
    const groups = [...entries.values()].flatMap(({ group }) => group ?? []);
    if (entries.size > 0) await killAll({ groups, prefix }, killLimitMs);
    const reason = hasFenced
      ? "its worker stood still, so the worker's guard ended it"
      : "its worker's guard was killed, and it with it";
    for (const { setGroup, setEnd } of entries.values()) {
      setGroup(undefined);
      setEnd({ kind: "lost", reason });
    }
    entries.clear();
  };
  const exited = new Promise<number>((resolve) => {
    // Not `exit`: what it said before it went is still in the pipe.
    child.once("close", (code) => resolve(code ?? -1));
    child.once("error", (error) => {
      log.error({ reason: error.message, command }, "the guard cannot be started: no attempt can run without it");
      resolve(-1);
    });
  });

  return {
    up: up.promise,
    gone: exited.then(conclude),
    say,
    start: ({ leaseLeftMs: _, ...what }, notAfterMs) => {
      newest += 1;
      const id = newest;
      const group = Promise.withResolvers<number | undefined>();
      const ended = Promise.withResolvers<ProcessEnd>();
      entries.set(id, { setGroup: group.resolve, setEnd: ended.resolve });
      say({ kind: "start", request: { id, ...what, notAfterMs } });
      return { group: group.promise, ended: ended.promise };
    },
    letGo: () => void child.stdin?.end(),
  };
}

/** Beats, and tells when nothing came back for the silence; a process that was frozen itself listens once more first. */
function heartbeat(silenceMs: number, beat: () => void, onSilence: () => void) {
  let hasAnswered = false;
  let heardMs = performance.now();
  let tickMs = heardMs;
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      const wasFrozen = nowMs - tickMs > silenceMs / 2;
      tickMs = nowMs;
      if (!wasFrozen && nowMs - heardMs > (hasAnswered ? silenceMs : startLimitMs)) onSilence();
      beat();
    },
    Math.max(10, silenceMs / 5),
  );
  // The first one is answered when the guard is up.
  beat();
  return {
    heard: () => {
      hasAnswered = true;
      heardMs = performance.now();
    },
    stop: () => clearInterval(timer),
  };
}

/** How long a guard may take to come up on a busy machine. */
const startLimitMs = 10_000;
