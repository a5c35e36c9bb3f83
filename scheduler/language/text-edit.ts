// A change of a text as plain data.

import type { Range } from "../model/problem.ts";

export interface TextEdit {
  readonly range: Range;
  readonly text: string;
}
