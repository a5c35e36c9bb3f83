// How a type of task runs that is a job of another system: what that system is asked. `runner.ts` does the asking: it begins the
// job once, watches over it and ends it. One file a type, in `executors`, which hands it to `asynchronous`.

import type { ExecutorContext } from "../executors/contract.ts";

export interface JobType {
  /** The type's name in the catalogue. */
  readonly type: string;
  /** Throws an `AttemptFailure` where the task makes no sense. Asks nobody anything yet. */
  open(context: ExecutorContext): Jobs;
}

/** The other system, as one attempt speaks with it. What rejects is unknown, never "no", and is asked again. */
export interface Jobs {
  /** For people: `Flink at 127.0.0.1:8081`. */
  readonly system: string;
  /** The job that was submitted under this key. */
  find(key: string, signal: AbortSignal): Promise<FoundJob>;
  /**
   * Begins the job under this key; a system that has one of this key already begins no other. Rejects with a `JobRefused` where the
   * system will not, with an `AttemptFailure` where it cannot even be asked.
   */
  submit(key: string, signal: AbortSignal): Promise<void>;
  /** Asks for its end and does not wait for it; also of a job that is over, or not there. */
  cancel(key: string, signal: AbortSignal): Promise<void>;
}

export type FoundJob =
  /** The system answers that it has no such job. */
  | { readonly kind: "absent" }
  /** `state`: in the system's own word. */
  | { readonly kind: "running"; readonly job: string; readonly state: string; readonly address?: string }
  | { readonly kind: "succeeded"; readonly job: string }
  | { readonly kind: "failed"; readonly job: string; readonly reason: string; readonly details?: string }
  /** By somebody, perhaps by us. */
  | { readonly kind: "cancelled"; readonly job: string };

/** The system has looked at the job and does not take it. */
export class JobRefused extends Error {
  /** True: because it has had one of this key already, which may take a moment to be found. */
  readonly isTaken: boolean;

  constructor(message: string, isTaken = false) {
    super(message);
    this.name = "JobRefused";
    this.isTaken = isTaken;
  }
}
