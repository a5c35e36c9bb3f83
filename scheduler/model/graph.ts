// Pure questions about a graph of tasks, given as a number of nodes and edges between their indexes.

export type Edge = readonly [from: number, to: number];

export interface Graph {
  readonly successors: readonly (readonly number[])[];
  readonly predecessors: readonly (readonly number[])[];
}

export function graph(size: number, edges: Iterable<Edge>): Graph {
  const successors: number[][] = Array.from({ length: size }, () => []);
  const predecessors: number[][] = Array.from({ length: size }, () => []);
  for (const [from, to] of edges) {
    successors[from]?.push(to);
    predecessors[to]?.push(from);
  }
  return { successors, predecessors };
}

/** Every node after all its predecessors, lower indexes first; undefined where there is a cycle. */
export function topologicalOrder({ successors, predecessors }: Graph): readonly number[] | undefined {
  const open = predecessors.map((list) => list.length);
  const order = open.flatMap((count, node) => (count === 0 ? [node] : []));
  for (let at = 0; at < order.length; at += 1)
    for (const next of successors[order[at] ?? -1] ?? []) {
      const left = (open[next] ?? 0) - 1;
      open[next] = left;
      if (left === 0) order.push(next);
    }
  return order.length === successors.length ? order : undefined;
}

/**
 * One cycle for each group of nodes that lie in cycles, as the shortest path from the group's lowest node back to it (`[0, 2]` is
 * 0 → 2 → 0). A self edge is no cycle here.
 */
export function cycles(found: Graph): readonly (readonly number[])[] {
  const left = inCycles(found);
  const result: (readonly number[])[] = [];
  const reported = new Set<number>();
  for (const start of left) {
    if (reported.has(start)) continue;
    const path = shortestWayBack(found, start, left);
    if (!path) continue;
    const group = strongGroup(found, start, left);
    for (const node of group) reported.add(node);
    result.push(path);
  }
  return result;
}

/** All nodes that can be reached from `starts`, without these unless they lie on a cycle. */
export function reachable(next: readonly (readonly number[])[], starts: Iterable<number>): ReadonlySet<number> {
  const seen = new Set<number>();
  const open = [...starts];
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const following of next[node] ?? [])
      if (!seen.has(following)) {
        seen.add(following);
        open.push(following);
      }
  return seen;
}

/** What is left when nodes without predecessors, then without successors, are taken away again and again. Ascending. */
function inCycles({ successors, predecessors }: Graph): ReadonlySet<number> {
  const afterSources = peel(successors, predecessors, undefined);
  if (afterSources.size === 0) return afterSources;
  return peel(predecessors, successors, afterSources);
}

function peel(
  ahead: readonly (readonly number[])[],
  behind: readonly (readonly number[])[],
  within: ReadonlySet<number> | undefined,
): ReadonlySet<number> {
  const isIn = (node: number) => within === undefined || within.has(node);
  const count = behind.map((list, node) =>
    isIn(node) ? list.filter((other) => other !== node && isIn(other)).length : 0,
  );
  const open = count.flatMap((value, node) => (value === 0 && isIn(node) ? [node] : []));
  const gone = new Set(open);
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const next of ahead[node] ?? []) {
      if (next === node || !isIn(next) || gone.has(next)) continue;
      const value = (count[next] ?? 0) - 1;
      count[next] = value;
      if (value > 0) continue;
      gone.add(next);
      open.push(next);
    }
  const rest = new Set<number>();
  for (let node = 0; node < behind.length; node += 1) if (isIn(node) && !gone.has(node)) rest.add(node);
  return rest;
}

function shortestWayBack(
  { successors }: Graph,
  start: number,
  within: ReadonlySet<number>,
): readonly number[] | undefined {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (let at = 0; at < queue.length; at += 1) {
    const node = queue[at] ?? start;
    for (const next of successors[node] ?? []) {
      if (next === start && node !== start) return pathTo(node, start, cameFrom);
      if (next === start || !within.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(node: number, start: number, cameFrom: ReadonlyMap<number, number>): readonly number[] {
  const path = [node];
  for (let at = node; at !== start; ) {
    at = cameFrom.get(at) ?? start;
    path.push(at);
  }
  return path.reverse();
}

/** Nodes that reach `start` and are reached from it. */
function strongGroup(found: Graph, start: number, within: ReadonlySet<number>): readonly number[] {
  const ahead = reachable(found.successors, [start]);
  const behind = reachable(found.predecessors, [start]);
  return [...within].filter((node) => ahead.has(node) && behind.has(node));
}
