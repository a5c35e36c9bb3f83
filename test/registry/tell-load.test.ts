import assert from "node:assert/strict";
import { test } from "node:test";
import { tellLoad } from "../../scheduler/registry/tell-load.ts";
import { memoryRegistry } from "../support/memory-registry.ts";
import { movableClock } from "../support/movable-clock.ts";
import { keptLog } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";
import { member } from "./contract.ts";

test("a member tells how busy its host is when that has changed, and only while it is a member", async (t) => {
  const clock = movableClock();
  const registry = memoryRegistry();
  const one = member("master", "m1");
  let isMember = false;
  let cpu = 0.5;
  let updates = 0;
  const stop = tellLoad({
    registry: {
      ...registry,
      update: (data) => {
        updates += 1;
        return registry.update(data);
      },
    },
    isMember: () => isMember,
    data: (load) => ({ ...one.data, ...load }),
    load: () => ({ cpu, memory: 0.25 }),
    clock,
    log: keptLog(),
  });
  t.after(stop);
  const told = () => [...registry.joined.values()].map(({ data }) => `${data.cpu} ${data.memory}`);
  clock.move(5_000);
  assert.equal(updates, 0);
  await registry.join(one);
  isMember = true;
  clock.move(5_000);
  await eventually(() => (told()[0] === "0.5 0.25" ? true : undefined), "the load");
  clock.move(5_000);
  clock.move(5_000);
  assert.equal(updates, 1);
  cpu = 0.75;
  clock.move(5_000);
  await eventually(() => (told()[0] === "0.75 0.25" ? true : undefined), "the new load");
});
