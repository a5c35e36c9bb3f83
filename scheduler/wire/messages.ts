// Every message that masters, workers and apis exchange. Requests are answered; each may be sent again and then does no harm.

import type { DatasourceConnection } from "../model/datasource.ts";
import type { JsonValue, TaskDefinition } from "../model/definition.ts";
import type { Incarnation, TaskInstanceId, WorkflowInstanceId } from "../model/ids.ts";

/** Names one attempt of one task, and the ownership under which the sender speaks of it. */
export interface AttemptRef {
  readonly taskInstance: TaskInstanceId;
  readonly attempt: number;
  /** Epoch of the workflow instance's ownership; a worker keeps the highest it saw and refuses lower ones. */
  readonly ownerEpoch: number;
}

/** All a worker needs to run one attempt. Texts are as written: the worker substitutes, it alone knows the attempt's directory. */
export interface Assignment extends AttemptRef {
  readonly workflowInstance: WorkflowInstanceId;
  /** The worker that is meant: another life of the same address refuses. */
  readonly worker: Incarnation;
  readonly project: string;
  readonly workflow: string;
  readonly task: TaskDefinition;
  /** Every name in scope (params, upstream outputs, `system.*`) with its final value; without `system.task.execute.path`. */
  readonly scope: { readonly [name: string]: string };
  /** What time placeholders count from: epoch milliseconds, IANA zone. */
  readonly baseTimeMs: number;
  readonly zone: string;
  /** Set before the script by the task's environment: variables of the process. */
  readonly environment: { readonly [name: string]: string };
  /** What the task's `datasource` names, with its password in clear. */
  readonly datasource?: DatasourceConnection;
  /** Values that must not stand in a log: the worker masks them. */
  readonly secrets?: readonly string[];
  /** Of an asynchronous type. */
  readonly job?: JobAssignment;
  /** Files that were deployed with the workflow: where to put them, and their content's sha256 (hex). */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** What a worker must know of a task's job elsewhere to begin it once, or to carry on watching over it. */
export interface JobAssignment {
  readonly submission: Submission;
  /** Former ones of the same task, the newest first: none of them may run beside this one. */
  readonly earlier: readonly Submission[];
  /** It is only to be ended, and not to be begun. */
  readonly mustEnd: boolean;
}

/** A job's key, with the task instance. */
export interface Submission {
  /** The attempt that began it. */
  readonly attempt: number;
  /** What the other system calls it; absent: nobody has heard yet that it is there. */
  readonly job?: string;
}

export type AttemptOutcome = "succeeded" | "failed" | "killed" | "lost";

export type Report = AttemptRef & {
  /** How long ago it happened when this was sent, in milliseconds: hosts do not compare clocks. */
  readonly agoMs: number;
} & (
    | {
        readonly kind: "started";
        /** Told by a second report, when the job that it begins elsewhere is there. */
        readonly job?: string;
      }
    | {
        readonly kind: "ended";
        readonly outcome: AttemptOutcome;
        readonly exitCode?: number;
        /** For people: why it did not succeed. */
        readonly reason?: string;
        /** Values of the declared `out` names that were set. */
        readonly outputs: { readonly [name: string]: string };
        /** Of `lost`: given away in good order, by a worker that drains. */
        readonly handedOver?: true;
      }
  );

export type DispatchAnswer = "accepted" | "draining" | "stale" | "wrong_worker" | "killed_before";

/** What a worker knows of an attempt that a new owner asks about. */
export type Settlement =
  /** Never seen here, and from now on refused: a late dispatch of it will not start. */
  | { readonly kind: "unknown" }
  | { readonly kind: "queued" }
  | { readonly kind: "running"; readonly forMs: number }
  /** Its end is kept and will be (or has been) reported. */
  | { readonly kind: "ended"; readonly report: Report };

/** Master → worker. */
export interface WorkerRequests {
  dispatch: {
    request: { readonly assignments: readonly Assignment[] };
    response: { readonly answers: readonly DispatchAnswer[] };
  };
  /** An attempt that the worker does not know is remembered and never starts. */
  kill: {
    request: { readonly attempts: readonly (AttemptRef & { readonly reason: string })[] };
    response: Record<string, never>;
  };
  /** From a new owner, before anything else: raises the epoch and tells how each attempt stands. */
  settle: {
    request: { readonly attempts: readonly AttemptRef[] };
    response: { readonly settlements: readonly Settlement[] };
  };
}

/** `kept`: committed, forget it. `not_mine`: ask who owns it. */
export type ReportAnswer = "kept" | "not_mine";

/** `none`: nobody at the moment, ask again. `drop`: the attempt is not the current one any more, or its instance is over. */
export type OwnerAnswer =
  | { readonly kind: "owner"; readonly master: Incarnation }
  | { readonly kind: "none" }
  | { readonly kind: "drop" };

/** Worker → master. */
export interface MasterRequests {
  report: {
    request: { readonly reports: readonly Report[] };
    response: { readonly answers: readonly ReportAnswer[] };
  };
  owner: {
    request: { readonly attempts: readonly Pick<AttemptRef, "taskInstance" | "attempt">[] };
    response: { readonly answers: readonly OwnerAnswer[] };
  };
  /**
   * "Do you own these, and can you still reach the database?" Asked by the worker, so that it can count the lease of its attempts
   * from the *sending* of its own question: the owner heard of it later than that, and gives a worker up one lease after it last did.
   * `checkedAgoMs`: how long ago the owner sent the newest database request whose answer proved its epoch, when it answered this.
   * The worker takes that off its lease too, because whoever took the instance over since then waits one lease from *then*.
   * Null: not mine under this epoch, or the proof is older than a third of a lease.
   */
  confirm: {
    request: { readonly instances: readonly { readonly id: WorkflowInstanceId; readonly ownerEpoch: number }[] };
    response: { readonly checkedAgoMs: readonly (number | null)[] };
  };
}

/** Worker → api. */
export interface ApiRequests {
  /** The message's binary part holds the chunks' bytes, one after the other. */
  logs: {
    request: {
      readonly chunks: readonly {
        readonly taskInstance: TaskInstanceId;
        readonly attempt: number;
        readonly offset: number;
        readonly length: number;
        /** True: after these bytes the attempt's log is complete. */
        readonly ended: boolean;
      }[];
    };
    /** For each chunk, where the stored log ends now: the sender goes on from there. */
    response: { readonly ends: readonly number[] };
  };
  /** Answered with the content as the message's binary part. */
  file: { request: { readonly sha256: string }; response: { readonly size: number } };
}

export type Requests = { readonly [method: string]: { request: object; response: object } };

/** What the first frame of each side says about it. */
export interface Greeting {
  readonly role: "api" | "master" | "worker";
  readonly incarnation: Incarnation;
  readonly [more: string]: JsonValue;
}
