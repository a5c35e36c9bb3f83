// Random edits of `.flow` text for the property test: fences, braces, line ends, headers, deletes over many lines.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.
import type { Position, Range } from "../../scheduler/model/problem.ts";

export type Random = (below: number) => number;

/** A small generator whose whole state is the seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

export interface RandomEdit {
  readonly range: Range;
  readonly text: string;
}

export function randomEdit(random: Random, text: string): RandomEdit {
  const lines = text.split(/\r\n|\n|\r/);
  const start = randomPosition(random, lines);
  const kind = random(10);
  if (kind < 5) return { range: { start, end: start }, text: snippet(random) };
  const end =
    kind < 8
      ? near(random, lines, start)
      : { line: Math.min(start.line + random(8), lines.length), character: random(12) };
  const isAfter = end.line > start.line || (end.line === start.line && end.character >= start.character);
  const range = isAfter ? { start, end } : { start: end, end: start };
  return { range, text: random(3) === 0 ? snippet(random) : "" };
}

function randomPosition(random: Random, lines: readonly string[]): Position {
  const line = random(lines.length + 1);
  // Beyond the end on purpose now and then.
  return { line, character: random(3) === 0 ? 0 : random((lines[line]?.length ?? 0) + 3) };
}

const near = (random: Random, lines: readonly string[], start: Position): Position => ({
  line: start.line,
  character: Math.min(start.character + random(6), (lines[start.line]?.length ?? 0) + 1),
});

function snippet(random: Random): string {
  const all = [
    "\n",
    "\r\n",
    "\r",
    "}",
    "{",
    "}\n",
    "```",
    "  ```bash\n",
    "  ```\n",
    "````\n",
    "\ntask x: shell {\n  ```bash\n  echo ${day}\n  ```\n}\n",
    "task a: shell {\n",
    'workflow p/w {\n  param day: date = "$[yyyy-MM-dd]"\n}\n',
    "a >> b\n",
    "\n[a, b] >> c\n",
    "[",
    "]",
    "(",
    "/// doc\n",
    "// note\n",
    "  after = [a, b]\n",
    "  retries = 2 every 5m\n",
    '  in k: string = "${day}"\n',
    "  out n: integer\n",
    '"',
    "\\",
    "$",
    "${n}",
    "\u0000",
    "\ufffd",
    "\ud83d",
    "任务",
    " ",
    "x",
    "=",
    ">>",
    "  after = a\n",
    "  when n == 1 and not (k in [1, 2]) >> a\n",
    "  when any(a is succeeded, b is failed) >> [a, b]\n",
    "  else >> b\n",
    "task s: switch {\n",
    "\ntask k: conditions {\n  after = a\n  when a is failed >> b\n}\n",
    "  wait_for = all(x @ today, any(p/y.t @ last_1_days))\n",
    "  workflow = p/w\n  for_each = n as m\n",
    "  alert = failure to x\n",
    " is succeeded",
    " and ",
    " @ ",
    'task "b c": http {\n  url = "x"\n}\n',
  ];
  return all[random(all.length)] ?? "";
}

/** Text from random characters and pieces, with no meaning at all. */
export function randomGarbage(random: Random, length: number): string {
  let text = "";
  for (let at = 0; at < length; at += 1)
    text += random(3) === 0 ? snippet(random) : String.fromCharCode(random(4) === 0 ? random(65_536) : 32 + random(96));
  return text;
}
