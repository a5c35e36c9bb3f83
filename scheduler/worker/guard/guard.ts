// The guard of a worker: a tiny process of its own session that ends the worker's attempts when the worker cannot.
//
//   standard input, a line each:  `.` a beat · `+<group>` watch over it · `-<group>` it is over · `?` answer `!`
//   no beat for `silenceMs` (worker frozen) or end of input (worker dead) → SIGKILL every group, then everything marked; exit

import { killAll } from "../marked-processes.ts";

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
    let rest = "";
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

    input.setEncoding("utf8");
    input.on("data", (text: string) => {
      beatMs = performance.now();
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const group = Number(line.slice(1));
        if (line[0] === "+") groups.add(group);
        else if (line[0] === "-") groups.delete(group);
        // While it ends everything it answers by its exit alone.
        else if (line[0] === "?" && !isOver) output.write("!\n");
      }
    });
    input.on("end", () => end(0));
    input.on("error", () => end(0));
  });
}
