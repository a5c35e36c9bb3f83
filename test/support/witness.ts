// What tasks themselves wrote about their attempts: each appends begin, beats and its end to one file.

import { readFile } from "node:fs/promises";

/** Lines of a task's script that bear witness while `seconds` pass. Appends of a line are atomic. */
export const witnessScript = (file: string, beats: number, pause: string): string =>
  [
    `say() { echo "$PORPOISE_TASK_INSTANCE $PORPOISE_ATTEMPT $1 $(date +%s%N)" >> ${file}; }`,
    "say begin",
    "echo begin",
    `for beat in $(seq ${beats}); do sleep ${pause}; say beat; echo "beat $beat"; done`,
    "say end",
    "echo end",
  ]
    .map((line) => `  ${line}`)
    .join("\n");

export interface Witnessed {
  readonly attempt: number;
  readonly begin: bigint;
  /** The last sign of life. */
  readonly last: bigint;
  readonly hasEnded: boolean;
  readonly begins: number;
}

/** By task instance, the attempts in order. */
export async function readWitness(file: string): Promise<ReadonlyMap<string, readonly Witnessed[]>> {
  const found = new Map<string, Map<number, Witnessed>>();
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    const [task, number, what, time] = line.split(" ");
    if (!task || !number || !what || !time) continue;
    const attempts = found.get(task) ?? new Map<number, Witnessed>();
    found.set(task, attempts);
    const attempt = Number(number);
    const at = BigInt(time);
    const known = attempts.get(attempt) ?? { attempt, begin: at, last: at, hasEnded: false, begins: 0 };
    attempts.set(attempt, {
      attempt,
      begin: at < known.begin ? at : known.begin,
      last: at > known.last ? at : known.last,
      hasEnded: known.hasEnded || what === "end",
      begins: known.begins + (what === "begin" ? 1 : 0),
    });
  }
  return new Map(
    [...found].map(([task, attempts]) => [task, [...attempts.values()].sort((a, b) => a.attempt - b.attempt)]),
  );
}

/** Attempts that began more than once, or before the one before them had given its last sign of life. */
export function doubled(witness: ReadonlyMap<string, readonly Witnessed[]>): readonly string[] {
  return [...witness].flatMap(([task, attempts]) =>
    attempts.flatMap((one, index) => {
      const before = attempts[index - 1];
      if (one.begins > 1) return [`${task}#${one.attempt} began ${one.begins} times`];
      if (before && before.last >= one.begin)
        return [`${task}#${one.attempt} began before #${before.attempt} was over`];
      return [];
    }),
  );
}
