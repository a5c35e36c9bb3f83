// "Did you mean": the known name that a typing error is nearest to.

/** The nearest of the known names, if it is near enough to be meant; a different case always is. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const limit = name.length <= 3 ? 1 : name.length <= 7 ? 2 : 3;
  const rows = [0, 1, 2].map(() => new Uint16Array(name.length + limit + 2));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance, rows);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
      if (distance <= 1) break; // ten thousand names are looked at while someone types: the first near one will do
    }
  }
  return best;
}

/** `: did you mean "x"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const best = nearest(name, known);
  return best === undefined ? "" : `: did you mean "${best}"?`;
}

/** The name that a message of that form suggests: what a quick fix writes. */
export const suggestionIn = (message: string): string | undefined => /did you mean "(.+)"\?$/.exec(message)?.[1];

/** Insertions, deletions, replacements and swaps of neighbours; gives up at `limit`. The rows are only room to work in. */
function editDistance(a: string, b: string, limit: number, rows: readonly Uint16Array[]): number {
  let [beforeLast, last, row] = rows;
  if (!beforeLast || !last || !row || b.length >= row.length) return limit;
  for (let j = 0; j <= b.length; j += 1) last[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      const isSwap =
        i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (isSwap) value = Math.min(value, (beforeLast[j - 2] ?? 0) + 1);
      row[j] = value;
      least = Math.min(least, value);
    }
    if (least >= limit) return limit;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return last[b.length] ?? limit;
}
