// Medians, and rows of Markdown tables.

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between neighbours. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;
export const spread = (values: readonly number[]): string =>
  `${seconds(Math.min(...values))} … ${seconds(Math.max(...values))}`;

export const row = (...cells: readonly (string | number)[]): void => console.log(`| ${cells.join(" | ")} |`);
export function head(...cells: readonly string[]): void {
  row(...cells);
  console.log(`|${cells.map(() => "---").join("|")}|`);
}
