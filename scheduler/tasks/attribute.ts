// The shape of a catalogue entry. Reading, checking, completion, hover and the reference page all use the same entry.

/** What may stand behind `=`, and what it becomes in a definition. */
export type ValueType =
  /** A string whose `${…}` and `$[…]` are filled in when the task runs. → string in the form of model/substitute */
  | { readonly kind: "text" }
  /** A string that nothing is filled into. → string */
  | { readonly kind: "string" }
  /** A word or a string. → string */
  | { readonly kind: "name" }
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
  /** `project/workflow`, the project may be left out. → string */
  | { readonly kind: "workflow" }
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
  | { readonly kind: "phrase"; readonly before?: string; readonly first: Slot; readonly tails: readonly Tail[] }
  /** Known to exist, its form belongs to a part of the product that is to come. */
  | { readonly kind: "to_come" };

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
  /** Reserved by the language, not supported by this build. */
  readonly notYet?: true;
}

/** A line that begins with a keyword rather than `key = value`. */
export interface Statement {
  readonly keyword: string;
  readonly places: readonly ("workflow" | "task")[];
  readonly doc: string;
  readonly example: string;
  readonly notYet?: true;
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
  readonly notYet?: true;
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
