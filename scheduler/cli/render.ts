// Rows as a table for people.

import { styleText } from "node:util";
import type { Io } from "./io.ts";

const stateColours: { readonly [state: string]: Parameters<typeof styleText>[0] } = {
  succeeded: "green",
  forced_success: "green",
  create: "green",
  failed: "red",
  killed: "red",
  lost: "red",
  stopped: "yellow",
  paused: "yellow",
  running: "cyan",
  dispatched: "cyan",
  update: "cyan",
  remove: "yellow",
  unchanged: "gray",
  skip: "gray",
  skipped: "gray",
  disabled: "gray",
};

export const coloured = (io: Io, state: string): string => {
  const colour = stateColours[state];
  return io.isTerminal && colour ? styleText(colour, state) : state;
};

/** Columns as wide as their widest cell; a state's colour counts nothing. */
export function table(io: Io, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[], paint: (cell: string) => string): string =>
    cells
      .map((cell, column) => paint(cell) + " ".repeat(Math.max(0, (widths[column] ?? 0) - cell.length)))
      .join("  ")
      .trimEnd();
  const title = (cell: string): string => (io.isTerminal ? styleText("dim", cell) : cell);
  return [line(head, title), ...rows.map((row) => line(row, (cell) => coloured(io, cell)))].join("\n");
}

/** `1m 05s`; `` when either end is unknown. */
export function duration(from: string | null, to: string | null): string {
  if (from === null) return "";
  const seconds = (Date.parse(to ?? new Date().toISOString()) - Date.parse(from)) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.round(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(Math.round(seconds % 60)).padStart(2, "0");
  if (minutes < 60) return `${minutes}m ${rest}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}
