// A worker that runs nothing: what it is given has started and succeeded at once. It measures the engine without processes.
//
//   node bench/no-op-worker.ts <name> <slots>     ZooKeeper and the secret from the environment, as every process of a cluster

import { randomBytes } from "node:crypto";
import { incarnation } from "../scheduler/model/ids.ts";
import { openRegistry } from "../scheduler/registry/registries.ts";
import type { Connection } from "../scheduler/wire/contract.ts";
import { listen } from "../scheduler/wire/listen.ts";
import type { Assignment, Report, WorkerRequests } from "../scheduler/wire/messages.ts";

const [name = "nothing", slots = "1000"] = process.argv.slice(2);
const self = incarnation(name, randomBytes(6).toString("hex"));
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const registry = await openRegistry({
  type: "zookeeper",
  connect: process.env["PORPOISE_REGISTRY_CONNECT"] ?? "",
  leaseMs: Number(process.env["PORPOISE_REGISTRY_LEASE_MS"]),
  log: silent,
});

const waiting = new Map<Connection, Report[]>();

/** All that has come in in this turn of the event loop is told in one request, as a worker does. */
function tell(connection: Connection, { taskInstance, attempt, ownerEpoch }: Assignment): void {
  const ref = { taskInstance, attempt, ownerEpoch, agoMs: 0 };
  const reports = waiting.get(connection) ?? [];
  if (reports.length === 0) {
    waiting.set(connection, reports);
    setImmediate(() => {
      waiting.delete(connection);
      void connection.request("report", { reports }).catch(() => {}); // its master has ended
    });
  }
  reports.push({ ...ref, kind: "started" }, { ...ref, kind: "ended", outcome: "succeeded", outputs: {} });
}

const server = await listen({
  host: "127.0.0.1",
  port: 0,
  settings: {
    greeting: { role: "worker", incarnation: self },
    secret: process.env["PORPOISE_SECRET"] ?? "",
    handlers: {
      dispatch: async ({ body }: { body: WorkerRequests["dispatch"]["request"] }, from) => {
        for (const assignment of body.assignments) tell(from, assignment);
        return { body: { answers: body.assignments.map(() => "accepted") } };
      },
      kill: async () => ({ body: {} }),
      settle: async ({ body }: { body: WorkerRequests["settle"]["request"] }) => ({
        body: { settlements: body.attempts.map(() => ({ kind: "unknown" })) },
      }),
    },
  },
});
await registry.join({
  kind: "worker",
  incarnation: self,
  data: {
    host: "127.0.0.1",
    port: server.port,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    cpu: 0,
    memory: 0,
    slots: Number(slots),
    slotsUsed: 0,
    status: "ready",
    groups: ["default"],
  },
});
console.log(`porpoise worker is ready: ${self}`);
