// Durations as the language writes them: `90s`, `4h`, `1h30m`.

/** Milliseconds of `1h30m`; undefined where the text is no duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,10})s)?$/.exec(text);
  if (!match || text === "") return undefined;
  const [d = 0, h = 0, m = 0, s = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  return (((d * 24 + h) * 60 + m) * 60 + s) * 1000;
}

/** The shortest way to write a duration. */
export function durationText(ms: number): string {
  const parts = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1000, "s"],
  ] as const;
  let rest = ms;
  let text = "";
  for (const [size, unit] of parts) {
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text === "" ? "0s" : text;
}
