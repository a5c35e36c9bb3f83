// What a workflow is, once read: plain data that the API stores and a master runs. Durations are whole milliseconds.

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
  readonly params: readonly ParamDefinition[];
  /** In the order of the file; a task's index here is part of its instances' ids. */
  readonly tasks: readonly TaskDefinition[];
  /** Pairs of indexes into `tasks`, predecessor first, each once, sorted. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}
