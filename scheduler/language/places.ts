// Places that stay right when their block is read again without a change of names.

import type { BlockProblem, Name } from "./nodes.ts";
import type { Summary } from "./summary.ts";

export interface Place {
  readonly block: number;
  /** Absent: the block's first line. */
  readonly pick?: (summary: Summary) => Name | undefined;
}

/** A problem that needs more than one block to see. */
export interface NameProblem extends Pick<BlockProblem, "code" | "severity" | "message"> {
  readonly at: Place;
  readonly related?: readonly { readonly message: string; readonly at: Place }[];
}
