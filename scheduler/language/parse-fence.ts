// A task's script: the fence's info string and where its lines are.

import type { FenceLine, Name } from "./nodes.ts";
import type { Cursor } from "./parser.ts";
import { type FenceToken, tokenRange } from "./tokens.ts";

export function parseFence(at: Cursor, token: FenceToken): FenceLine {
  at.take();
  const range = tokenRange(token);
  if (!token.isClosed)
    at.report({
      code: "syntax/unclosed",
      message: `the script is not closed: ${"`".repeat(token.fence.ticks)} is missing`,
      range,
    });
  if (token.fence.indent === 0)
    at.report({ code: "syntax/unexpected", message: "a script's fence is indented inside its task", range });
  const infoStart = token.fence.indent + token.fence.ticks;
  const words = [...token.fence.info.matchAll(/\S+/g)].map((match): Name => {
    const start = infoStart + match.index;
    return {
      text: match[0],
      range: {
        start: { line: token.line, character: start },
        end: { line: token.line, character: start + match[0].length },
      },
    };
  });
  const rest = words[0]?.text === "raw" ? words : words.slice(1);
  for (const word of rest.filter((one) => one.text !== "raw"))
    at.report({
      code: "syntax/unexpected",
      message: `found "${word.text}", after the script's language stands only raw (nothing is substituted)`,
      range: word.range,
    });
  const language = rest === words ? { text: "", range } : (words[0] ?? { text: "", range });
  const isRaw = rest.some((word) => word.text === "raw");
  return {
    kind: "fence",
    range,
    indent: token.fence.indent,
    language,
    raw: isRaw,
    from: token.from,
    to: token.to,
    isClosed: token.isClosed,
  };
}

/** One or two backticks: a fence that is being typed. What follows is its script, and the fence that seems to open closes it. */
export function parseHalfFence(at: Cursor): FenceLine {
  const range = tokenRange(at.peek());
  at.unexpected("a script's fence: three backticks and its language, as in ```bash");
  while (!at.isOver() && at.peek().kind !== "fence") at.take();
  const { line } = at.peek();
  const fence = at.peek();
  if (fence.kind === "fence" && !fence.isClosed && fence.fence.info.trim() === "") at.take();
  const from = range.start.line + 1;
  const language = { text: "", range };
  return { kind: "fence", range, indent: 0, language, raw: true, from, to: Math.max(from, line), isClosed: false };
}
