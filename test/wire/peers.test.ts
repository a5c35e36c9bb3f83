import assert from "node:assert/strict";
import { test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import type { Connection } from "../../scheduler/wire/contract.ts";
import { listen } from "../../scheduler/wire/listen.ts";
import { type Peers, peers } from "../../scheduler/wire/peers.ts";
import { memberData } from "../registry/contract.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { freePort } from "../support/servers/server-process.ts";
import { keptLog, wireSettings } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";

const worker = incarnation("worker", "1");
const connected = (all: Peers): Promise<Connection> => eventually(() => all.get(worker), "a connection");

test("a member is connected to, again after a break, and when it starts later than it is known", async (t) => {
  const registry = memoryRegistry();
  const port = await freePort();
  const all = peers({ registry, kind: "worker", settings: wireSettings("master"), log: keptLog() });
  t.after(() => all.close());
  const heard: string[] = [];
  all.onConnection((connection) => heard.push(connection.peer.incarnation));
  registry.add({ kind: "worker", incarnation: worker, data: { ...memberData, port } });
  assert.equal(all.any(), undefined);
  const server = await listen({ host: "127.0.0.1", port, settings: wireSettings("worker") });
  t.after(() => server.close());
  const first = await connected(all);
  assert.equal(all.any(), first);
  for (const connection of server.connections) connection.close();
  await eventually(
    () => (all.get(worker) !== undefined && all.get(worker) !== first ? true : undefined),
    "another connection",
  );
  assert.deepEqual(heard, [worker, worker]);
});

test("a member that has left keeps its open connection, and is not tried again", async (t) => {
  const registry = memoryRegistry();
  const server = await listen({ host: "127.0.0.1", port: 0, settings: wireSettings("worker") });
  t.after(() => server.close());
  const all = peers({ registry, kind: "worker", settings: wireSettings("master"), log: keptLog() });
  t.after(() => all.close());
  registry.add({ kind: "worker", incarnation: worker, data: { ...memberData, port: server.port } });
  const connection = await connected(all);
  registry.remove(worker);
  assert.equal(all.get(worker), connection);
  connection.close();
  await eventually(() => (all.get(worker) === undefined ? true : undefined), "the end of the connection");
  assert.deepEqual(all.all(), []);
});

test("another life at the same address is not taken for the member", async (t) => {
  const registry = memoryRegistry();
  const server = await listen({ host: "127.0.0.1", port: 0, settings: wireSettings("worker") });
  t.after(() => server.close());
  const log = keptLog();
  const all = peers({ registry, kind: "worker", settings: wireSettings("master"), log });
  t.after(() => all.close());
  const before = incarnation("worker", "0");
  registry.add({ kind: "worker", incarnation: before, data: { ...memberData, port: server.port } });
  const line = await eventually(() => log.lines.find((one) => one.level === "warn"), "a warning");
  assert.match(JSON.stringify(line.fields), /answers as worker worker#1, worker#0 was expected/);
  assert.equal(all.get(before), undefined);
});
