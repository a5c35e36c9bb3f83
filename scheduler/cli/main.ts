#!/usr/bin/env node
// The `porpoise` command: the world's input and output, and exit codes. Commands are in `program.ts`.

import { CommanderError } from "commander";
import { OperationError } from "../model/operation-error.ts";
import { RefusedTexts } from "./client.ts";
import type { ExitCode, Io } from "./io.ts";
import { program } from "./program.ts";
import { version } from "./version.ts";

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
// Whoever reads our output may stop reading (`| head`): that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const io: Io = {
  cwd: process.env["INIT_CWD"] ?? process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: ending.signal,
  isTerminal: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
};

process.exitCode = await main();

async function main(): Promise<ExitCode> {
  let code: ExitCode = 0;
  const done = async (work: Promise<ExitCode>): Promise<void> => {
    code = await work;
  };
  try {
    await program(io, version, done).parseAsync(process.argv);
    return code;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RefusedTexts) {
    for (const { path, range, severity, code, message } of error.problems) {
      io.stderr.write(`${path}:${range.start.line + 1}:${range.start.character + 1} ${severity} ${code} ${message}\n`);
    }
    io.stderr.write(`porpoise: ${error.message}\n`);
    return 1;
  }
  if (error instanceof OperationError) {
    io.stderr.write(`porpoise: ${error.message}\n`);
    switch (error.code) {
      case "unavailable":
      case "refused":
        return 3;
      case "invalid":
        return 2;
      case "conflict":
      case "not_found":
      case "exhausted":
      case "aborted":
        return 1;
    }
  }
  io.stderr.write(`porpoise: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
