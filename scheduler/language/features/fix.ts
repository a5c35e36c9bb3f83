// What a quick fix is.

import type { Problem } from "../../model/problem.ts";
import type { TextEdit } from "../text-edit.ts";

export interface Fix {
  readonly title: string;
  readonly problem: Problem;
  readonly edit: TextEdit;
  /** The only thing that is likely meant. */
  readonly isPreferred: boolean;
  /** A file to make, relative to the document's own folder; then nothing is edited. */
  readonly creates?: string;
}
