// Faults of our own, planted in the source while it is loaded: what the simulator must find, or its checks check nothing.
// Each takes one of the scheduler's fences away.

import { registerHooks } from "node:module";
import type { InterleavingName } from "./interleavings.ts";

export interface Plant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The script that shows it; absent: random runs do. */
  readonly shownBy?: InterleavingName;
}

interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const ofOne = (name: string, file: string, find: string, put: string): Plant => ({
  name,
  edits: [{ file, find, put }],
});

export const plants: readonly Plant[] = [
  ofOne(
    "the epoch of a write is not checked",
    "scheduler/store/transitions.ts",
    "epochs.get(transition.instance) === transition.epoch",
    "transition.epoch > 0 || epochs.size > 0",
  ),
  ofOne(
    "taking an instance does not raise its epoch",
    "scheduler/store/ownership.ts",
    'update({ owner, owner_epoch: transaction.raw("owner_epoch + 1") })',
    "update({ owner })",
  ),
  ofOne(
    "an assignment is sent before it is saved",
    "scheduler/master/actor.ts",
    "isKept = transition === undefined ||",
    "for (const { task, duties } of instance.takeDuties()) perform(task, duties);\n      isKept = transition === undefined ||",
  ),
  ofOne(
    "an end is acknowledged before it is committed",
    "scheduler/master/reports.ts",
    'if (!isTaken) resolve("not_mine");',
    'resolve(isTaken ? "kept" : "not_mine");',
  ),
  ofOne(
    "a commit without an answer is taken for done",
    "scheduler/store/batch-writer.ts",
    "if (isPassing(error)) await clock.sleep(retryAfterMs, closing.signal);\n        else return",
    "if (isPassing(error)) return batch.forEach((entry) => entry.resolve(true));\n        return",
  ),
  ofOne(
    "what is owned without an actor is not looked for",
    "scheduler/master/inbox.ts",
    "if (orphans.length > 0) await adopt",
    "if (orphans.length < 0) await adopt",
  ),
  ofOne(
    "what a dead master owned is freed by the event alone",
    "scheduler/master/term.ts",
    'if (mayJudge()) await background(sweepOwners(failover), "failover");',
    "",
  ),
  ofOne(
    "a parent is told of its child's end, and does not look",
    "scheduler/master/logic/logic-tasks.ts",
    "if (isCurrent()) again(isAskedAgain ? 0 : waitMs);",
    "if (isCurrent() && isAskedAgain) again(0);",
  ),
  ofOne(
    "a new owner does not ask how attempts stand",
    "scheduler/master/actor.ts",
    "links.settle(refOf(id, duty.attempt), duty.worker);",
    "",
  ),
  ofOne(
    "no answer is taken for a no",
    "scheduler/master/worker-links.ts",
    'log.debug({ worker, error }, "a worker did not answer, asking again");',
    'for (const { ref } of owedTo(worker)) deps.onEvent(ref.taskInstance, { kind: "returned", attempt: ref.attempt });',
  ),
  ofOne(
    "a report of another attempt counts",
    "scheduler/model/life/task.ts",
    "return event.attempt === life.attempt ? ended(life, event, rules) : life;",
    "return ended(life, event, rules);",
  ),
  ofOne(
    "a worker whose lease is over goes on",
    "scheduler/worker/leases.ts",
    "if (nowMs >= untilMs(attempt)) fence(attempt);",
    "",
  ),
  ofOne(
    "a worker is given up as soon as the registry does",
    "scheduler/master/worker-links.ts",
    "const leaseAndKillMs = registry.leaseMs + killTimeMs;",
    "const leaseAndKillMs = 0;",
  ),
  ofOne(
    "a result is forgotten when it is sent",
    "scheduler/worker/reporter.ts",
    "for (const one of batch) one.isUnderWay = false;",
    "for (const one of batch) pending.delete(attemptKey(one.ref));",
  ),
  ofOne(
    "a run of a serial workflow starts beside another",
    "scheduler/store/serial-queue.ts",
    "if (before.length === 0) {\n      // Until",
    "if (before.length >= 0) {\n      // Until",
  ),
  ofOne(
    "a task group gives slots away that are taken",
    "scheduler/store/task-groups.ts",
    'const free = Number(pool.size) - Number(taken?.["count"] ?? 0);',
    "const free = Number(pool.size);",
  ),
  ofOne(
    "a backfill does not count what runs",
    "scheduler/model/life/backfill.ts",
    "Math.max(0, backfill.lanes - running)",
    "backfill.lanes",
  ),
  ofOne(
    "schedules fire by the host's clock",
    "scheduler/master/term.ts",
    "const nowMs = database.nowMs();\n    const decide",
    "const nowMs = clock.wallMs();\n    const decide",
  ),
  {
    // Either of the two is enough: a worker refuses lower epochs, and remembers what it was asked about and did not know.
    name: "a dispatch that comes after a takeover is obeyed",
    edits: [
      {
        file: "scheduler/worker/ownership.ts",
        find: "if (known !== undefined && known.epoch > epoch) return false;",
        put: "",
      },
      {
        file: "scheduler/worker/attempts.ts",
        find: 'remember(key, { kind: "refused" });\n        return { kind: "unknown" };',
        put: 'return { kind: "unknown" };',
      },
    ],
    shownBy: "dispatchAfterTakeover",
  },
  {
    name: "an owner confirms without a proof of its own",
    edits: [
      {
        file: "scheduler/master/reports.ts",
        find: "return agoMs === undefined || agoMs > deps.leaseMs / 3 ? null : agoMs;",
        put: "return agoMs === undefined ? null : 0;",
      },
    ],
    shownBy: "confirmedByAFormerOwner",
  },
  {
    name: "the next of a serial queue starts by the event alone",
    edits: [
      {
        file: "scheduler/master/term.ts",
        find: "for (const id of await queuedWorkflows(database)) {",
        put: "for (const id of [] as string[]) {",
      },
    ],
    shownBy: "masterDiesBeforeTheNextOfAQueue",
  },
];

/** From now on, in this thread, those files are loaded with the fault in them. Throws on loading where a place is not found. */
export function plantFault(plant: Plant): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const edits = plant.edits.filter(({ file }) => url.endsWith(file));
      if (edits.length === 0) return loaded;
      let source = String(loaded.source);
      for (const { file, find, put } of edits) {
        if (!source.includes(find)) throw new Error(`${file} does not hold \`${find}\` any more`);
        source = source.replace(find, () => put);
      }
      return { ...loaded, source };
    },
  });
}
