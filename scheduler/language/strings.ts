// What the raw text between two quotes means: JSON's escapes, and `\$`.

/** Every character as meant, `\$` being a plain `$`: names, descriptions, paths. */
export function plainString(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(escapes, (all, code: string) => decode(code) ?? all);
}

/**
 * The form that substitution reads: escapes decoded, but backslashes directly before a `$` left as they are, because there an odd
 * number of them takes the `$` its meaning.
 */
export function templateString(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(/\\+\$|\\(u[0-9a-fA-F]{4}|[\s\S])/g, (all, code: string | undefined) =>
    code === undefined ? all : (decode(code) ?? all),
  );
}

/** Places of escapes that mean nothing, as offsets in the raw text. */
export function badEscapes(raw: string): readonly { readonly start: number; readonly end: number }[] {
  if (!raw.includes("\\")) return [];
  return [...raw.matchAll(escapes)]
    .filter(([, code = ""]) => decode(code) === undefined)
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

const escapes = /\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g;

function decode(code: string): string | undefined {
  if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return singles.get(code);
}

const singles: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["$", "$"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
