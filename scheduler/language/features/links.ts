// What can be followed: files that tasks name, and workflows that they run or wait for.

import type { Range } from "../../model/problem.ts";
import { targetOf } from "../check-workspace.ts";
import type { FlowDocument } from "../document.ts";
import { folderOf, joinPath } from "../paths.ts";
import type { Header } from "../workspace.ts";
import { shifted } from "./place.ts";

export interface Link {
  readonly range: Range;
  readonly path: string;
  /** Where in the file; absent: its beginning. */
  readonly line?: number;
}

const mostLinks = 5000;

export function links(
  path: string,
  document: FlowDocument,
  own: Header | undefined,
  headers: readonly Header[],
): readonly Link[] {
  const found: Link[] = [];
  const folder = folderOf(path);
  for (const [index, block] of document.blocks().entries()) {
    if (found.length >= mostLinks) break;
    const start = document.starts()[index] ?? 0;
    for (const file of block.summary.files)
      found.push({ range: shifted(file.range, start), path: joinPath(folder, file.text) });
  }
  if (!own || own.uses.length === 0) return found;
  const byName = new Map(headers.map((one) => [`${one.project}/${one.name}`, one]));
  for (const use of own.uses.slice(0, mostLinks)) {
    const target = byName.get(targetOf(own, use));
    if (target) found.push({ range: use.range, path: target.path, line: target.range.start.line });
  }
  return found;
}
