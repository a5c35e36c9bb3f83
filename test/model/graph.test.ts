// Orders and cycles of small graphs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cycles, type Edge, graph, reachable, topologicalOrder } from "../../scheduler/model/graph.ts";

const read = (text: string): readonly Edge[] => text.split(" ").map((edge): Edge => [Number(edge[0]), Number(edge[2])]);

test("a topological order puts every node behind its predecessors", () => {
  assert.deepEqual(topologicalOrder(graph(5, read("3>1 1>0 4>0 0>2"))), [3, 4, 1, 0, 2]);
});

test("a graph with a cycle has no topological order", () => {
  assert.equal(topologicalOrder(graph(3, read("0>1 1>2 2>1"))), undefined);
});

test("a cycle is the shortest way from its lowest node back", () => {
  assert.deepEqual(cycles(graph(5, read("0>1 1>2 2>3 3>1 2>1 3>4"))), [[1, 2]]);
});

test("two separate cycles are two, nodes between them are in neither", () => {
  assert.deepEqual(cycles(graph(6, read("0>1 1>0 1>2 2>3 3>4 4>3"))), [
    [0, 1],
    [3, 4],
  ]);
});

test("a self edge is not reported as a cycle of many", () => {
  assert.deepEqual(cycles(graph(2, read("0>0 0>1"))), []);
});

test("reachable nodes do not include the start unless it lies on a cycle", () => {
  const found = graph(4, read("0>1 1>2 2>1"));
  assert.deepEqual([...reachable(found.successors, [0])].sort(), [1, 2]);
  assert.deepEqual([...reachable(found.successors, [1])].sort(), [1, 2]);
});
