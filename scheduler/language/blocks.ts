// Where top-level constructs begin: a scan of lines that knows fences and nothing else.
//
// Whether a line starts a block depends on earlier lines of the same block only, and at every start no fence is open. So after an
// edit it is enough to scan from the block before it until a start falls on an old one.

export interface BlockScan {
  /** Takes the next line's content; true where a new block starts with it. */
  readonly startsBlock: (content: string) => boolean;
}

export function blockScan(): BlockScan {
  let fence: Fence | undefined;
  let isAfterDoc = false;
  function startsBlock(content: string): boolean {
    if (fence) {
      if (isHeader(content)) {
        fence = undefined;
        return true;
      }
      if (closesFence(content, fence)) fence = undefined;
      return false;
    }
    const wasAfterDoc = isAfterDoc;
    isAfterDoc = isDoc(content);
    fence = opensFence(content);
    if (fence || !startsConstruct(content)) return false;
    return !wasAfterDoc;
  }
  return { startsBlock };
}

export interface Fence {
  readonly indent: number;
  readonly ticks: number;
  readonly info: string;
}

/** Three backticks or more, at any indent; the rest of the line is the info string. */
export function opensFence(content: string): Fence | undefined {
  const indent = indentOf(content);
  if (!content.startsWith("```", indent)) return undefined;
  let end = indent + 3;
  while (content[end] === "`") end += 1;
  const info = content.slice(end);
  return info.includes("`") ? undefined : { indent, ticks: end - indent, info };
}

/** At least as many backticks as opened it, and nothing else. */
export function closesFence(content: string, fence: Fence): boolean {
  let at = indentOf(content);
  const start = at;
  while (content[at] === "`") at += 1;
  return at - start >= fence.ticks && content.slice(at).trim() === "";
}

/** `task name: type {` or `workflow … {` in column 0: such a line ends even an open fence. */
export function isHeader(content: string): boolean {
  if (content.startsWith("task")) return taskHeader.test(content);
  return content.startsWith("workflow") && workflowHeader.test(content);
}

export const isDoc = (content: string): boolean => content.startsWith("///") && content[3] !== "/";

export function indentOf(content: string): number {
  let at = 0;
  while (content[at] === " " || content[at] === "\t") at += 1;
  return at;
}

const taskHeader =
  /^task[ \t]+(?:"(?:[^"\\]|\\.)*"|[\p{L}_][\p{L}\p{N}_-]*)[ \t]*:[ \t]*[\p{L}_][\p{L}\p{N}_-]*[ \t]*\{/u;
const workflowHeader = /^workflow[ \t]+["\p{L}_][^{]*\{/u;

/** Anything in column 0 but closing brackets and plain comments. */
function startsConstruct(content: string): boolean {
  switch (content[0]) {
    case undefined:
    case " ":
    case "\t":
    case "}":
    case "]":
    case ")":
      return false;
    case "/":
      return !content.startsWith("//") || isDoc(content);
    default:
      return true;
  }
}
