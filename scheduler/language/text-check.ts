// Text that is not worth reading: binary files, and files too large for an editor to keep up with.

import type { Problem } from "../model/problem.ts";

/** Longest text that is read, in UTF-16 units. */
export const longestText = 16 * 1024 * 1024;

/** Most tasks and edge lines that are read: twenty times what is known to be fast. */
export const mostBlocks = 200_000;

export const tooManyBlocks = (count: number): Problem =>
  problem(
    "syntax/too-large",
    `the file has ${count} tasks and edge lines, at most ${mostBlocks} are read: split the workflow`,
  );

/** What is wrong with the text as a whole, or undefined; fast even for huge texts. */
export function refuseText(text: string): Problem | undefined {
  if (text.length > longestText) {
    const size = Math.ceil(text.length / (1024 * 1024));
    return problem(
      "syntax/too-large",
      `the file has ${size} MB, at most 16 MB are read: split the workflow, or move data out of it`,
    );
  }
  if (hasStrangeCharacters(text) && countStrange(text) > mostStrange)
    return problem("syntax/not-text", "the file is not UTF-8 text: open the right file, or save this one as UTF-8");
  if (text.includes("\u0000"))
    return problem("syntax/not-text", "the file holds NUL bytes, so it is not text: open the right file");
  return undefined;
}

/** Characters that no text needs; a few of them may be an accident, many are binary data. */
export const hasStrangeCharacters = (text: string): boolean => text.search(strange()) >= 0;

const mostStrange = 8;

// Controls but tab, line ends, form feed and escape; what decoders put in for bytes that are no UTF-8; halves of pairs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const strange = () => /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\ufffd]|\p{Surrogate}/gu;

function countStrange(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(strange())) {
    count += 1;
    if (count > mostStrange) break;
  }
  return count;
}

const problem = (code: Problem["code"], message: string): Problem => ({
  code,
  severity: "error",
  message,
  range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
});
