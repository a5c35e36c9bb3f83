// What a workflow is, once read: plain data that the API stores and a master runs. Durations are whole milliseconds.

import type { Expression } from "./expression.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type ParamType = "string" | "integer" | "float" | "boolean" | "date" | "datetime" | "list" | "file";

export interface ParamDefinition {
  readonly name: string;
  readonly type: ParamType;
  /** As written, before substitution. Absent: taken from further out (project param) or given at the start. */
  readonly value?: string;
}

export interface OutputDefinition {
  readonly name: string;
  readonly type: ParamType;
}

/** Most urgent first. */
export const priorities = ["highest", "high", "medium", "low", "lowest"] as const;
export type Priority = (typeof priorities)[number];

export type FailureStrategy = "continue" | "end";
export type Concurrency = "parallel" | "serial_wait" | "serial_discard" | "serial_priority";
export type CatchUp = "none" | "last" | "all";
export type TimeoutAction = "warn" | "fail" | "warn_and_fail";

export interface ScheduleDefinition {
  /** Quartz, 6 or 7 fields. */
  readonly cron: string;
  /** IANA name. */
  readonly zone: string;
  /** Both inclusive, local dates or datetimes in `zone`. */
  readonly activeFrom?: string;
  readonly activeUntil?: string;
  readonly catchUp: CatchUp;
  /** False where the file says `online = false`: a deploy then takes the schedule offline. */
  readonly online?: boolean;
}

export interface ScriptDefinition {
  /** The fence's first word: `bash`, `python`, …; empty where it has none. */
  readonly language: string;
  /** True: nothing in it is substituted. */
  readonly raw: boolean;
  /** LF line ends, ends in one LF. */
  readonly text: string;
}

/** The branches of a `switch` or `conditions` task. Their targets also stand in the workflow's edges. */
export interface Branches {
  /** The first whose condition is true is taken. */
  readonly whens: readonly { readonly condition: Expression; readonly to: readonly number[] }[];
  /** Indexes into the workflow's tasks; empty where there is no `else`. */
  readonly otherwise: readonly number[];
}

/** What a `dependent` task waits for. */
export type WaitTree =
  | { readonly kind: "all" | "any"; readonly of: readonly WaitTree[] }
  | {
      readonly kind: "one";
      readonly project: string;
      readonly workflow: string;
      /** Absent: the whole workflow. */
      readonly task?: string;
      /** A word of `model/time/windows`: `today`, `last_1_days`, … */
      readonly window: string;
    };

export interface Dependency {
  readonly waitFor: WaitTree;
  readonly checkEveryMs: number;
  /** How long a failed one may still be run again successfully; 0: the task fails at once. */
  readonly failedWaitMs: number;
}

export interface SubWorkflow {
  readonly project: string;
  readonly workflow: string;
  /** One child for each item of a list param, which the child sees as the param `as`. */
  readonly forEach?: {
    readonly param: string;
    readonly as: string;
    /** How many children run at a time. */
    readonly parallelism: number;
    /** More items than this are refused. */
    readonly maxInstances: number;
  };
}

export interface AlertRule {
  readonly on: "success" | "failure" | "all";
  /** Name of the server's alert group. */
  readonly group: string;
}

export interface TaskDefinition {
  readonly name: string;
  /** A name of the catalogue (`scheduler/tasks`). */
  readonly type: string;
  readonly doc?: string;
  readonly description?: string;
  readonly enabled: boolean;
  /** How many more attempts after the first, and the wait before each. */
  readonly retries: number;
  readonly retryIntervalMs: number;
  readonly timeout?: { readonly afterMs: number; readonly action: TimeoutAction };
  readonly delayMs: number;
  readonly priority: Priority;
  readonly workerGroup?: string;
  readonly environment?: string;
  readonly taskGroup?: { readonly name: string; readonly priority: number };
  /** Paths relative to the `.flow` file. */
  readonly files: readonly string[];
  readonly inputs: readonly ParamDefinition[];
  readonly outputs: readonly OutputDefinition[];
  readonly script?: ScriptDefinition;
  /** Of `switch` and `conditions`. */
  readonly branches?: Branches;
  /** Of `dependent`. */
  readonly dependency?: Dependency;
  /** Of `sub_workflow`. */
  readonly subWorkflow?: SubWorkflow;
  /** How long it may wait for a worker before it fails; absent: for ever. */
  readonly dispatchTimeoutMs?: number;
  /** The type's own attributes, by name, before substitution. Durations are milliseconds, sizes bytes. */
  readonly attributes: { readonly [name: string]: JsonValue };
}

export interface WorkflowDefinition {
  readonly project: string;
  readonly name: string;
  readonly title?: string;
  readonly doc?: string;
  readonly schedule?: ScheduleDefinition;
  /** IANA name: the schedule's zone, else UTC. */
  readonly zone: string;
  readonly concurrency: Concurrency;
  readonly onFailure: FailureStrategy;
  readonly timeoutMs?: number;
  readonly priority: Priority;
  readonly workerGroup: string;
  readonly environment?: string;
  /** Absent: `none`. */
  readonly alert?: AlertRule;
  readonly params: readonly ParamDefinition[];
  /** In the order of the file; a task's index here is part of its instances' ids. */
  readonly tasks: readonly TaskDefinition[];
  /** Pairs of indexes into `tasks`, predecessor first, each once, sorted. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}
