// Starts processes for the worker: the guard is small, and a fork costs what the memory of its parent costs.

import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { signalGroup } from "../marked-processes.ts";
import { inheritedEnvironment } from "../node-environment.ts";
import { type FromGuard, hostClockMs, type ProcessEnd, type StartRequest } from "./messages.ts";

const tooLate: ProcessEnd = { kind: "lost", reason: "its worker stood still while it started it" };

export interface Launcher {
  /** The process leads a session and group of its own. */
  start(request: StartRequest): void;
}

/** `onGroup` hears of a group before anything else of it may happen. */
export function launcher(tell: (message: FromGuard) => void, onGroup: (group: number) => void): Launcher {
  const inherited = inheritedEnvironment();

  const launch = ({ id, command, args, directory, environment, log, notAfterMs }: StartRequest): void => {
    // Appending: a script that truncates or seeks its own standard output writes at the end all the same.
    const output = openSync(log, constants.O_WRONLY | constants.O_APPEND);
    try {
      const child = spawn(command, [...args], {
        cwd: directory,
        env: { ...inherited, ...environment },
        // The file itself, no pipe: what was written is there even when the worker dies in between.
        stdio: ["ignore", output, output],
        detached: true,
      });
      const end = (how: ProcessEnd): void => tell({ kind: "ended", id, end: how });
      child.once("error", (error) => end(notStarted(error)));
      const group = child.pid;
      if (group === undefined) return;
      onGroup(group);
      // A kernel begins a fork anew that a freeze has met: the process may be born long after the clock was looked at.
      const isLate = hostClockMs() > notAfterMs;
      if (isLate) signalGroup(group, "SIGKILL");
      tell({ kind: "started", id, group });
      child.once("exit", (exitCode, signal) => {
        if (isLate) end(tooLate);
        else end(exitCode === null ? { kind: "signalled", signal: signal ?? "SIGKILL" } : { kind: "exited", exitCode });
      });
    } finally {
      closeSync(output);
    }
  };

  return {
    start: (request) => {
      const { id } = request;
      if (hostClockMs() > request.notAfterMs) {
        tell({ kind: "ended", id, end: tooLate });
        return;
      }
      try {
        launch(request);
      } catch (error) {
        // A null character in a value, an environment that is too large: some are thrown, some are told by an event.
        tell({ kind: "ended", id, end: notStarted(error) });
      }
    },
  };
}

function notStarted(error: unknown): ProcessEnd {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return { kind: "not_started", code, message: error instanceof Error ? error.message : String(error) };
}
