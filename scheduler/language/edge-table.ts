// Ten thousand edges in flat arrays that are filled again at every change: no list of lists is made while someone types.

import type { Graph } from "../model/graph.ts";

/** Rows of numbers, one after the other: row `n` is `items[starts[n]]` up to `items[starts[n + 1]]`. */
export interface Rows {
  readonly starts: Int32Array;
  readonly items: Int32Array;
}

/** Parallel columns in the order of the text; only the first `count` entries mean something. */
export interface EdgeTable {
  count: number;
  from: Int32Array;
  to: Int32Array;
  /** Where the edge is said: a block, which of its lists, and the place in that list. */
  block: Int32Array;
  list: Int32Array;
  item: Int32Array;
  /** Numbers of tasks behind and ahead of each task, each once; set by `arrange`. */
  successors: Rows;
  predecessors: Rows;
  /** The edge that said it first, for each of `successors.items`. */
  firstEdge: Int32Array;
}

const noRows: Rows = { starts: new Int32Array(1), items: new Int32Array(0) };

export function edgeTable(): EdgeTable {
  const column = () => new Int32Array(16);
  return {
    count: 0,
    from: column(),
    to: column(),
    block: column(),
    list: column(),
    item: column(),
    successors: noRows,
    predecessors: noRows,
    firstEdge: column(),
  };
}

export function addEdge(table: EdgeTable, from: number, to: number, block: number, list: number, item: number): void {
  if (table.count === table.from.length) widen(table);
  const at = table.count;
  table.from[at] = from;
  table.to[at] = to;
  table.block[at] = block;
  table.list[at] = list;
  table.item[at] = item;
  table.count += 1;
}

function widen(table: EdgeTable): void {
  const wider = (old: Int32Array): Int32Array => {
    const column = new Int32Array(old.length * 2);
    column.set(old);
    return column;
  };
  table.from = wider(table.from);
  table.to = wider(table.to);
  table.block = wider(table.block);
  table.list = wider(table.list);
  table.item = wider(table.item);
}

/** Sorts the edges into rows. A self edge or a repetition is told to `odd` and is in no row; `first` is -1 for a self edge. */
export function arrange(table: EdgeTable, size: number, odd: (edge: number, first: number) => void): void {
  const { count, from, to } = table;
  const starts = rowStarts(from, count, size, table.successors.starts);
  const order = fitting(table.firstEdge, count);
  const fill = starts.slice(0, size);
  for (let edge = 0; edge < count; edge += 1) {
    const row = from[edge] ?? 0;
    order[fill[row] ?? 0] = edge;
    fill[row] = (fill[row] ?? 0) + 1;
  }
  // Within a row the edges are in the order of the text: the first one counts. `fill` now says who was seen by whom.
  const seenBy = fill.fill(-1);
  const seenAt = new Int32Array(size);
  const items = fitting(table.successors.items, count);
  let end = 0;
  for (let row = 0; row < size; row += 1) {
    const rowStart = end;
    const [first, last] = [starts[row] ?? 0, starts[row + 1] ?? 0];
    for (let at = first; at < last; at += 1) {
      const edge = order[at] ?? 0;
      const target = to[edge] ?? 0;
      if (target === row) odd(edge, -1);
      else if (seenBy[target] === row) odd(edge, order[seenAt[target] ?? 0] ?? 0);
      else {
        seenBy[target] = row;
        seenAt[target] = end;
        order[end] = edge;
        items[end] = target;
        end += 1;
      }
    }
    starts[row] = rowStart;
  }
  starts[size] = end;
  table.firstEdge = order;
  table.successors = { starts, items };
  table.predecessors = reversed(table.successors, size, table.predecessors);
}

/** Room for so many numbers, the old array where it is large enough. */
const fitting = (old: Int32Array, count: number): Int32Array =>
  old.length >= count ? old : new Int32Array(Math.ceil(count * 1.3));

/** Where each row begins when the keys are sorted; one more at the end. */
function rowStarts(keys: Int32Array, count: number, size: number, old: Int32Array): Int32Array {
  const starts = fitting(old, size + 1).fill(0);
  for (let at = 0; at < count; at += 1) {
    const next = (keys[at] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let row = 0; row < size; row += 1) starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
  return starts;
}

function reversed(rows: Rows, size: number, old: Rows): Rows {
  const end = rows.starts[size] ?? 0;
  const starts = rowStarts(rows.items, end, size, old.starts);
  const items = fitting(old.items, end);
  const fill = starts.slice(0, size);
  for (let row = 0; row < size; row += 1)
    for (let at = rows.starts[row] ?? 0; at < (rows.starts[row + 1] ?? 0); at += 1) {
      const target = rows.items[at] ?? 0;
      items[fill[target] ?? 0] = row;
      fill[target] = (fill[target] ?? 0) + 1;
    }
  return { starts, items };
}

/** Whether taking away tasks without predecessors again and again leaves some. */
export function hasCycle({ successors, predecessors }: EdgeTable, size: number): boolean {
  const open = new Int32Array(size);
  const queue = new Int32Array(size);
  let end = 0;
  for (let task = 0; task < size; task += 1) {
    open[task] = (predecessors.starts[task + 1] ?? 0) - (predecessors.starts[task] ?? 0);
    if (open[task] === 0) {
      queue[end] = task;
      end += 1;
    }
  }
  for (let at = 0; at < end; at += 1) {
    const task = queue[at] ?? 0;
    for (let next = successors.starts[task] ?? 0; next < (successors.starts[task + 1] ?? 0); next += 1) {
      const target = successors.items[next] ?? 0;
      const left = (open[target] ?? 0) - 1;
      open[target] = left;
      if (left > 0) continue;
      queue[end] = target;
      end += 1;
    }
  }
  return end < size;
}

/** The same as lists, for whoever asks more than once in a while. */
export function toGraph({ successors, predecessors }: EdgeTable, size: number): Graph {
  const lists = ({ starts, items }: Rows): number[][] =>
    Array.from({ length: size }, (_, row) => Array.from(items.subarray(starts[row] ?? 0, starts[row + 1] ?? 0)));
  return { successors: lists(successors), predecessors: lists(predecessors) };
}
