// A worker as a process of its own, for tests that kill or freeze it. Prints its port once it listens.

import { incarnation } from "../../scheduler/model/ids.ts";
import type { Member } from "../../scheduler/registry/contract.ts";
import { startWorker } from "../../scheduler/worker/worker.ts";
import { memoryRegistry } from "./memory-registry.ts";
import { keptLog } from "./wire.ts";
import { guardCommand, sqlCommand, testSecret } from "./worker.ts";

const [dataFolder = "", leaseMs = "1000", api] = process.argv.slice(2);
const registry = memoryRegistry(Number(leaseMs));
if (api !== undefined) registry.add(JSON.parse(api) as Member); // what the test that starts this process wrote
const worker = await startWorker({
  incarnation: incarnation("doomed", "1"),
  registry,
  wire: { host: "127.0.0.1", port: 0, secret: testSecret },
  dataFolder,
  slots: 8,
  groups: [],
  stopGraceMs: 1_000,
  guardCommand,
  sqlCommand,
  log: keptLog(),
});
process.stdout.write(`${worker.member.data.port}\n`);
