// How a type of task runs on a worker: what an executor is given and what it gives back. One file a type, listed in `executors.ts`.

import type { Assignment } from "../../wire/messages.ts";
import type { ProcessEnd } from "../guard/messages.ts";

export interface Executor {
  /** The type's name in the catalogue. */
  readonly type: string;
  /** True: outputs are set by lines of the log. */
  readonly setsOutputsByLog: boolean;
  /** It begins something that goes on without the worker, and is run even where the attempt is to end: to end that too. */
  readonly isAsynchronous?: true;
  /** Throws an `AttemptFailure` where the attempt cannot even begin. */
  run(context: ExecutorContext): Promise<ExecutorEnd>;
}

export interface ExecutorContext {
  readonly assignment: Assignment;
  /** The attempt's own; processes start in it. */
  readonly directory: string;
  /** The fence's text with everything filled in; a fence marked `raw` as it is. Throws where there is no fence. */
  script(): string;
  /** Writes the fence's text to a file in the attempt's directory and gives its path. */
  writeScript(name: string): string;
  /** Writes a file that only this user reads to the attempt's directory and gives its path. */
  writeFile(name: string, text: string): string;
  /** An attribute's string with everything filled in; throws an `AttemptFailure` where it names what is not in scope. */
  text(value: string, attribute: string): string;
  /** Runs a process with the attempt's environment, its output going to the log. */
  process(command: string, args: readonly string[], extra?: { readonly [name: string]: string }): Promise<ProcessEnd>;
  /** Adds a line, or bytes as they are, to the log. */
  note(line: string): void;
  write(bytes: Uint8Array): void;
  /** Fires when the attempt is to end; processes are ended by the worker. */
  readonly signal: AbortSignal;
  /** Fires, with `signal` or after it, when the attempt is lost or handed over: what it began elsewhere is another one's now. */
  readonly abandoned: AbortSignal;
  /** How long the attempt may live from now on, if nobody confirms it again. */
  leaseLeftMs(): number;
  /** Puts the task's files into the directory. Of an asynchronous type; the others find them there. */
  placeFiles(): Promise<void>;
  /** What it begins elsewhere is there, under this id. */
  jobIsThere(job: string): void;
  /** This could not be ended: it is told beside why the attempt was. */
  leaves(what: string): void;
}

export type ExecutorEnd =
  | {
      readonly outcome: "succeeded";
      readonly exitCode?: number;
      readonly outputs?: { readonly [name: string]: string };
    }
  | {
      readonly outcome: "failed";
      readonly reason: string;
      readonly exitCode?: number;
      readonly outputs?: { readonly [name: string]: string };
    };

/** Why an attempt failed before or beside its own work; the message is for people. */
export class AttemptFailure extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "AttemptFailure";
  }
}

/** How a process ended, as how an attempt ended. */
export function endOfProcess(end: ProcessEnd, program: string): ExecutorEnd {
  switch (end.kind) {
    case "exited":
      return end.exitCode === 0
        ? { outcome: "succeeded", exitCode: 0 }
        : { outcome: "failed", exitCode: end.exitCode, reason: `exit code ${end.exitCode}` };
    case "signalled":
      return { outcome: "failed", reason: `ended by ${end.signal}${hint(end.signal)}` };
    case "lost":
      return { outcome: "failed", reason: end.reason };
    case "not_started":
      throw new AttemptFailure(whyNotStarted(end.code, end.message, program));
  }
}

function whyNotStarted(code: string, message: string, program: string): string {
  switch (code) {
    case "ENOENT":
      return `${program} was not found on this worker: install it there, or run the task in a worker group that has it`;
    case "EACCES":
      return `${program} may not be run on this worker: ${message}`;
    case "E2BIG":
      return "the task's parameters do not fit into the environment of a process (128 KB each): pass large values by a file";
    case "EAGAIN":
    case "ENOMEM":
      return `this worker could not start another process: ${message}`;
    default:
      return `${program} could not be started: ${message}`;
  }
}

const hint = (signal: NodeJS.Signals): string =>
  signal === "SIGKILL" ? ": perhaps the machine ran out of memory" : "";
