// What a person sees of results in the log, and what of them becomes the task's outputs.

import type { ResultSink, SqlPublished, SqlRequest } from "./contract.ts";

export interface Results extends ResultSink {
  /** The `out`s that the last result with rows has columns for. */
  published(): SqlPublished;
}

const shownRows = 100;
const shownWidth = 120;
/** A list that is longer is no param any more. */
const maxListItems = 10_000;

export function results(outputs: SqlRequest["outputs"], write: (text: string) => void): Results {
  let names: readonly string[] | undefined;
  let shown: string[][] = [];
  let count = 0;
  let values: Map<string, string[]> = new Map();

  return {
    columns: (columns) => {
      names = columns;
      shown = [];
      count = 0;
      values = new Map(outputs.filter(({ name }) => columns.includes(name)).map(({ name }) => [name, []]));
    },
    row: (row) => {
      count += 1;
      if (shown.length < shownRows) shown.push(row.map((value) => cell(value, "NULL")));
      for (const { name, isList } of outputs) {
        const list = values.get(name);
        if (list === undefined || list.length >= (isList ? maxListItems : 1)) continue;
        list.push(cell(row[names?.indexOf(name) ?? -1], ""));
      }
    },
    end: (changed) => {
      if (names === undefined) write(changed === undefined ? "done\n" : `${rowsOf(changed)} changed\n`);
      else write(`${table(names, shown)}${rowsOf(count)}${count > shownRows ? `, ${shownRows} shown` : ""}\n`);
      names = undefined;
    },
    published: () =>
      Object.fromEntries(
        outputs.flatMap(({ name, isList }) => {
          const list = values.get(name);
          if (list === undefined) return [];
          return [[name, isList ? JSON.stringify(list) : (list[0] ?? "")]];
        }),
      ),
  };
}

const rowsOf = (count: number): string => (count === 1 ? "1 row" : `${count} rows`);

function cell(value: unknown, absent: string): string {
  if (value === null || value === undefined) return absent;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const flat = rows.map((row) => row.map((text) => shorten(text.replaceAll(/\r?\n/g, "⏎"))));
  const widths = names.map((name, column) => Math.max(name.length, ...flat.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()}\n`;
  return line(names) + line(widths.map((width) => "-".repeat(width))) + flat.map(line).join("");
}

const shorten = (text: string): string => (text.length > shownWidth ? `${text.slice(0, shownWidth - 1)}…` : text);
