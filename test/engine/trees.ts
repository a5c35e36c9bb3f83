// Trees of sub-workflows under random commands, on two masters of which one dies: all come to rest as one, and nothing is left.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import type { DatabaseSettings } from "../../scheduler/store/connect.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { told, workflow } from "./words.ts";

const topCount = 8;
const rounds = 60;

export function trees(name: string, database?: () => Promise<DatabaseSettings>): void {
  describe(`trees of sub-workflows on ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await startEngine({ leaseMs: 1_000, ...(database ? { database: await database() } : {}) });
    });
    after(() => engine?.close());

    test("trees that are paused, resumed, stopped and recovered at random come to rest, and nothing is left", async () => {
      const seed = Number(process.env["PORPOISE_SEED"] ?? Date.now() % 1e9);
      const random = seededRandom(seed);
      await engine.deploy(workflow("leaf", { a: "sleep 0.2", b: "sleep 0.1" }, "a >> b"));
      await engine.deploy(
        "workflow t/middle {\n}\n\ntask before: shell {\n  ```bash\n  sleep 0.1\n  ```\n}\n\ntask sub: sub_workflow {\n  workflow = t/leaf\n}\n\nbefore >> sub\n",
      );
      await engine.deploy(
        'workflow t/top {\n  param list: list = ["x", "y", "z"]\n}\n\ntask each: sub_workflow {\n  workflow = t/middle\n  for_each = list as item\n  parallelism = 2\n}\n',
      );
      const first = engine.master();
      const second = await engine.startMaster();
      const tops: string[] = [];
      for (let count = 0; count < topCount; count += 1) tops.push((await engine.start("t/top")).id);

      for (let round = 0; round < rounds; round += 1) {
        const id = tops[random(tops.length)] ?? "";
        const action = ["pause", "resume", "stop", "rerun-failed", "pause", "resume"][random(6)] ?? "pause";
        await engine.request("POST", `/instances/${id}/${action}`, {}); // one that does not fit is refused
        await delay(random(60));
        if (round === rounds / 2) await engine.killMaster(random(2) === 0 ? first : second);
      }

      const settled = async (): Promise<readonly InstanceShape[]> => {
        const found = await Promise.all(tops.map((id) => engine.instance(id)));
        for (const one of found) if (one.state === "paused") await engine.ask(one.id, "resume");
        return found.filter((one) => !["succeeded", "failed", "stopped"].includes(one.state));
      };
      const end = performance.now() + 60_000;
      for (let open = await settled(); open.length > 0; open = await settled()) {
        assert.ok(performance.now() < end, `seed ${seed}: ${open.map((one) => `${one.id} ${told(one)}`).join("; ")}`);
        await delay(100);
      }
      const { body } = await engine.request("GET", "/instances?limit=500");
      const all = (body as { items: InstanceShape[] }).items;
      const left = all.filter((one) => !["succeeded", "failed", "stopped"].includes(one.state));
      assert.deepEqual(
        left.map((one) => `${one.id} of ${one.workflow} is ${one.state}`),
        [],
        `seed ${seed}: a tree is over, and one of it is not`,
      );
      // Both masters' hands are empty, whichever of them lives.
      await engine.assertNothingLeft();
    });
  });
}
