// Faults that need a cluster to show, played on simulated time; each test is named after what must hold.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Seat, SimulatedCluster } from "../simulator/cluster.ts";
import { type Played, play } from "../simulator/play.ts";

const task = (name: string, lines = ""): string =>
  `task ${name}: shell {\n${lines}  \`\`\`bash\n  true\n  \`\`\`\n}\n\n`;
const one = `workflow sim/one {\n}\n\n${task("a")}`;
const two = `workflow sim/two {\n}\n\n${task("a")}${task("b", "  after = a\n")}`;
const leaseMs = 3_000;

const seat = ({ seats }: SimulatedCluster, name: string): Seat => {
  const found = seats.find((each) => each.name === name);
  assert.ok(found);
  return found;
};
const holds = (played: Played): void => {
  assert.deepEqual([...played.doubled, ...played.broken], []);
  assert.deepEqual([...new Set(played.instances.map(({ state }) => state))], ["succeeded"]);
};

describe("faults of clusters", () => {
  test("a worker whose lease nobody confirms kills its groups before anyone may take over", async () => {
    const played = await play({
      flow: one,
      leaseMs,
      tasksMs: 20_000,
      forMs: 60_000,
      story: ({ network, registry, witness, cluster }, at) => {
        at(5_000, () => {
          const { machine } = witness.all()[0] ?? assert.fail();
          registry.block(machine);
          for (const other of cluster.seats) {
            network.block(machine, other.name);
            network.block(other.name, machine);
          }
        });
        at(40_000, () => {
          network.heal();
          registry.heal();
        });
      },
    });
    holds(played);
    const [first, second] = played.attempts;
    assert.equal(first?.outcome, "cut");
    assert.ok((first?.endMs ?? 0) < (second?.beginMs ?? 0));
    assert.equal(played.states["1.0#1"], "lost");
  });

  test("a worker that is frozen for longer than its lease runs nothing beside its successor", async () => {
    const played = await play({
      flow: one,
      leaseMs,
      tasksMs: 15_000,
      forMs: 60_000,
      story: ({ cluster, witness }, at) => {
        const frozen = (): Seat => seat(cluster, witness.all()[0]?.machine ?? "");
        at(4_000, () => cluster.freeze(frozen()));
        at(4_000 + 3 * leaseMs, () => cluster.goOn(frozen()));
      },
    });
    holds(played);
    assert.equal(played.attempts.length, 2);
  });

  test("unknown is not failed: a dispatch without an answer is asked again of the same worker, under the same attempt", async () => {
    const played = await play({
      flow: two,
      leaseMs: 12_000,
      tasksMs: 3_000,
      forMs: 60_000,
      story: ({ network, witness, cluster }, at) => {
        // While the first task runs the answers of both workers are cut off, so the second one is sent into silence.
        at(1_000, () => {
          assert.equal(witness.all().length, 1);
          for (const { name, kind } of cluster.seats) if (kind === "worker") network.block(name, "m1");
        });
        at(7_000, () => network.heal());
      },
    });
    holds(played);
    assert.deepEqual(played.states, { "1.0#1": "succeeded", "1.1#1": "succeeded" });
  });

  test("ownership is an instance's own: a sub-workflow is rescued although its parent's master is healthy", async () => {
    const parent = "workflow sim/parent {\n}\n\ntask child: sub_workflow {\n  workflow = sim/two\n}\n";
    const played = await play({
      flow: parent,
      more: [two],
      leaseMs,
      masters: 2,
      tasksMs: 6_000,
      forMs: 90_000,
      story: ({ cluster, database }, at) => {
        at(4_000, () => {
          const owner = ownerOf(database.own, 2);
          cluster.kill(seat(cluster, owner.split("#")[0] ?? ""), 40_000);
        });
      },
    });
    holds(played);
    assert.equal(played.instances.length, 2);
    assert.equal(played.attempts.length, 2, "what ran on a living worker is adopted");
  });

  test("identity is an incarnation: a worker that comes back at once at the same place is another one", async () => {
    const played = await play({
      flow: one,
      leaseMs: 12_000,
      workers: 1,
      tasksMs: 5_000,
      forMs: 60_000,
      story: ({ cluster }, at) => {
        at(2_000, () => cluster.kill(seat(cluster, "w1"), 20));
      },
    });
    holds(played);
    assert.deepEqual(played.states, { "1.0#1": "lost", "1.0#2": "succeeded" });
  });

  test("a worker keeps a result until it is acknowledged after the commit, and asks who owns the instance now", async () => {
    const played = await play({
      flow: one,
      leaseMs,
      masters: 2,
      tasksMs: 6_000,
      forMs: 90_000,
      story: ({ cluster, database }, at) => {
        // The task ends while nobody can commit, and its owner dies before anybody can.
        at(4_000, () => database.setState("away"));
        at(8_000, () => {
          const owner = ownerOf(database.own, 1);
          cluster.kill(seat(cluster, owner.split("#")[0] ?? ""), 30_000);
        });
        at(10_000, () => database.setState("up"));
      },
    });
    holds(played);
    assert.deepEqual(played.states, { "1.0#1": "succeeded" });
  });

  test("the parent looks, it does not rely on being told: a child that ends while the parent's master is away is found", async () => {
    const parent = "workflow sim/parent {\n}\n\ntask child: sub_workflow {\n  workflow = sim/one\n}\n";
    const played = await play({
      flow: parent,
      more: [one],
      leaseMs,
      masters: 2,
      tasksMs: 5_000,
      forMs: 90_000,
      story: ({ cluster, database }, at) => {
        const owner = (): Seat => seat(cluster, ownerOf(database.own, 1).split("#")[0] ?? "");
        at(3_000, () => cluster.freeze(owner()));
        at(20_000, () => {
          for (const each of cluster.seats) cluster.goOn(each);
        });
      },
    });
    holds(played);
  });

  test("the registry is away for two minutes while tasks run: each goes on under its owner's confirmation", async () => {
    const played = await play({
      flow: one,
      leaseMs,
      masters: 2,
      tasksMs: 150_000,
      forMs: 240_000,
      story: ({ registry }, at) => {
        at(5_000, () => registry.setAway(true));
        at(125_000, () => {
          registry.wipe();
          registry.setAway(false);
        });
      },
    });
    holds(played);
    assert.deepEqual(played.states, { "1.0#1": "succeeded" });
  });

  test("a registry that has forgotten all says of no worker that it is gone", async () => {
    const played = await play({
      flow: one,
      leaseMs: 12_000,
      workers: 2,
      tasksMs: 40_000,
      forMs: 180_000,
      story: ({ registry, network, witness }, at) => {
        // Its master has not heard of it for longer than a lease, and finds an empty registry before it hears of it again.
        at(3_000, () => {
          const { machine } = witness.all()[0] ?? assert.fail();
          network.block(machine, "m1");
          network.block("m1", machine);
        });
        at(25_000, () => registry.wipe());
        at(27_000, () => network.heal());
      },
    });
    assert.deepEqual([...played.doubled, ...played.broken], []);
    assert.equal(played.instances[0]?.state, "succeeded");
  });

  test("a worker that is asked to end hands its attempts over as one that is killed does", async () => {
    const played = await play({
      flow: one,
      leaseMs,
      tasksMs: 60_000,
      forMs: 200_000,
      story: ({ cluster, witness }, at) => {
        at(2_000, () => cluster.stop(seat(cluster, witness.all()[0]?.machine ?? ""), 5_000));
      },
    });
    holds(played);
    assert.deepEqual(played.states, { "1.0#1": "lost", "1.0#2": "succeeded" });
  });
});

function ownerOf(database: { prepare(sql: string): { all(bindings: readonly number[]): unknown[] } }, id: number) {
  const [row] = database.prepare("select owner from workflow_instance where id = ?").all([id]) as readonly {
    readonly owner: string | null;
  }[]; // the column asked for
  return row?.owner ?? assert.fail(`nobody owns ${id}`);
}
