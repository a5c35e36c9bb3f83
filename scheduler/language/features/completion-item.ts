// One thing that may be typed, as plain data.

export type CompletionKind = "attribute" | "keyword" | "type" | "task" | "value" | "name" | "snippet";

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  readonly detail?: string;
  readonly markdown?: string;
  /** What is typed; with `$1`-like stops where `isSnippet`. */
  readonly insert: string;
  readonly isSnippet?: true;
  /** Lower comes first. */
  readonly rank: number;
}

/** More than an editor shows; the list then says that there is more. */
export const mostItems = 200;
