// The shape of a catalogue entry. Reading, checking, completion, hover and the reference page all use the same entry.

/** What may stand behind `=`, and what it becomes in a definition. */
export type ValueType =
  /** A string whose `${…}` and `$[…]` are filled in when the task runs. → string in the form of model/substitute */
  | { readonly kind: "text" }
  /** A string that nothing is filled into. → string */
  | { readonly kind: "string" }
  /** A word or a string; `of` where it names something that only a server knows. → string */
  | { readonly kind: "name"; readonly of?: ServerThing }
  /** → number */
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly unit?: string }
  /** → boolean */
  | { readonly kind: "boolean" }
  /** `90s 30m 4h 1d 1h30m`. → milliseconds */
  | { readonly kind: "duration"; readonly minMs: number; readonly maxMs: number }
  /** One of these words. → string */
  | { readonly kind: "choice"; readonly words: readonly Choice[] }
  /** `cron("…")`. → string */
  | { readonly kind: "cron" }
  /** An IANA time zone as a string. → string */
  | { readonly kind: "zone" }
  /** A date or datetime. → string */
  | { readonly kind: "date" }
  /** `project/workflow`, the project may be left out. → {project?, workflow} */
  | { readonly kind: "workflow" }
  /** `all(…)`, `any(…)`, `project/workflow[.task] @ window`. → a tree as in the definition, projects left out where they are */
  | { readonly kind: "wait" }
  /** The bare name of a list in scope. → string */
  | { readonly kind: "list_param" }
  /** A path relative to the file, as a string. → string */
  | { readonly kind: "file" }
  /** `[a, b]`, or one value without brackets. → array */
  | { readonly kind: "list"; readonly of: ValueType }
  /** A task of this workflow, or a list of them; becomes edges. */
  | { readonly kind: "tasks" }
  /** `key { name = value … }`, no `=` before the brace. → object */
  | { readonly kind: "map"; readonly of: ValueType }
  /** `a .. b`. → {from, to} */
  | { readonly kind: "span"; readonly of: ValueType }
  /** Values joined by fixed words: `2 every 5m`, `status 200`. → object by slot names */
  | { readonly kind: "phrase"; readonly before?: string; readonly first: Slot; readonly tails: readonly Tail[] };

/** Things that live on a server and are named in files. */
export type ServerThing = "worker_group" | "environment" | "task_group" | "datasource" | "alert_group";

export interface Choice {
  readonly word: string;
  readonly doc: string;
}

/** One value of a phrase and its name in the definition. */
export interface Slot {
  readonly name: string;
  readonly type: ValueType;
}

export interface Tail extends Slot {
  /** The word before the value. */
  readonly word: string;
  readonly isOptional: boolean;
  /** First words with which it must stand; with the others it must not. */
  readonly with?: readonly string[];
}

export interface Attribute {
  readonly name: string;
  readonly type: ValueType;
  /** One sentence. */
  readonly doc: string;
  /** A whole line, as one would write it. */
  readonly example: string;
  /** Shown to people, in the language's own notation. */
  readonly default?: string;
  readonly isRequired?: true;
  /** Also allowed in the workflow's `defaults { … }`; tasks that do not say otherwise have that value. */
  readonly mayBeDefault?: true;
}

/** A line that begins with a keyword rather than `key = value`. */
export interface Statement {
  readonly keyword: string;
  readonly places: readonly ("workflow" | "task")[];
  readonly doc: string;
  readonly example: string;
}

export interface TaskType {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  /** A whole small task. */
  readonly example: string;
  readonly script: ScriptRule;
  /** The type's own, beside those common to all tasks. */
  readonly attributes: readonly Attribute[];
  /** Who runs it: a worker as a process, or the master itself. */
  readonly runBy: "worker" | "master";
  /** An attempt only begins a job of another system and watches over it; the job goes on without the worker. */
  readonly isAsynchronous?: true;
  /** It leads on through `when` and `else` alone, by params or by the outcomes of the tasks directly before it. */
  readonly branches?: "params" | "outcomes";
}

export interface ScriptRule {
  readonly need: "required" | "optional" | "none";
  /** Fence words that make sense, the usual one first; empty: any. */
  readonly languages: readonly string[];
  /** An attribute that says the same as the fence: only one of them may be given. */
  readonly insteadOf?: string;
}

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
