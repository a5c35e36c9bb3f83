// What is wrong in a user's text, where, and how bad: the same object in the editor, at the command line and in the API.

/** Zero-based; `character` counts UTF-16 units, as in the LSP. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export type Severity = "error" | "warning" | "information" | "hint";

/** Stable codes (`name/duplicate`); each has a page in the documentation. */
export type ProblemCode =
  | "syntax/unexpected"
  | "syntax/unclosed"
  | "syntax/not-text"
  | "syntax/too-large"
  | "name/duplicate"
  | "name/unknown-task"
  | "name/unknown-param"
  | "name/unknown-workflow"
  | "name/unknown-resource"
  | "name/unused-param"
  | "graph/cycle"
  | "graph/self-edge"
  | "graph/unreachable"
  | "graph/duplicate-edge"
  | "graph/branch-edge"
  | "graph/sub-workflow-cycle"
  | "attribute/unknown"
  | "attribute/missing"
  | "attribute/not-here"
  | "value/type"
  | "value/range"
  | "value/choice"
  | "time/cron"
  | "time/zone"
  | "time/placeholder"
  | "time/window"
  | "time/never-fires"
  | "param/cycle"
  | "param/not-produced"
  | "script/missing"
  | "script/unknown-placeholder"
  | "expr/type"
  | "file/not-found";

export interface RelatedLocation {
  readonly message: string;
  readonly range: Range;
  /** Absent: the same file. */
  readonly path?: string;
}

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** What was found, what was expected, what to do. */
  readonly message: string;
  readonly range: Range;
  readonly related?: readonly RelatedLocation[];
}
