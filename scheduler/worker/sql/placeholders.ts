// The `?`s of a statement, for databases that number their placeholders.

/** `call p(?, '?')` → `call p($1, '?')`: not in strings, quoted names and comments. */
export function numberPlaceholders(statement: string): string {
  let count = 0;
  return statement.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g, (found) => {
    if (found !== "?") return found;
    count += 1;
    return `$${count}`;
  });
}
