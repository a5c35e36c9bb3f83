// Runs one server of another product for a test: started by its command, watched, frozen, killed, and gone when the test is.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface ServerProcess {
  readonly pid: number;
  /** The last output of the server, for messages. */
  output(): string;
  /** Asks it to end, and forces it after ten seconds. */
  stop(): Promise<void>;
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Resolves to true once the server answers. */
  readonly isReady: () => Promise<boolean>;
  readonly startLimitMs?: number;
}

export async function startServerProcess(what: ServerCommand): Promise<ServerProcess> {
  const child = spawnWithUs(what);
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-8_000);
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  let isGone = false;
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      isGone = true;
      resolve();
    };
    child.once("exit", end);
    child.once("error", (error) => {
      output += String(error);
      end();
    });
  });
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  void gone.then(() => process.removeListener("exit", killAtExit));

  const until = performance.now() + (what.startLimitMs ?? 30_000);
  while (!(await what.isReady())) {
    if (isGone) throw new Error(`${what.name} ended while starting: ${output}`);
    if (performance.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${what.name} did not answer in time: ${output}`);
    }
    await delay(30);
  }

  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  return {
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(force);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill,
  };
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

// A test runner that is killed runs no exit handlers; the kernel then kills the server (PR_SET_PDEATHSIG) all the same.
function spawnWithUs(what: ServerCommand): ChildProcess {
  const setpriv = "/usr/bin/setpriv";
  const stdio = ["ignore", "pipe", "pipe"] as const;
  return existsSync(setpriv)
    ? spawn(setpriv, ["--pdeathsig", "KILL", what.command, ...what.args], { stdio: [...stdio] })
    : spawn(what.command, [...what.args], { stdio: [...stdio] });
}
