// Interleavings that went wrong once, or would if a fence were missing: scripts, so that each is met in every run of the tests.

import type { Script } from "./play.ts";
import type { Scene } from "./scene.ts";

export interface Interleaving {
  /** What holds. */
  readonly name: string;
  readonly script: Script;
}

const task = (name: string, lines = ""): string =>
  `task ${name}: shell {\n${lines}  \`\`\`bash\n  true\n  \`\`\`\n}\n\n`;
const oneTask = `workflow sim/one {\n}\n\n${task("a")}`;
const twoTasksApart = `${oneTask}${task("b", "  after = a\n  delay = 8s\n")}`;

const ownerOf = ({ database }: Scene): string => {
  const [row] = database.own.prepare("select owner from workflow_instance where id = 1").all([]) as readonly {
    readonly owner: string | null;
  }[]; // the column asked for
  return row?.owner?.split("#")[0] ?? "";
};
const otherThan = (master: string): string => (master === "m1" ? "m2" : "m1");

export const interleavings = {
  sessionGivenUpEarly: {
    name: "a worker whose session is given up before its lease is over keeps its attempt while it is heard",
    script: {
      flow: oneTask,
      leaseMs: 3_000,
      tasksMs: 20_000,
      forMs: 60_000,
      story: ({ registry, witness }, at) => {
        // Long enough after the last thing that the worker had to say.
        at(10_000, () => registry.expire(witness.all()[0]?.machine ?? ""));
      },
    },
  },
  nothingNewAfterAnOutage: {
    name: "a worker that took nothing while the registry was away is given work when it is back, though it says nothing new",
    script: {
      flow: twoTasksApart,
      registry: "database",
      workers: 1,
      leaseMs: 3_000,
      tasksMs: 5_000,
      forMs: 60_000,
      story: ({ registry }, at) => {
        at(8_000, () => registry.setAway(true));
        at(30_000, () => registry.setAway(false));
      },
    },
  },
  dispatchesOfLongAgo: {
    name: "workers that wake after more than a lease start nothing of what they find in their sockets beside what runs by then",
    script: {
      flow: oneTask,
      masters: 1,
      workers: 3,
      leaseMs: 3_000,
      tasksMs: 10_000,
      forMs: 60_000,
      story: ({ cluster }, at) => {
        const workers = cluster.seats.filter(({ kind }) => kind === "worker");
        for (const seat of workers) cluster.freeze(seat);
        workers.toReversed().forEach((seat, index) => {
          at(6_000 + index * 2_000, () => cluster.goOn(seat));
        });
      },
    },
  },
  dispatchAfterTakeover: {
    name: "a dispatch that comes when another master has settled and gone on starts nothing",
    script: {
      flow: oneTask,
      masters: 2,
      workers: 1,
      leaseMs: 3_000,
      tasksMs: 10_000,
      forMs: 60_000,
      story: (stage, at) => {
        const { network, registry } = stage;
        let owner = "";
        for (const master of ["m1", "m2"]) network.block(master, "w1");
        at(1_500, () => {
          owner = ownerOf(stage);
          network.unblock(otherThan(owner), "w1");
          registry.block(owner);
          registry.expire(owner);
        });
        at(4_000, () => {
          network.unblock(owner, "w1");
          registry.heal();
        });
      },
    },
  },
  confirmedByAFormerOwner: {
    name: "an owner that is cut off from the database keeps no attempt of a worker alive that is cut off from the registry",
    script: {
      flow: oneTask,
      masters: 2,
      workers: 2,
      leaseMs: 3_000,
      tasksMs: 30_000,
      forMs: 120_000,
      story: (stage, at) => {
        const { network, registry, database, witness } = stage;
        at(3_000, () => {
          const owner = ownerOf(stage);
          const worker = witness.all()[0]?.machine ?? "";
          database.block(owner);
          registry.block(owner);
          registry.block(worker);
          network.block(worker, otherThan(owner));
          network.block(otherThan(owner), worker);
        });
        at(25_000, () => {
          network.heal();
          registry.heal();
          database.heal();
        });
      },
    },
  },
  masterDiesBeforeTheNextOfAQueue: {
    name: "the next of a serial queue starts, though the master dies that was to start it",
    script: {
      flow: oneTask.replace("{\n}", "{\n  concurrency = serial_wait\n}"),
      masters: 1,
      workers: 1,
      leaseMs: 3_000,
      tasksMs: 5_000,
      forMs: 60_000,
      story: ({ database, cluster, world, user }, at, flow) => {
        const [master] = cluster.seats;
        const killAtEnd = (): void => {
          const ended = database.own.prepare("select id from workflow_instance where state = 'succeeded'").all([]);
          // The commit has been carried out, and its answer is on its way.
          if (ended.length > 0 && master) cluster.kill(master, 1_000);
          else world.after(0.05, killAtEnd);
        };
        user.start(flow);
        at(2_000, killAtEnd);
      },
    },
  },
} as const satisfies { readonly [name: string]: Interleaving };

export type InterleavingName = keyof typeof interleavings;
