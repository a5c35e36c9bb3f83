// Reading what other schedulers wrote: values of any shape, taken as what they are meant to be.

export type Fields = { readonly [name: string]: unknown };

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object, also where it is written as JSON in a string. */
export function fields(value: unknown): Fields {
  const read = parsed(value);
  return isFields(read) ? read : {};
}

/** A list, also where it is written as JSON in a string. */
export function list(value: unknown): readonly unknown[] {
  const read = parsed(value);
  return Array.isArray(read) ? read : [];
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    const read: unknown = JSON.parse(value);
    return read;
  } catch {
    return undefined; // a plain string is no structure
  }
}

/** Text that says something; numbers and truth values as they would be written. */
export function words(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

export function count(value: unknown): number | undefined {
  const number =
    typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** The first of some fields that is there: names changed between versions. */
export const either = (from: Fields, ...names: readonly string[]): unknown =>
  names.map((name) => from[name]).find((value) => value !== undefined && value !== null);
