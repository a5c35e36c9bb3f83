// The guard of a worker: a tiny process of its own session that starts the worker's attempts, and ends them when the worker cannot.
//
//   no beat for `silenceMs` (worker frozen) or end of input (worker dead) → SIGKILL every group, then everything marked; exit

import { killAll } from "../marked-processes.ts";
import { launcher } from "./launch.ts";
import { decoder, encode, type FromGuard, type ToGuard } from "./messages.ts";

export interface GuardOptions {
  /** What the marker of every process of this worker's life starts with. */
  readonly prefix: string;
  readonly silenceMs: number;
}

/** How the guard's exit tells the worker, should it live on, that its attempts were ended. */
export const fencedExitCode = 70;

const killLimitMs = 10_000;

/** Reads the options from the command line's last two arguments. */
export function guardOptions(args: readonly string[]): GuardOptions {
  const [prefix = "", silence = ""] = args.slice(-2);
  const silenceMs = Number(silence);
  if (prefix.length < 8 || !(silenceMs > 0)) {
    throw new Error(`guard <marker prefix> <silence in ms> was expected, ${JSON.stringify(args)} was given`);
  }
  return { prefix, silenceMs };
}

/** Runs until its worker is gone; resolves to the exit code. */
export function guard(
  { prefix, silenceMs }: GuardOptions,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<number> {
  // A terminal's Ctrl-C and a service manager's stop mean the worker, which then drains; its guard goes last.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  output.on("error", () => {});

  const groups = new Set<number>();
  return new Promise((resolve) => {
    let beatMs = performance.now();
    let tickMs = beatMs;
    let isOver = false;

    const end = (exitCode: number): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      void killAll({ groups: [...groups], prefix }, killLimitMs).then(() => resolve(exitCode));
    };
    const timer = setInterval(
      () => {
        const nowMs = performance.now();
        // If this process was frozen itself, beats may lie unread in the pipe: one more tick to read them.
        const wasFrozen = nowMs - tickMs > silenceMs / 2;
        tickMs = nowMs;
        if (!wasFrozen && nowMs - beatMs > silenceMs) end(fencedExitCode);
      },
      Math.max(10, silenceMs / 10),
    );

    // While it ends everything it speaks by its exit alone: how those processes ended says nothing of their own work.
    const tell = (message: FromGuard): void => {
      if (!isOver) output.write(encode(message));
    };
    const processes = launcher(tell, (group) => groups.add(group));
    const obey = (message: ToGuard): void => {
      switch (message.kind) {
        case "beat":
          tell({ kind: "beat" });
          return;
        case "start":
          processes.start(message.request);
          return;
        case "over":
          groups.delete(message.group);
          return;
      }
    };

    const messages = decoder<ToGuard>();
    input.setEncoding("utf8");
    input.on("data", (text: string) => {
      beatMs = performance.now();
      for (const message of messages(text)) if (!isOver) obey(message);
    });
    input.on("end", () => end(0));
    input.on("error", () => end(0));
  });
}
